// Listeners of Gateways as the rest of the reconcilers see them: which are served, to whom they are open, under which route table.
// Puts together what a listener says itself (listener-spec.ts), what others leave it (conflicts.ts) and its certificates.

import type { Db } from "../../store/db.ts";
import { memo } from "../../store/memo.ts";
import {
  listenerAccepted,
  listenerConflictedNotAccepted,
  listenerNotProgrammed,
  listenerOverlappingCertificates,
  listenerOverlappingHostnames,
  listenerResolvedRefs,
} from "../conditions.ts";
import { normaliseHostname, overlap } from "../hostnames.ts";
import type { Condition } from "../reconciler.ts";
import { conflicts } from "./conflicts.ts";
import { certificatesOverlap, listenerCertificates } from "./listener-certificates.ts";
import { allowedKinds, allowedNamespaces, type ListenerSpec, ownProblems, terminatesTls } from "./listener-spec.ts";
import { type ListenerOwner, shownOwner } from "./listener-owner.ts";
import { listenerSpecs, ownersOfProxy, servingGateway } from "./listener-owners.ts";
import { type ListenerState, ownPlace } from "./listener-state.ts";
import { proxyOf } from "./proxies.ts";

/** Listeners of a Gateway or a ListenerSet in spec order; empty when they are not ours to serve. */
export const listenersOf = memo("listenersOf", (db: Db, owner: string): readonly ListenerState[] => {
  return plainListeners(db, owner).map((listener) => {
    if (!listener.ready || listener.protocol !== "HTTPS" || listener.tls === undefined) return listener;
    const condition = overlapOf(db, listener, httpsListeners(db, listener.proxy, String(listener.port)));
    if (condition === undefined) return listener;
    return { ...listener, tls: { ...listener.tls, overlapping: true }, conditions: [...listener.conditions, condition] };
  });
});

/** Listeners without regard to overlaps in TLS, so that listeners can be compared with each other. */
const plainListeners = memo("plainListeners", (db: Db, key: string): readonly ListenerState[] => {
  const owner = key as ListenerOwner;
  const gateway = servingGateway(db, owner);
  const proxy = gateway === undefined ? undefined : proxyOf(db, gateway);
  if (gateway === undefined || proxy === undefined) return [];
  const conflicting = new Map(conflicts(db, owner).map(({ position, condition }) => [position, condition]));
  const certificates = listenerCertificates(db, owner);
  return listenerSpecs(db, owner).map((spec, position) => {
    const { kinds, conditions: ofKinds } = allowedKinds(spec);
    const { usable, conditions: ofCertificates } = certificates[position] ?? { usable: [], conditions: [] };
    const problems = [...ownProblems(spec), ...ofConflict(conflicting.get(position))];
    const ready = problems.length === 0 && kinds.length > 0 && (!terminatesTls(spec) || usable.length > 0);
    const hostname = normaliseHostname(spec.hostname);
    const table = ready ? routeTableOf(owner, spec) : undefined;
    return {
      gateway,
      owner,
      proxy,
      name: spec.name,
      protocol: spec.protocol,
      port: spec.port,
      ...(hostname === undefined ? {} : { hostname }),
      kinds,
      namespaces: allowedNamespaces(spec),
      ready,
      ...(table === undefined ? {} : { routeTable: table }),
      ...(usable.length === 0 ? {} : { tls: { certificates: usable, overlapping: false } }),
      conditions: complete([...problems, ...mostTelling([...ofCertificates, ...ofKinds])], ready),
    };
  });
});

function ofConflict(conflict: Condition | undefined): readonly Condition[] {
  if (conflict === undefined) return [];
  return conflict.type === "Conflicted" ? [conflict, listenerConflictedNotAccepted(conflict.reason)] : [conflict];
}

/** ResolvedRefs can be said once: what is wrong with certificates goes before what is wrong with kinds. */
function mostTelling(conditions: readonly Condition[]): readonly Condition[] {
  return conditions.slice(0, 1);
}

/** One condition per type; types that nothing was said of say that all is well. Programmed of a ready listener is not decided here. */
function complete(said: readonly Condition[], ready: boolean): readonly Condition[] {
  const first = said.filter(({ type }, position) => said.findIndex((other) => other.type === type) === position);
  const has = (type: string): boolean => first.some((condition) => condition.type === type);
  return [
    ...first,
    ...(has("Accepted") ? [] : [listenerAccepted()]),
    ...(has("ResolvedRefs") ? [] : [listenerResolvedRefs()]),
    ...(ready || has("Programmed") ? [] : [listenerNotProgrammed()]),
  ];
}

/** HTTP listeners of a port are told apart by Host alone and share a table; HTTPS ones by SNI first, and have one each. */
function routeTableOf(owner: ListenerOwner, spec: ListenerSpec): string | undefined {
  if (spec.protocol === "HTTP") return `http-${spec.port}`;
  return spec.protocol === "HTTPS" ? ownPlace(owner, spec) : undefined;
}

/** Ready listeners of a proxy, oldest Gateway first, its own before its ListenerSets', then in spec order. */
export const readyListeners = memo("readyListeners", (db: Db, proxy: string): readonly ListenerState[] =>
  ownersOfProxy(db, proxy).flatMap((owner) => listenersOf(db, owner).filter(({ ready }) => ready)),
);

const httpsListeners = memo("httpsListeners", (db: Db, proxy: string, port: string): readonly ListenerState[] =>
  ownersOfProxy(db, proxy)
    .flatMap((owner) => plainListeners(db, owner))
    .filter((listener) => listener.ready && listener.protocol === "HTTPS" && String(listener.port) === port),
);

/**
 * Gateway API, OverlappingTLSConfig: a browser reuses an HTTP/2 connection for every name its certificate covers, also for names that
 * belong to another listener.
 */
function overlapOf(db: Db, listener: ListenerState, port: readonly ListenerState[]): Condition | undefined {
  const others = port.filter(({ owner, name }) => owner !== listener.owner || name !== listener.name);
  // Of both reasons the API asks for the one of the certificates.
  const own = listener.tls?.certificates ?? [];
  const sameCertificates = others.filter((other) => certificatesOverlap(db, own, other.tls?.certificates ?? []));
  if (sameCertificates.length > 0)
    return listenerOverlappingCertificates(sameCertificates.map((other) => shown(listener, other)));
  const sameNames = others.filter((other) => overlap(listener.hostname, other.hostname));
  return sameNames.length > 0 ? listenerOverlappingHostnames(sameNames.map((other) => shown(listener, other))) : undefined;
}

function shown(from: ListenerState, other: ListenerState): string {
  return from.owner === other.owner ? `listener ${other.name}` : `listener ${other.name} of ${shownOwner(other.owner)}`;
}
