// Clusters and assignments as queries of a cluster's name. Which clusters a proxy needs is the routes' business (routes/clusters.ts).

import type { Db } from "../../store/db.ts";
import { nameOf, namespaceOf } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import type { Cluster, DnsEndpoint, LoadAssignment, Locality, UpstreamTls } from "../../xds/model/backend.ts";
import type { Origin } from "../../xds/model/origin.ts";
import type { Secret } from "../../xds/model/tls.ts";
import type { UpstreamSettings } from "../../xds/model/upstream-settings.ts";
import { variantSettings } from "../traffic/settings.ts";
import { backendTarget } from "./backend.ts";
import { clusterTarget } from "./names.ts";
import type { ClusterTarget, GroupMember } from "./names.ts";
import { serviceEndpoints, servicePort, serviceTls } from "./service.ts";

/** The cluster of this name; undefined when what it reaches is gone (then no route names it either). */
export const cluster = memo("cluster", (db: Db, name: string): Cluster | undefined => {
  const target = clusterTarget(name);
  if (target === undefined) return undefined;
  if (target.type === "group") return groupOf(db, name, target.members);
  if (target.type === "variant") return variantOf(db, name, target);
  if (target.type === "plain") return plainOf(db, name, target.cluster);
  if (target.type === "http2") {
    const same = cluster(db, target.cluster);
    return same === undefined ? undefined : { ...http2Of(same), name };
  }
  const origin = originOf(target);
  if (target.type === "service") {
    return serviceOf(db, { name, origin }, target);
  }
  const backend = backendTarget(db, target.key);
  if (!backend.ok) return undefined;
  const { reach, protocol } = backend.value;
  const discovery: Cluster["discovery"] =
    reach.type === "names" ? { type: "dns", endpoints: reach.endpoints, family: "v4preferred" } : { type: "eds" };
  return { name, origin, discovery, protocol, ...spoken(protocol, backend.value.tls) };
});

/** The endpoints of an EDS cluster, empty when there are none; undefined for clusters of other kinds. */
export const assignment = memo("assignment", (db: Db, name: string): LoadAssignment | undefined => {
  if (cluster(db, name)?.discovery.type !== "eds") return undefined;
  return { cluster: name, localities: localities(db, name) };
});

/** Does a request to this cluster reach anything? Names are taken to resolve. */
export const hasEndpoints = memo("hasEndpoints", (db: Db, name: string): boolean => {
  if (cluster(db, name)?.discovery.type !== "eds") return true;
  return localities(db, name).some((locality) => locality.endpoints.some(({ health }) => health === "healthy"));
});

/** What the TLS settings of this cluster refer to. */
export const clusterSecrets = memo("clusterSecrets", (db: Db, name: string): readonly Secret[] => {
  const target = clusterTarget(name);
  if (target === undefined || target.type === "plain") return [];
  if (target.type === "http2" || target.type === "variant") return clusterSecrets(db, target.cluster);
  if (target.type === "group") return target.members.flatMap((member) => clusterSecrets(db, member.cluster));
  if (target.type === "service") {
    const tls = serviceTls(db, target.key, String(target.port), target.transport);
    return tls.ok ? tls.value.secrets : [];
  }
  const backend = backendTarget(db, target.key);
  return backend.ok ? backend.value.secrets : [];
});

/** May these backends share one cluster (session persistence, fallback)? A sentence that says why not, or undefined. */
export function groupProblem(db: Db, members: readonly GroupMember[]): string | undefined {
  const clusters = members.map((member) => cluster(db, member.cluster)).filter((each) => each !== undefined);
  const settings = new Set(clusters.map(({ protocol, tls }) => JSON.stringify([protocol, tls])));
  if (settings.size > 1) return "Backends that share sessions or a fallback must have the same protocol and TLS settings";
  const kinds = new Set(clusters.map(({ discovery }) => discovery.type));
  if (kinds.size > 1) return "Backends that share sessions or a fallback must be all FQDNs or all addresses";
  const weights = new Set(members.map(({ weight }) => weight));
  if (kinds.has("dns") && weights.size > 1) return "FQDN Backends that share sessions or a fallback must have equal weights";
  return undefined;
}

type ServiceTarget = Extract<ClusterTarget, { readonly type: "service" }>;

function serviceOf(
  db: Db,
  named: Pick<Cluster, "name" | "origin">,
  { key, port, transport }: ServiceTarget,
): Cluster | undefined {
  const found = servicePort(db, key, String(port), transport);
  const secured = serviceTls(db, key, String(port), transport);
  if (!found.ok || !secured.ok) return undefined;
  const { protocol } = found.value;
  return { ...named, discovery: { type: "eds" }, protocol, ...spoken(protocol, secured.value.tls) };
}

/** Servers speak HTTP/2 over TLS only when it is offered by ALPN. */
function spoken(protocol: Cluster["protocol"], tls: UpstreamTls | undefined): { readonly tls?: UpstreamTls } {
  if (tls === undefined) return {};
  return { tls: protocol === "http2" && tls.alpn.length === 0 ? { ...tls, alpn: ["h2"] } : tls };
}

function plainOf(db: Db, name: string, of: string): Cluster | undefined {
  const whole = cluster(db, of);
  if (whole === undefined) return undefined;
  const { tls: _, ...plain } = whole;
  return { ...plain, name };
}

function http2Of(same: Cluster): Cluster {
  return { ...same, protocol: "http2", ...(same.tls === undefined ? {} : { tls: { ...same.tls, alpn: ["h2"] } }) };
}

/** A cluster with the settings of a policy. */
function variantOf(db: Db, name: string, { cluster: of, variant, host }: VariantTarget): Cluster | undefined {
  const plain = cluster(db, of);
  const settings = variantSettings(db, variant);
  if (plain === undefined || settings === undefined) return undefined;
  const { discovery } = plain;
  const family = settings.dns?.family;
  // Who answers checks in gRPC speaks HTTP/2, and Envoy asks in no other way.
  const spokenIn = settings.activeCheck?.probe.type === "grpc" ? http2Of(plain) : plain;
  return {
    ...spokenIn,
    name,
    discovery: discovery.type === "dns" && family !== undefined ? { ...discovery, family } : discovery,
    settings: host === undefined ? settings : withCheckedHost(settings, host),
  };
}

type VariantTarget = Extract<ClusterTarget, { readonly type: "variant" }>;

function withCheckedHost(settings: UpstreamSettings, host: string): UpstreamSettings {
  const check = settings.activeCheck;
  if (check?.probe.type !== "http" || check.probe.host !== undefined) return settings;
  return { ...settings, activeCheck: { ...check, probe: { ...check.probe, host } } };
}

/** Is TLS spoken to this cluster? */
export const speaksTls = memo("speaksTls", (db: Db, name: string): boolean => cluster(db, name)?.tls !== undefined);

/** Is HTTP/2 spoken to this cluster? */
export const speaksHttp2 = memo("speaksHttp2", (db: Db, name: string): boolean => cluster(db, name)?.protocol === "http2");

function groupOf(db: Db, name: string, members: readonly GroupMember[]): Cluster | undefined {
  const clusters = members.map((member) => cluster(db, member.cluster)).filter((each) => each !== undefined);
  const [first] = clusters;
  if (first === undefined) return undefined;
  const endpoints = clusters.flatMap(({ discovery }): readonly DnsEndpoint[] =>
    discovery.type === "dns" ? discovery.endpoints : [],
  );
  const discovery: Cluster["discovery"] =
    first.discovery.type === "dns" ? { type: "dns", endpoints, family: first.discovery.family } : { type: "eds" };
  return { ...first, name, discovery, ...(discovery.type === "eds" ? { weightedLocalities: true } : {}) };
}

/** In a group each member is one locality, its name standing for the zone: localities of one priority must differ (Envoy, EDS). */
function localities(db: Db, name: string): readonly Locality[] {
  const target = clusterTarget(name);
  if (target === undefined) return [];
  if (target.type === "plain" || target.type === "http2" || target.type === "variant") return localities(db, target.cluster);
  if (target.type === "service") {
    const endpoints = serviceEndpoints(db, target.key, String(target.port), target.transport);
    return endpoints.length === 0 ? [] : [{ priority: 0, endpoints }];
  }
  if (target.type === "backend") {
    const backend = backendTarget(db, target.key);
    return backend.ok && backend.value.reach.type === "addresses" ? backend.value.reach.localities : [];
  }
  const found = target.members.flatMap(({ cluster: member, weight }): readonly Locality[] => {
    const own = localities(db, member);
    const endpoints = own.flatMap((locality) => locality.endpoints);
    return endpoints.length === 0 ? [] : [{ zone: member, weight, priority: own[0]?.priority ?? 0, endpoints }];
  });
  return found.toSorted((a, b) => a.priority - b.priority || ((a.zone ?? "") < (b.zone ?? "") ? -1 : 1));
}

function originOf(target: Extract<ClusterTarget, { readonly type: "service" | "backend" }>): Origin {
  const section = target.type === "service" ? { section: String(target.port) } : {};
  const kind = target.type === "service" ? "Service" : "Backend";
  return { kind, namespace: namespaceOf(target.key), name: nameOf(target.key), ...section };
}
