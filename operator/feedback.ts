// What proxies say back, on its way into the store: which Envoys are ready, and what they refuse. A refusal falls on the objects behind the
// resource (blame.ts) and stays until a later version is accepted or the resource is gone.

import { proxy as modelOf } from "../reconcilers/proxy.ts";
import type { Change } from "../store/db.ts";
import type { Store } from "../store/store.ts";
import { lookup, noResourceSet } from "../xds/diff.ts";
import type { Snapshot } from "../xds/resource.ts";
import type { Acknowledgement, RefusedResponse, XdsServer } from "../xds/server.ts";
import type { Refusal } from "../xds/snapshot.ts";
import { typeUrls } from "../xds/type-urls.ts";
import { blame } from "./blame.ts";
import type { Clock } from "./clock.ts";
import { createProxyStates, type ProxyStates } from "./proxy-states.ts";
import { createRefusalKeeper, type RefusedResource } from "./refusals.ts";

export interface Feedback {
  readonly states: ProxyStates;
  acknowledged(acknowledgement: Acknowledgement, snapshots: ReadonlyMap<string, Snapshot>): void;
  refused(store: Store, refused: RefusedResponse): void;
  /** A proxy was translated: this is held back, and what is not in the snapshot is refused no more. */
  translated(snapshot: Snapshot, heldBack: readonly Refusal[]): void;
  withdrawn(proxy: string): void;
  stop(): void;
}

export interface FeedbackOptions {
  readonly push: (change: Change) => void;
  readonly retry: XdsServer["retry"];
  readonly clock: Clock;
}

const retryMs = 2_000;
/** What another process or a moment may have caused; all else is refused for what it is, and would be refused again. */
const passing = /cannot bind|address already in use/i;

export function createFeedback({ push, retry, clock }: FeedbackOptions): Feedback {
  const states = createProxyStates(push);
  const refusals = createRefusalKeeper(push);
  /** Refusals that were sent once more and not refused again. */
  const retried = new WeakSet<RefusedResource>();
  const timers = new Set<() => void>();

  const retryLater = (refusal: RefusedResource): void => {
    const cancel = clock.after(retryMs, () => {
      timers.delete(cancel);
      if (!refusals.of(refusal.proxy).includes(refusal)) return;
      retried.add(refusal);
      retry(refusal);
    });
    timers.add(cancel);
  };

  return {
    states,
    acknowledged(acknowledgement, snapshots) {
      const { proxy, typeUrl, snapshotVersion } = acknowledgement;
      if (typeUrl === typeUrls.listener) states.ready(acknowledgement);
      const snapshot = snapshots.get(proxy);
      if (snapshot?.version !== snapshotVersion) return;
      const over = (refusal: RefusedResource): boolean =>
        refusal.typeUrl === typeUrl && (retried.has(refusal) || versionIn(snapshot, refusal) !== refusal.version);
      refusals.settle(proxy, over);
    },
    refused(store, { proxy, typeUrl, resource, message }) {
      if (resource === undefined) return; // the bad one is not known yet
      const { name, version } = resource;
      const origins = blame(modelOf(store, proxy), { typeUrl, resource: name, message });
      const refusal: RefusedResource = { proxy, typeUrl, resource: name, version, origins, message };
      refusals.refused(refusal);
      if (passing.test(message)) retryLater(refusal);
    },
    translated(snapshot, heldBack) {
      refusals.held(snapshot.proxy, heldBack);
      refusals.settle(snapshot.proxy, (refusal) => versionIn(snapshot, refusal) === undefined);
    },
    withdrawn(proxy) {
      refusals.held(proxy, []);
      refusals.settle(proxy, () => true);
    },
    stop() {
      for (const cancel of timers) cancel();
    },
  };
}

function versionIn(snapshot: Snapshot, { typeUrl, resource }: RefusedResource): string | undefined {
  return lookup(snapshot.resources.get(typeUrl) ?? noResourceSet, resource)?.version;
}
