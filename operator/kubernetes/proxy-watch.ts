// Follows the objects of all proxies in the cluster: reports what each proxy is like (running-proxy.ts), and when somebody else has meddled
// with what we applied. Every replica of ours does; knows nothing of Gateways.

import { createHash } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { RunningProxy } from "../infrastructure.ts";
import {
  field,
  fieldManager,
  isWorkload,
  type LiveObject,
  ownedKinds,
  proxyOfObject,
  proxySelector,
  titleOf,
} from "./owned-object.ts";
import { type ApiResource, apiResource } from "./resources.ts";
import { runningProxy } from "./running-proxy.ts";

/** All there is of a kind, `synced` once, then every change. */
export type ObjectEvent =
  | { readonly type: "applied"; readonly object: LiveObject }
  | { readonly type: "deleted"; readonly object: Pick<LiveObject, "apiVersion" | "kind" | "metadata"> }
  | { readonly type: "synced" };

export interface ProxyWatchOptions {
  readonly watch: (resource: ApiResource, labelSelector: string | undefined, signal: AbortSignal) => AsyncIterable<ObjectEvent>;
  readonly clock: Clock;
  readonly onState: (proxy: string, state: RunningProxy) => void;
  /** No workload of it is left. */
  readonly onGone: (proxy: string) => void;
  /** An object of it was deleted, or fields that we apply are no longer as we applied them. */
  readonly onDisturbed: (proxy: string) => void;
}

export interface ProxyWatch {
  /** Resolves when everything that is there has been reported: a state is never told of before it is whole. */
  readonly synced: Promise<void>;
  close(): Promise<void>;
}

/** Whoever fights with us over a field gets an answer no more often than this. */
const calmMs = 1000;

const podKind = required("Pod");
const nodeKind = required("Node");

export function watchProxies({ watch, clock, onState, onGone, onDisturbed }: ProxyWatchOptions): ProxyWatch {
  const abort = new AbortController();
  const proxies = new Map<string, Map<string, Kept>>();
  const homes = new Map<string, string>();
  const nodes = new Map<string, Kept>();
  const told = new Map<string, string>();
  const disturbed = new Map<string, () => void>();
  const streams: Promise<void>[] = [];
  const first: Promise<void>[] = [];
  let live = false;
  let nodesKnown: Promise<void> | undefined;

  function tell(proxy: string): void {
    if (!live) return;
    const all = [...(proxies.get(proxy)?.values() ?? [])].toSorted(byTitle);
    const services = all.filter(({ kind }) => kind === "Service");
    const workloads = all.filter(isWorkload);
    const pods = all.filter(({ kind }) => kind === "Pod");
    if (services.some(isNodePort)) void watchNodes();
    const state =
      workloads.length === 0
        ? undefined
        : runningProxy({ workloads, services, pods, nodes: [...nodes.values()].toSorted(byTitle) });
    const text = state === undefined ? "" : JSON.stringify(state);
    if ((told.get(proxy) ?? "") === text) return;
    if (state === undefined) {
      told.delete(proxy);
      onGone(proxy);
    } else {
      told.set(proxy, text);
      onState(proxy, state);
    }
  }

  function disturb(proxy: string): void {
    if (!live || disturbed.has(proxy)) return;
    const cancel = clock.after(calmMs, () => (disturbed.delete(proxy), onDisturbed(proxy)));
    disturbed.set(proxy, cancel);
  }

  function leave(title: string): void {
    const proxy = homes.get(title);
    if (proxy === undefined) return;
    homes.delete(title);
    const left = proxies.get(proxy);
    const kind = left?.get(title)?.kind;
    left?.delete(title);
    if (left?.size === 0) proxies.delete(proxy);
    if (kind !== podKind.kind) disturb(proxy); // pods are their workload's
    tell(proxy);
  }

  function take(object: LiveObject): void {
    const title = titleOf(object);
    const proxy = proxyOfObject(object);
    if (homes.get(title) !== proxy) leave(title);
    if (proxy === undefined) return;
    const known = proxies.get(proxy) ?? new Map<string, Kept>();
    const before = known.get(title)?.ours;
    const kept = trimmed(object);
    if (before !== undefined && kept.ours !== before) disturb(proxy);
    proxies.set(proxy, known.set(title, kept));
    homes.set(title, proxy);
    tell(proxy);
  }

  async function follow(resource: ApiResource, selector: string | undefined, on: (event: ObjectEvent) => void): Promise<void> {
    for await (const event of watch(resource, selector, abort.signal)) on(event);
  }

  function begin(resource: ApiResource, selector: string | undefined, on: (event: ObjectEvent) => void): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    streams.push(follow(resource, selector, (event) => (event.type === "synced" ? resolve() : on(event))));
    return promise;
  }

  /** Only when there is need of them. Nodes change all the time, their addresses hardly ever. */
  function watchNodes(): Promise<void> {
    nodesKnown ??= begin(nodeKind, undefined, (event) => {
      if (event.type === "synced") return;
      const title = titleOf(event.object);
      const before = addressText(nodes.get(title));
      if (event.type === "applied") nodes.set(title, trimmed(event.object));
      else nodes.delete(title);
      if (addressText(nodes.get(title)) !== before) for (const proxy of proxies.keys()) tell(proxy);
    });
    return nodesKnown;
  }

  for (const resource of [...ownedKinds, podKind])
    first.push(
      begin(resource, proxySelector, (event) => {
        if (event.type === "applied") take(event.object);
        else if (event.type === "deleted") leave(titleOf(event.object));
      }),
    );

  return {
    synced: Promise.all(first).then(async () => {
      if (proxies.values().some((kept) => kept.values().some(isNodePort))) await watchNodes();
      live = true;
      for (const proxy of proxies.keys()) tell(proxy);
    }),
    async close() {
      abort.abort();
      for (const cancel of disturbed.values()) cancel();
      await Promise.all(streams);
    },
  };
}

/** What is remembered of an object. */
type Kept = LiveObject & {
  /** A mark of the fields that are ours; undefined: none is. */
  readonly ours?: string;
};

function trimmed(object: LiveObject): Kept {
  const { apiVersion, kind, metadata, status } = object;
  const { name, namespace, deletionTimestamp, managedFields = [] } = metadata;
  const spec =
    kind === "Service" ? object["spec"] : isWorkload(object) ? { replicas: field(object, "spec", "replicas") } : undefined;
  const fields = managedFields.find(({ manager, operation }) => manager === fieldManager && operation === "Apply")?.fieldsV1;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
    ...(spec === undefined ? {} : { spec }),
    ...(status === undefined ? {} : { status: kind === "Node" ? { addresses: field(status, "addresses") } : status }),
    ...(fields === undefined ? {} : { ours: createHash("sha256").update(JSON.stringify(fields)).digest("base64") }),
  };
}

function isNodePort(object: LiveObject): boolean {
  return object.kind === "Service" && field(object, "spec", "type") === "NodePort";
}

function addressText(node: LiveObject | undefined): string {
  return JSON.stringify(field(node, "status", "addresses") ?? []);
}

function byTitle(a: LiveObject, b: LiveObject): number {
  const [one, other] = [titleOf(a), titleOf(b)];
  return one < other ? -1 : one > other ? 1 : 0;
}

function required(kind: string): ApiResource {
  const resource = apiResource("v1", kind);
  if (resource === undefined) throw new Error(`${kind} is no kind we know`);
  return resource;
}
