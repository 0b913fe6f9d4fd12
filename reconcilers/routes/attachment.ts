// Where an HTTPRoute attaches: which listeners each parentRef reaches, which hosts it serves there, and why not. Depends on the route's
// parents and hostnames, never on its rules, so that an edited rule moves nothing between tables. Knows nothing of virtual hosts.

import type { HTTPRoute } from "../../api/gateway/httproute.ts";
import type { Db, DerivedIndex } from "../../store/db.ts";
import { namespaceOf, objectKey } from "../../store/key.ts";
import type { ObjectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import { shardOf } from "../../xds/model/shards.ts";
import { listenerSet, type ListenerOwner, ownerReference, parentOf } from "../gateway/listener-owners.ts";
import type { ListenerState } from "../gateway/listener-state.ts";
import { listenersOf, readyListeners } from "../gateway/listeners.ts";
import { proxyOf } from "../gateway/proxies.ts";
import { intersections, mostSpecific } from "../hostnames.ts";
import { selectorMatches } from "../labels.ts";
import { namespaceLabels } from "../namespaces.ts";

type ParentRef = NonNullable<HTTPRoute["spec"]["parentRefs"]>[number];

/** One parentRef that names a Gateway of ours, or a ListenerSet that has joined one. */
export interface ParentAttachment {
  readonly parent: ListenerOwner;
  readonly proxy: string;
  /** Listeners that allow this route; empty when `rejection` says why. */
  readonly listeners: readonly ListenerAttachment[];
  readonly rejection?: "NoMatchingParent" | "NotAllowedByListeners" | "NoReadyListeners" | "NoMatchingListenerHostname";
}

interface ListenerAttachment {
  readonly listener: string;
  /** The table that serves `hosts`; undefined while the listener is not ready. */
  readonly table?: string;
  /** What this route answers there, after listener isolation: exact hosts, "*.suffix" or "*". Sorted. */
  readonly hosts: readonly string[];
}

/** One entry per parentRef in spec order; undefined for parents that are not ours to speak about. */
export const attachments = memo("attachments", (db: Db, key: ObjectKey): readonly (ParentAttachment | undefined)[] => {
  const route = db.get("HTTPRoute", key);
  return (route?.spec.parentRefs ?? []).map((ref) => attach(db, { key, hostnames: route?.spec.hostnames ?? [] }, ref));
});

/** The hosts a route serves in one table, over all its parents. Sorted. */
export function hostsIn(db: Db, key: ObjectKey, at: { readonly proxy: string; readonly table: string }): readonly string[] {
  const hosts = new Set<string>();
  for (const parent of attachments(db, key)) {
    if (parent?.proxy !== at.proxy) continue;
    for (const listener of parent.listeners) if (listener.table === at.table) listener.hosts.forEach((host) => hosts.add(host));
  }
  return [...hosts].toSorted();
}

/** Routes by what they are attached to. Its values are made by the three functions that follow. */
export const routesByAttachment: DerivedIndex<"HTTPRoute"> = {
  kind: "HTTPRoute",
  name: "routesByAttachment",
  derived: true,
  values: (db, key) => {
    const values = new Set<string>();
    for (const parent of attachments(db, key)) {
      for (const { listener, table, hosts } of parent?.listeners ?? []) {
        if (parent === undefined) continue;
        values.add(atListener(parent.parent, listener));
        if (table === undefined) continue;
        for (const host of hosts) {
          values.add(atHost(parent.proxy, table, host));
          values.add(atShard(parent.proxy, table, shardOf(host)));
        }
      }
    }
    return [...values];
  },
};

/** Index value: routes that a listener allows, whether or not they serve a host there. */
function atListener(owner: ListenerOwner, listener: string): string {
  return `listener|${owner}|${listener}`;
}
/** Index value: routes that serve this host in this table. */
export function atHost(proxy: string, table: string, host: string): string {
  return `host|${proxy}|${table}|${host}`;
}
/** Index value: routes that serve a host of this shard of the table. */
export function atShard(proxy: string, table: string, shard: number): string {
  return `shard|${proxy}|${table}|${shard}`;
}

/** Gateway API, ListenerStatus.attachedRoutes: routes that name the listener and that it allows, whatever else is wrong with either. */
export function attachedRoutes(db: Db, owner: ListenerOwner, listener: string): number {
  return db.lookup(routesByAttachment, atListener(owner, listener)).length;
}

interface AttachingRoute {
  readonly key: ObjectKey;
  readonly hostnames: readonly string[];
}

/** The Gateway that a parentRef names; undefined when it names something else. */
export function parentGateway(route: ObjectKey, ref: ParentRef): ObjectKey | undefined {
  if (ref.group !== "gateway.networking.k8s.io" || ref.kind !== "Gateway") return undefined;
  return objectKey(ref.namespace ?? namespaceOf(route), ref.name);
}

/** The Gateway or ListenerSet that a parentRef names. */
function parentOwner(route: ObjectKey, ref: ParentRef): ListenerOwner | undefined {
  if (ref.group === "gateway.networking.x-k8s.io" && ref.kind === "XListenerSet")
    return listenerSet(objectKey(ref.namespace ?? namespaceOf(route), ref.name));
  return parentGateway(route, ref);
}

/** The proxy that would serve the parent; for a ListenerSet also when it may not join, so that its routes are told. */
function proxyOfParent(db: Db, parent: ListenerOwner): string | undefined {
  const { kind, namespace, name } = ownerReference(parent);
  const key = objectKey(namespace, name);
  const gateway = kind === "Gateway" ? key : parentOf(db, key);
  return gateway === undefined ? undefined : proxyOf(db, gateway);
}

function attach(db: Db, route: AttachingRoute, ref: ParentRef): ParentAttachment | undefined {
  const parent = parentOwner(route.key, ref);
  const proxy = parent === undefined ? undefined : proxyOfParent(db, parent);
  if (parent === undefined || proxy === undefined) return undefined;
  const named = listenersOf(db, parent).filter(
    ({ name, port }) => (ref.sectionName ?? name) === name && (ref.port ?? port) === port,
  );
  if (named.length === 0) return { parent, proxy, listeners: [], rejection: "NoMatchingParent" };
  const allowed = named.filter((listener) => allows(db, listener, route.key));
  if (allowed.length === 0) return { parent, proxy, listeners: [], rejection: "NotAllowedByListeners" };
  const listeners = allowed.map((listener): ListenerAttachment => {
    const table = listener.ready ? listener.routeTable : undefined;
    const hosts = isolated(db, listener, intersections(listener.hostname, route.hostnames));
    return { listener: listener.name, ...(table === undefined ? {} : { table }), hosts };
  });
  if (!listeners.some(({ table }) => table !== undefined)) return { parent, proxy, listeners, rejection: "NoReadyListeners" };
  const intersecting = allowed.some(({ ready, hostname }) => ready && intersections(hostname, route.hostnames).length > 0);
  return { parent, proxy, listeners, ...(intersecting ? {} : { rejection: "NoMatchingListenerHostname" as const }) };
}

function allows(db: Db, listener: ListenerState, route: ObjectKey): boolean {
  const { kinds, namespaces } = listener;
  if (!kinds.some(({ group, kind }) => group === "gateway.networking.k8s.io" && kind === "HTTPRoute")) return false;
  const namespace = namespaceOf(route);
  switch (namespaces.from) {
    case "All":
      return true;
    case "Same":
      return namespace === ownerReference(listener.owner).namespace;
    case "None":
      return false;
    case "Selector":
      return selectorMatches(namespaces.selector, namespaceLabels(db, namespace));
  }
}

/**
 * Gateway API, Listener.hostname: a request belongs to the most specific listener of its port that matches its host, and only to that
 * one. So hosts that another listener owns are taken away, whether or not that one has routes.
 */
function isolated(db: Db, listener: ListenerState, hosts: readonly string[]): readonly string[] {
  const rivals = rivalsOn(db, listener.proxy, String(listener.port));
  if (rivals.length < 2) return hosts;
  return hosts.filter((host) => mostSpecific(rivals, host)?.hostname === listener.hostname);
}

/** The distinct hostnames of the ready listeners of one port of a proxy: those among which a request's host decides. */
export const rivalsOn = memo("rivalsOn", (db: Db, proxy: string, port: string): readonly { readonly hostname?: string }[] => {
  const ready = readyListeners(db, proxy).filter((each) => each.routeTable !== undefined && String(each.port) === port);
  const hostnames = new Set(ready.map(({ hostname }) => hostname));
  return [...hostnames].map((hostname) => (hostname === undefined ? {} : { hostname }));
});
