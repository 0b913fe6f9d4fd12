// The cluster as a source, followed by a test: what it told, and what it would have the store hold.

import type { WatchScope } from "../../operator/config.ts";
import { systemClock } from "../../operator/clock.ts";
import { createReferences } from "../../operator/kubernetes/references.ts";
import { watchCluster } from "../../operator/kubernetes/source.ts";
import type { Change } from "../../store/db.ts";
import { keyOf } from "../../store/key.ts";
import { createKubernetesClient } from "../../operator/kubernetes/client.ts";
import type { ReflectorState, ReflectorTiming } from "../../operator/kubernetes/reflector.ts";

const quick: ReflectorTiming = {
  silence: 60_000,
  watch: 300_000,
  absent: 300,
  firstRetry: 50,
  longestRetry: 500,
};

export interface Followed {
  /** "kind namespace/name" to resourceVersion. */
  readonly has: Map<string, string>;
  /** The same to the apiVersion in which it was told of last. */
  readonly versions: Map<string, string>;
  /** "+" and "-" with these, in order. */
  readonly told: string[];
  readonly logs: string[];
  readonly states: Map<string, ReflectorState>;
  readonly synced: () => boolean;
  /** Keys of Secrets that are referenced. */
  readonly asked: Set<string>;
  readonly complete: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface FollowOptions {
  readonly timing?: Partial<ReflectorTiming>;
  readonly scope?: WatchScope;
}

export function followCluster(kubeconfig: string, { timing, scope = {} }: FollowOptions = {}): Followed {
  const client = createKubernetesClient({ kubeconfig });
  const ending = new AbortController();
  const has = new Map<string, string>();
  const versions = new Map<string, string>();
  const told: string[] = [];
  const logs: string[] = [];
  const states = new Map<string, ReflectorState>();
  const asked = new Set<string>();
  let synced = false;
  const log = (message: string): void => void logs.push(message);
  const take = (change: Change): void => {
    const name = `${change.kind} ${change.type === "deleted" ? change.key : keyOf(change.object)}`;
    told.push(`${change.type === "deleted" ? "-" : "+"} ${name}`);
    if (change.type === "deleted") {
      has.delete(name);
      versions.delete(name);
      return;
    }
    const { apiVersion = "", metadata } = change.object as { apiVersion?: string; metadata: { resourceVersion?: string } };
    has.set(name, metadata.resourceVersion ?? "");
    versions.set(name, apiVersion);
  };
  const references = createReferences({ client, clock: systemClock, push: take, log, signal: ending.signal });
  const store = { asked: (kind: string) => (kind === "Secret" ? [...asked] : []) as never };
  const running = (async () => {
    const options = { client, scope, references, clock: systemClock, timing: { ...quick, ...timing }, log, states };
    for await (const event of watchCluster(options, ending.signal)) {
      if (event.type === "synced") synced = true;
      else take(event);
    }
  })();
  const stop = async (): Promise<void> => {
    ending.abort();
    await running;
    client.close();
  };
  const complete = async (): Promise<void> => (await references.complete(store)).forEach(take);
  return { has, versions, told, logs, states, synced: () => synced, asked, complete, stop };
}
