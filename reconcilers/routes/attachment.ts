// Where a route attaches: which listeners each parentRef reaches, which hosts it serves there, and why not. Depends on the route's
// parents and hostnames, never on its rules, so that an edited rule moves nothing between tables. Knows nothing of virtual hosts.

import type { ParentReference } from "../../api/gateway/parentref.ts";
import type { Db, DerivedIndex } from "../../store/db.ts";
import { namespaceOf, objectKey } from "../../store/key.ts";
import type { ObjectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import { shardOf } from "../../xds/model/shards.ts";
import { type ListenerOwner, ownerOf, ownerReference } from "../gateway/listener-owner.ts";
import { gatewayAbove } from "../gateway/listener-owners.ts";
import { type ListenerState, placeOf } from "../gateway/listener-state.ts";
import { listenersOf, readyListeners } from "../gateway/listeners.ts";
import { proxyOf } from "../gateway/proxies.ts";
import { intersections, isServerName, mostSpecific } from "../hostnames.ts";
import { selectorMatches } from "../labels.ts";
import { namespaceLabels } from "../namespaces.ts";

/** Kinds of routes that attach to listeners. */
export type RouteKind = RequestKind | L4Kind;
/** Those that look at requests. */
export type RequestKind = "HTTPRoute" | "GRPCRoute";
/** Those that look at no request: they route connections, or datagrams. */
export type L4Kind = "TLSRoute" | "TCPRoute" | "UDPRoute";

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
  /** What serves `hosts`: a route table, or the listener itself where it has none (placeOf); undefined while it is not ready. */
  readonly table?: string;
  /** What this route answers there, after listener isolation: exact hosts, "*.suffix" or "*". Sorted. */
  readonly hosts: readonly string[];
}

/** One entry per parentRef in spec order; undefined for parents that are not ours to speak about. */
export const attachments = memo(
  "attachments",
  (db: Db, kind: RouteKind, key: ObjectKey): readonly (ParentAttachment | undefined)[] => {
    const spec = db.get(kind, key)?.spec;
    const hostnames = spec !== undefined && "hostnames" in spec ? (spec.hostnames ?? []) : [];
    return (spec?.parentRefs ?? []).map((ref) => attach(db, { kind, key, hostnames }, ref));
  },
);

/** The hosts a route serves in one table, over all its parents. Sorted. */
export function hostsIn(
  db: Db,
  { kind, key }: RequestRouteId,
  at: { readonly proxy: string; readonly table: string },
): readonly string[] {
  const hosts = new Set<string>();
  for (const parent of attachments(db, kind, key)) {
    if (parent?.proxy !== at.proxy) continue;
    for (const listener of parent.listeners) if (listener.table === at.table) listener.hosts.forEach((host) => hosts.add(host));
  }
  return [...hosts].toSorted();
}

/** A listener by its owner and name. */
export interface ServingListener {
  readonly owner: ListenerOwner;
  readonly listener: string;
}

/** The listener whose host this is: after listener isolation there is one. */
export function placeServing(
  db: Db,
  { kind, key }: RequestRouteId,
  at: { readonly proxy: string; readonly table: string; readonly host: string },
): ServingListener | undefined {
  for (const parent of attachments(db, kind, key)) {
    if (parent?.proxy !== at.proxy) continue;
    const found = parent.listeners.find(({ table, hosts }) => table === at.table && hosts.includes(at.host));
    if (found !== undefined) return { owner: parent.parent, listener: found.listener };
  }
  return undefined;
}

/** The listeners whose hosts a route serves in one table. */
export function placesIn(
  db: Db,
  { kind, key }: RequestRouteId,
  at: { readonly proxy: string; readonly table: string },
): readonly ServingListener[] {
  return attachments(db, kind, key).flatMap((parent) => {
    if (parent?.proxy !== at.proxy) return [];
    const here = parent.listeners.filter(({ table, hosts }) => table === at.table && hosts.length > 0);
    return here.map(({ listener }) => ({ owner: parent.parent, listener }));
  });
}

/** Routes by what they are attached to. Its values are made by the three functions that follow. */
function byAttachment<K extends RouteKind>(kind: K): DerivedIndex<K> {
  return { kind, name: "routesByAttachment", derived: true, values: (db, key) => attachmentValues(db, kind, key) };
}

const httpRoutes = byAttachment("HTTPRoute");
const grpcRoutes = byAttachment("GRPCRoute");
const tlsRoutes = byAttachment("TLSRoute");
const tcpRoutes = byAttachment("TCPRoute");
const udpRoutes = byAttachment("UDPRoute");

function attachmentValues(db: Db, kind: RouteKind, key: ObjectKey): readonly string[] {
  const values = new Set<string>();
  for (const parent of attachments(db, kind, key)) {
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
}

/** Index value: routes that a listener allows, whether or not they serve a host there. */
export function atListener(owner: ListenerOwner, listener: string): string {
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
  const value = atListener(owner, listener);
  return requestRoutesAt(db, value).length + l4RoutesAt(db, value).length;
}

/** A route by kind and key: two kinds may have equal names. */
export interface RequestRouteId {
  readonly kind: RequestKind;
  readonly key: ObjectKey;
}

/** HTTPRoutes and GRPCRoutes under one value of the index. */
export function requestRoutesAt(db: Db, value: string): readonly RequestRouteId[] {
  const http = db.lookup(httpRoutes, value).map((key): RequestRouteId => ({ kind: "HTTPRoute", key }));
  const grpc = db.lookup(grpcRoutes, value).map((key): RequestRouteId => ({ kind: "GRPCRoute", key }));
  return grpc.length === 0 ? http : [...http, ...grpc];
}

export interface L4RouteId {
  readonly kind: L4Kind;
  readonly key: ObjectKey;
}

/** TLSRoutes, TCPRoutes and UDPRoutes under one value of the index. */
export function l4RoutesAt(db: Db, value: string): readonly L4RouteId[] {
  const named = (kind: L4Kind, keys: readonly ObjectKey[]): readonly L4RouteId[] => keys.map((key) => ({ kind, key }));
  return [
    ...named("TLSRoute", db.lookup(tlsRoutes, value)),
    ...named("TCPRoute", db.lookup(tcpRoutes, value)),
    ...named("UDPRoute", db.lookup(udpRoutes, value)),
  ];
}

interface AttachingRoute {
  readonly kind: RouteKind;
  readonly key: ObjectKey;
  readonly hostnames: readonly string[];
}

/** The Gateway that a parentRef names; undefined when it names something else. */
export function parentGateway(route: ObjectKey, ref: ParentReference): ObjectKey | undefined {
  if (ref.group !== "gateway.networking.k8s.io" || ref.kind !== "Gateway") return undefined;
  return objectKey(ref.namespace ?? namespaceOf(route), ref.name);
}

/** The Gateway or ListenerSet that a parentRef names. */
function parentOwner(route: ObjectKey, ref: ParentReference): ListenerOwner | undefined {
  return ownerOf(ref, objectKey(ref.namespace ?? namespaceOf(route), ref.name));
}

/** The proxy that would serve the parent; for a ListenerSet also when it may not join, so that its routes are told. */
function proxyOfParent(db: Db, parent: ListenerOwner): string | undefined {
  const gateway = gatewayAbove(db, parent);
  return gateway === undefined ? undefined : proxyOf(db, gateway);
}

function attach(db: Db, route: AttachingRoute, ref: ParentReference): ParentAttachment | undefined {
  const parent = parentOwner(route.key, ref);
  const proxy = parent === undefined ? undefined : proxyOfParent(db, parent);
  if (parent === undefined || proxy === undefined) return undefined;
  const named = listenersOf(db, parent).filter(
    ({ name, port }) => (ref.sectionName ?? name) === name && (ref.port ?? port) === port,
  );
  if (named.length === 0) return { parent, proxy, listeners: [], rejection: "NoMatchingParent" };
  const allowed = named.filter((listener) => allows(db, listener, route));
  if (allowed.length === 0) return { parent, proxy, listeners: [], rejection: "NotAllowedByListeners" };
  const listeners = allowed.map((listener): ListenerAttachment => {
    const table = listener.ready ? placeOf(listener) : undefined;
    const hosts = isolated(db, listener, namesAt(listener, route));
    return { listener: listener.name, ...(table === undefined ? {} : { table }), hosts };
  });
  if (!listeners.some(({ table }) => table !== undefined)) return { parent, proxy, listeners, rejection: "NoReadyListeners" };
  const intersecting = allowed.some((listener) => listener.ready && namesAt(listener, route).length > 0);
  return { parent, proxy, listeners, ...(intersecting ? {} : { rejection: "NoMatchingListenerHostname" as const }) };
}

/** Names that route and listener share; an IP address is none where TLS tells connections apart. */
function namesAt({ hostname }: ListenerState, { kind, hostnames }: AttachingRoute): readonly string[] {
  const shared = intersections(hostname, hostnames);
  return kind === "TLSRoute" ? shared.filter((name) => name === "*" || isServerName(name)) : shared;
}

function allows(db: Db, { kinds, namespaces, owner }: ListenerState, route: AttachingRoute): boolean {
  if (!kinds.some(({ group, kind }) => group === "gateway.networking.k8s.io" && kind === route.kind)) return false;
  const namespace = namespaceOf(route.key);
  switch (namespaces.from) {
    case "All":
      return true;
    case "Same":
      return namespace === ownerReference(owner).namespace;
    case "None":
      return false;
    case "Selector":
      return selectorMatches(namespaces.selector, namespaceLabels(db, namespace));
  }
}

/**
 * Gateway API, Listener.hostname: a request (or a TLS connection) belongs to the most specific listener of its port that matches its host,
 * and only to that one. So hosts that another listener owns are taken away, whether or not that one has routes.
 */
function isolated(db: Db, listener: ListenerState, hosts: readonly string[]): readonly string[] {
  if (listener.protocol === "UDP") return hosts; // has its port to itself
  const rivals = rivalsOn(db, listener.proxy, String(listener.port));
  if (rivals.length < 2) return hosts;
  return hosts.filter((host) => mostSpecific(rivals, host)?.hostname === listener.hostname);
}

/** The distinct hostnames of the ready listeners of one port of a proxy: those among which a request's host decides. */
export const rivalsOn = memo("rivalsOn", (db: Db, proxy: string, port: string): readonly { readonly hostname?: string }[] => {
  const ready = readyListeners(db, proxy).filter((each) => each.protocol !== "UDP" && String(each.port) === port);
  const hostnames = new Set(ready.map(({ hostname }) => hostname));
  return [...hostnames].map((hostname) => (hostname === undefined ? {} : { hostname }));
});
