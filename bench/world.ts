// The objects that the benches run on: one Gateway with one HTTP listener, N HTTPRoutes with a host each, and a few Services.

import type { Change } from "../store/db.ts";
import type { Kind } from "../store/kinds.ts";

const serviceCount = 20;

function applied(kind: Kind, object: object): Change {
  return { type: "applied", kind, object } as unknown as Change;
}

/** The configuration object of a process that runs Envoy on this machine, with this layout of route tables. */
export const config = (layout: "Plain" | "Bucketed" = "Plain"): Change =>
  applied("Config", {
    routeTables: { layout },
    metadata: { name: "config" },
    controllerName: "gateway.envoyproxy.io/gatewayclass-controller",
    namespace: "envoy-gateway-system",
    infrastructure: "host",
    extensionApis: { enableBackend: true, enableEnvoyPatchPolicy: false, disableLua: false },
    xds: {
      host: "127.0.0.1",
      port: 18000,
      serverName: "envoy-gateway",
      credentials: { type: "files", caFile: "ca.crt", certFile: "tls.crt", keyFile: "tls.key" },
    },
  });

/** HTTPRoute `i`; another `edit` is another path in its first rule. */
export function route(i: number, edit = 0): Change {
  return applied("HTTPRoute", {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { namespace: "default", name: `route-${i}`, generation: edit + 1 },
    spec: {
      parentRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "eg" }],
      hostnames: [`route-${i}.example.com`],
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: `/api/v${edit}` } }],
          backendRefs: [{ group: "", kind: "Service", name: `service-${i % serviceCount}`, port: 80, weight: 1 }],
          filters: [{ type: "RequestHeaderModifier", requestHeaderModifier: { add: [{ name: "x-route", value: String(i) }] } }],
        },
        {
          matches: [{ path: { type: "PathPrefix", value: "/" } }],
          backendRefs: [{ group: "", kind: "Service", name: `service-${(i + 1) % serviceCount}`, port: 80, weight: 1 }],
        },
      ],
    },
  });
}

/** The EndpointSlice of Service `i`; another `edit` is another set of addresses. */
export function endpoints(i: number, edit = 0): Change {
  return applied("EndpointSlice", {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace: "default", name: `service-${i}`, labels: { "kubernetes.io/service-name": `service-${i}` } },
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    endpoints: Array.from({ length: 3 }, (_, n) => ({
      addresses: [`10.${i}.${edit % 250}.${n + 1}`],
      conditions: { ready: true },
    })),
  });
}

/** Everything, with this many routes. */
export function world(routes: number): readonly Change[] {
  const gatewayClass = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GatewayClass",
    metadata: { name: "eg" },
    spec: { controllerName: "gateway.envoyproxy.io/gatewayclass-controller" },
  };
  const gateway = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { namespace: "default", name: "eg" },
    spec: {
      gatewayClassName: "eg",
      listeners: [{ name: "http", protocol: "HTTP", port: 8080, allowedRoutes: { namespaces: { from: "Same" } } }],
    },
  };
  const service = (i: number) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: "default", name: `service-${i}` },
    spec: { clusterIP: `10.96.0.${i + 1}`, ports: [{ name: "http", port: 80, targetPort: 8080, protocol: "TCP" }] },
  });
  const services = Array.from({ length: serviceCount }, (_, i) => i);
  return [
    applied("GatewayClass", gatewayClass),
    applied("Gateway", gateway),
    applied("Namespace", { apiVersion: "v1", kind: "Namespace", metadata: { name: "default" } }),
    ...services.map((i) => applied("Service", service(i))),
    ...services.map((i) => endpoints(i)),
    ...Array.from({ length: routes }, (_, i) => route(i)),
  ];
}
