// Model values for tests: complete by default, one field away from what a test is about.

import { makeCertificate } from "../../reconcilers/testing/certificates.ts";
import type { Cluster, LoadAssignment } from "../model/backend.ts";
import type { FilterChain, TcpListener } from "../model/listener.ts";
import type { Origin } from "../model/origin.ts";
import type { Proxy } from "../model/proxy.ts";
import type { ForwardAction, HeaderEdits, Route, VirtualHost, WeightedBackend } from "../model/route.ts";
import { shardCount, shardOf } from "../model/shards.ts";

export const someOrigin: Origin = { kind: "HTTPRoute", namespace: "default", name: "app" };
export const noEdits: HeaderEdits = { set: [], add: [], addIfAbsent: [], remove: [] };

export function someBackend(fields: Partial<WeightedBackend> = {}): WeightedBackend {
  return { cluster: "service/default/app/80", weight: 1, requestHeaders: noEdits, responseHeaders: noEdits, ...fields };
}

export function someForward(fields: Partial<ForwardAction> = {}): ForwardAction {
  return { type: "forward", backends: [someBackend()], mirrors: [], ...fields };
}

export function someRoute(fields: Partial<Route> = {}): Route {
  return {
    name: "httproute/default/app/rule/0/match/0/app_example",
    origin: someOrigin,
    match: { path: { type: "prefix", value: "/" }, headers: [], queryParams: [], cookies: [] },
    action: someForward(),
    requestHeaders: noEdits,
    responseHeaders: noEdits,
    ...fields,
  };
}

export function someHost(domain: string, routes: readonly Route[] = [someRoute()]): VirtualHost {
  return { name: domain.replaceAll(".", "_"), domains: [domain], routes };
}

export function someCluster(fields: Partial<Cluster> = {}): Cluster {
  return {
    name: "service/default/app/80",
    origin: { kind: "Service", namespace: "default", name: "app" },
    discovery: { type: "eds" },
    protocol: "http1",
    ...fields,
  };
}

export function someAssignment(fields: Partial<LoadAssignment> = {}): LoadAssignment {
  const endpoint = { address: { type: "socket", host: "127.0.0.1", port: 8080 }, health: "healthy" } as const;
  return { cluster: "service/default/app/80", localities: [{ priority: 0, endpoints: [endpoint] }], ...fields };
}

export function someChain(fields: Partial<FilterChain> = {}): FilterChain {
  return {
    name: "http-80",
    origins: [{ kind: "Gateway", namespace: "default", name: "web", section: "http" }],
    serverNames: [],
    handler: { type: "http", routeTable: "http-80" },
    statPrefix: "http-80",
    accessLog: { type: "none" },
    ...fields,
  };
}

export function someListener(fields: Partial<TcpListener> = {}): TcpListener {
  const chains = fields.chains ?? [someChain()];
  const serverNames = chains.some(({ tls }) => tls !== undefined);
  return { name: "tcp-80", transport: "tcp", addresses: ["127.0.0.1"], port: 10080, serverNames, ...fields, chains };
}

/** Values dealt into shards as reconcilers deal them. */
function inShards<Value>(values: readonly Value[], nameOf: (value: Value) => string): readonly (readonly Value[])[] {
  const shards = Array.from({ length: shardCount }, (): Value[] => []);
  for (const value of values) shards[shardOf(nameOf(value))]!.push(value);
  return shards;
}

/** The parts of a proxy as plain lists. */
export interface ProxyParts extends Pick<Proxy, "listeners" | "secrets"> {
  readonly tables: Readonly<Record<string, readonly VirtualHost[]>>;
  readonly clusters: readonly Cluster[];
  readonly assignments: readonly LoadAssignment[];
}

/** One listener on port 80, one host, one EDS cluster with one endpoint, unless said otherwise. */
export function someProxy(parts: Partial<ProxyParts> = {}): Proxy {
  const tables = parts.tables ?? { "http-80": [someHost("app.example")] };
  return {
    name: "default/web",
    listeners: parts.listeners ?? [someListener()],
    routeTables: Object.entries(tables).map(([name, hosts]) => ({
      name,
      shards: inShards(hosts, ({ domains }) => domains[0] ?? ""),
    })),
    clusters: inShards(parts.clusters ?? [someCluster()], ({ name }) => name),
    assignments: inShards(parts.assignments ?? [someAssignment()], ({ cluster }) => cluster),
    secrets: parts.secrets ?? [],
  };
}

/** A self-signed certificate for a name. */
export function someCertificate(host: string): { readonly chainPem: string; readonly keyPem: string } {
  const { certificate, key } = makeCertificate({ names: [host] });
  return { chainPem: certificate, keyPem: key };
}
