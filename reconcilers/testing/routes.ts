// Builders of routes and backends as they look after defaulting, for tests. The store they go into is made by world.ts.

import type { TestObject } from "./object.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Names the object: "name" in namespace default, or "namespace/name". */
function metadata(name: string): { readonly namespace: string; readonly name: string } {
  const [namespace, own] = name.includes("/") ? name.split("/") : ["default", name];
  return { namespace: namespace ?? "default", name: own ?? name };
}

/** An HTTP listener on port 80 that every namespace may use. */
export function listener(name: string, fields: Fields = {}): Fields {
  return { name, protocol: "HTTP", port: 80, allowedRoutes: { namespaces: { from: "All" } }, ...fields };
}

/** A Gateway of class eg. */
export function gateway(name: string, ...listeners: readonly Fields[]): TestObject {
  return { kind: "Gateway", metadata: metadata(name), spec: { gatewayClassName: "eg", listeners } };
}

/** A route to Gateway default/gw. */
export function route(name: string, spec: Fields, created?: string): TestObject {
  const age = created === undefined ? {} : { creationTimestamp: created };
  return { kind: "HTTPRoute", metadata: { ...metadata(name), ...age }, spec: { parentRefs: [parent("gw")], ...spec } };
}

export function parent(name: string, fields: Fields = {}): Fields {
  return { group: "gateway.networking.k8s.io", kind: "Gateway", namespace: "default", name, ...fields };
}

/** A rule for everything under a path that goes to port 8080 of a Service, unless the fields say otherwise. */
export function rule(path: string, service: string, fields: Fields = {}): Fields {
  return { matches: [{ path: { type: "PathPrefix", value: path } }], backendRefs: [ref(service)], ...fields };
}

export function ref(service: string, fields: Fields = {}): Fields {
  return { group: "", kind: "Service", name: service, port: 8080, weight: 1, ...fields };
}

export function service(name: string, port: Fields = {}): TestObject {
  return {
    kind: "Service",
    metadata: metadata(name),
    spec: { type: "ClusterIP", ports: [{ name: "http", port: 8080, protocol: "TCP", ...port }] },
  };
}

/** Endpoints of a Service on port 3000; `conditions` may be given per address. */
export function slice(name: string, addresses: Readonly<Record<string, Fields>>, addressType = "IPv4"): TestObject {
  const { namespace, name: own } = metadata(name);
  return {
    kind: "EndpointSlice",
    metadata: { namespace, name: `${own}-${addressType.toLowerCase()}`, labels: { "kubernetes.io/service-name": own } },
    addressType,
    endpoints: Object.entries(addresses).map(([address, conditions]) => ({ addresses: [address], conditions })),
    ports: [{ name: "http", port: 3000, protocol: "TCP" }],
  };
}

export function backend(name: string, spec: Fields): TestObject {
  return { kind: "Backend", metadata: metadata(name), spec: { type: "Endpoints", ...spec } };
}
