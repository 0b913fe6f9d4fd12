// Backend (gateway.envoyproxy.io) as a backend: what it reaches, or why it cannot be used. Shared by routes, clusters and its own status.
// Knows nothing of routes.

import type { Backend } from "../../api/backend.ts";
import type { Db } from "../../store/db.ts";
import type { ObjectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import type { Cluster, DnsEndpoint, Locality, UpstreamTls } from "../../xds/model/backend.ts";
import type { Secret } from "../../xds/model/tls.ts";
import { configKey } from "../envoyproxy.ts";
import { isIPv4, isIPv6 } from "./address.ts";
import { fail, succeed } from "./problem.ts";
import type { Outcome, Problem } from "./problem.ts";
import { backendTls } from "./tls.ts";

/** What a usable Backend means to a proxy. */
export interface BackendTarget {
  readonly protocol: Cluster["protocol"];
  readonly fallback: boolean;
  readonly reach:
    | { readonly type: "addresses"; readonly localities: readonly Locality[] }
    /** IP addresses may stand among the names. */
    | { readonly type: "names"; readonly endpoints: readonly DnsEndpoint[] };
  readonly tls?: UpstreamTls;
  /** What `tls` refers to. */
  readonly secrets: readonly Secret[];
}

/** What a route needs to know of a Backend: an address that changes must not touch the routes that use it. */
export interface BackendUse {
  readonly fallback: boolean;
  readonly discovery: "eds" | "dns";
}

/** The Backend in model terms, or what is wrong with it. */
export const backendTarget = memo("backendTarget", (db: Db, key: ObjectKey): Outcome<BackendTarget> => {
  const backend = db.get("Backend", key);
  if (backend === undefined) return fail("BackendNotFound", `Backend ${key} not found.`);
  const config = db.get("Config", configKey);
  if (config?.extensionApis.enableBackend !== true) {
    return fail("UnsupportedValue", "Backend is disabled in Envoy Gateway configuration.");
  }
  const problem = findProblem(key, backend, config.infrastructure === "host");
  if (problem !== undefined) return { ok: false, problem };
  const tls = backendTls(db, "Backend", key, "");
  if (!tls.ok) return tls;
  const http2 = backend.spec.appProtocols?.includes("gateway.envoyproxy.io/h2c") === true;
  return succeed({
    protocol: http2 ? "http2" : "http1",
    fallback: backend.spec.fallback === true,
    reach: reachOf(backend),
    ...(tls.value.tls === undefined ? {} : { tls: tls.value.tls }),
    secrets: tls.value.secrets,
  });
});

export const backendUse = memo("backendUse", (db: Db, key: ObjectKey): Outcome<BackendUse> => {
  const target = backendTarget(db, key);
  if (!target.ok) return target;
  return succeed({ fallback: target.value.fallback, discovery: target.value.reach.type === "names" ? "dns" : "eds" });
});

type EndpointSpec = NonNullable<Backend["spec"]["endpoints"]>[number];

function findProblem(key: ObjectKey, backend: Backend, onHost: boolean): Problem | undefined {
  const endpoints = backend.spec.endpoints ?? [];
  if (backend.spec.type === "DynamicResolver") {
    const what = endpoints.length > 0 ? "must not have endpoints" : "is not supported yet";
    return { reason: "UnsupportedValue", message: `Backend ${key} of type DynamicResolver ${what}.` };
  }
  if (endpoints.length === 0) return { reason: "InvalidBackendRef", message: `Backend ${key} has no endpoints.` };
  const names = endpoints.filter((each) => each.fqdn !== undefined).length;
  if (names > 0 && names < endpoints.length) {
    return { reason: "InvalidBackendRef", message: `Backend ${key} mixes FQDN endpoints with IP or Unix socket endpoints.` };
  }
  for (const endpoint of endpoints) {
    const message = endpointProblem(endpoint, onHost);
    if (message !== undefined) return { reason: "InvalidAddress", message: `Backend ${key} ${message}.` };
  }
  return undefined;
}

function endpointProblem({ fqdn, ip, unix }: EndpointSpec, onHost: boolean): string | undefined {
  if (fqdn !== undefined) {
    if (isIPv4(fqdn.hostname) || fqdn.hostname.includes(":")) return `has the IP address ${fqdn.hostname} as an FQDN`;
    if (!onHost && !fqdn.hostname.includes(".")) return `has the hostname ${fqdn.hostname}, which must have at least two labels`;
    return portProblem(fqdn.port);
  }
  if (ip !== undefined) {
    if (!isIPv4(ip.address) && !isIPv6(ip.address)) return `has the address ${ip.address}, which is not an IP address`;
    if (!onHost && isLoopback(ip.address)) return `has the loopback address ${ip.address}, which is not allowed`;
    return portProblem(ip.port);
  }
  if (unix === undefined) return "has an endpoint without fqdn, ip or unix";
  // The length of sun_path on Linux, with its final zero byte.
  if (unix.path === "" || Buffer.byteLength(unix.path) > 107)
    return "has a Unix socket path that is empty or longer than 107 bytes";
  return undefined;
}

function portProblem(port: number): string | undefined {
  return Number.isInteger(port) && port > 0 && port <= 65_535
    ? undefined
    : `has the port ${port}, which is not between 1 and 65535`;
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1" || /^::ffff:127\./i.test(address);
}

function reachOf(backend: Backend): BackendTarget["reach"] {
  const endpoints = backend.spec.endpoints ?? [];
  const priority = backend.spec.fallback === true ? 1 : 0;
  if (endpoints.some((each) => each.fqdn !== undefined)) {
    const names = new Map<string, DnsEndpoint>();
    for (const { fqdn, zone } of endpoints) {
      if (fqdn === undefined) continue;
      const endpoint = { hostname: fqdn.hostname, port: fqdn.port, priority, ...(zone === undefined ? {} : { zone }) };
      names.set(`${fqdn.hostname}|${fqdn.port}`, endpoint);
    }
    return { type: "names", endpoints: sortedValues(names) };
  }
  return { type: "addresses", localities: localitiesOf(endpoints, priority) };
}

function localitiesOf(endpoints: readonly EndpointSpec[], priority: number): readonly Locality[] {
  const zones = new Map<string, Map<string, Locality["endpoints"][number]>>();
  for (const { ip, unix, hostname, zone } of endpoints) {
    const members = zones.get(zone ?? "") ?? new Map<string, Locality["endpoints"][number]>();
    zones.set(zone ?? "", members);
    const named = hostname === undefined ? {} : { hostname };
    if (ip !== undefined) {
      const address = { type: "socket", host: ip.address, port: ip.port } as const;
      members.set(`${ip.address}|${ip.port}`, { address, health: "healthy", ...named });
    } else if (unix !== undefined) {
      members.set(unix.path, { address: { type: "pipe", path: unix.path }, health: "healthy", ...named });
    }
  }
  const sorted = [...zones].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([zone, members]) => ({ ...(zone === "" ? {} : { zone }), priority, endpoints: sortedValues(members) }));
}

function sortedValues<Value>(map: ReadonlyMap<string, Value>): readonly Value[] {
  return [...map].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}
