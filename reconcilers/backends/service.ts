// Service as a backend: which port is meant, what protocol it speaks, and which endpoints its EndpointSlices give. Routes depend on the
// port only; endpoints are read by assignments alone, so that an endpoint change never touches a route.

import type { EndpointSlice } from "../../api/core.ts";
import type { Db, Index } from "../../store/db.ts";
import { namespaceOf } from "../../store/key.ts";
import type { ObjectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import type { Cluster, Endpoint } from "../../xds/model/backend.ts";
import { isIPv4, isIPv6 } from "./address.ts";
import type { Transport } from "./names.ts";
import { fail, succeed } from "./problem.ts";
import type { Outcome, Problem } from "./problem.ts";
import { type BackendTls, backendTls } from "./tls.ts";

/** What a route or a cluster needs to know of one port of a Service. */
export interface ServicePort {
  /** Empty for the only, unnamed port. */
  readonly name: string;
  readonly protocol: Cluster["protocol"];
  /** Speaks WebSocket, so HTTP/1.1; "wss" over TLS. */
  readonly webSocket?: "ws" | "wss";
}

/** The port of a Service, or why it cannot be a backend. `port` is a number in decimal. */
export const servicePort = memo(
  "servicePort",
  (db: Db, key: ObjectKey, port: string, transport: Transport): Outcome<ServicePort> => {
    const service = db.get("Service", key);
    if (service === undefined) return fail("BackendNotFound", `Service ${key} not found.`);
    // Gateway API, HTTPBackendRef: ExternalName Services should not be supported (CVE-2021-25740).
    if (service.spec?.type === "ExternalName") {
      return fail(
        "UnsupportedValue",
        `Service ${key} has type ExternalName, which is not supported: use a Backend with an FQDN.`,
      );
    }
    const found = service.spec?.ports?.find((each) => String(each.port) === port && (each.protocol ?? "TCP") === transport);
    if (found === undefined) return fail("PortNotFound", `${transport} port ${port} not found on Service ${key}.`);
    const webSocket = webSocketOf(found.appProtocol);
    return succeed({ name: found.name ?? "", protocol: protocolOf(found.appProtocol), ...(webSocket && { webSocket }) });
  },
);

/** What a route needs to know of the port: that it can be used. How it is spoken to is the cluster's business. */
export const serviceUse = memo("serviceUse", (db: Db, key: ObjectKey, port: string, transport: Transport): Outcome<PortUse> => {
  const found = servicePort(db, key, port, transport);
  if (!found.ok) return found;
  const tls = serviceTls(db, key, port, transport);
  if (!tls.ok) return tls;
  const { webSocket } = found.value;
  return succeed({ ...(webSocket && { webSocket }), tls: tls.value.tls !== undefined });
});

interface PortUse extends Pick<ServicePort, "webSocket"> {
  readonly tls: boolean;
}

/** GEP-1911: a route that cannot speak the protocol of a port has an invalid backend. TCP and TLS routes pass on whatever is spoken. */
export function protocolProblem(kind: string, port: string, { webSocket, tls }: PortUse): Problem | undefined {
  if (kind === "GRPCRoute" && webSocket !== undefined)
    return { reason: "UnsupportedProtocol", message: `Port ${port} speaks WebSocket, which gRPC cannot be sent over.` };
  if (kind === "HTTPRoute" && webSocket === "wss" && !tls)
    return {
      reason: "UnsupportedProtocol",
      message: `Port ${port} speaks WebSocket over TLS, and no BackendTLSPolicy says how.`,
    };
  return undefined;
}

/** TLS towards a port of a Service; none over UDP, which policies do not speak of. */
export function serviceTls(db: Db, key: ObjectKey, port: string, transport: Transport): Outcome<BackendTls> {
  return transport === "UDP" ? succeed({ secrets: [] }) : backendTls(db, "Service", key, port);
}

function webSocketOf(appProtocol: string | undefined): ServicePort["webSocket"] {
  return appProtocol === "kubernetes.io/ws" ? "ws" : appProtocol === "kubernetes.io/wss" ? "wss" : undefined;
}

/** GEP-1911: kubernetes.io/h2c is HTTP/2 with prior knowledge; kubernetes.io/ws is HTTP/1.1. Envoy Gateway also reads "grpc". */
function protocolOf(appProtocol: string | undefined): Cluster["protocol"] {
  const http2 = ["kubernetes.io/h2c", "gateway.envoyproxy.io/h2c", "grpc", "kubernetes.io/grpc"];
  return appProtocol !== undefined && http2.includes(appProtocol) ? "http2" : "http1";
}

/** EndpointSlices by the Service they belong to. */
const slicesByService: Index<"EndpointSlice"> = {
  kind: "EndpointSlice",
  name: "slicesByService",
  values: (slice) => {
    const service = slice.metadata.labels?.["kubernetes.io/service-name"];
    return service === undefined ? [] : [`${slice.metadata.namespace ?? ""}/${service}`];
  },
};

/** The endpoints behind one port of a Service: sorted by address, each once; healthy wins over draining. */
export const serviceEndpoints = memo(
  "serviceEndpoints",
  (db: Db, key: ObjectKey, port: string, transport: Transport): readonly Endpoint[] => {
    const named = servicePort(db, key, port, transport);
    if (!named.ok) return [];
    const found = new Map<string, Endpoint>();
    for (const sliceKey of db.lookup(slicesByService, key)) {
      const slice = namespaceOf(sliceKey) === namespaceOf(key) ? db.get("EndpointSlice", sliceKey) : undefined;
      if (slice === undefined) continue;
      for (const [id, endpoint] of endpointsOf(slice, named.value.name, transport)) {
        if (endpoint.health === "healthy" || !found.has(id)) found.set(id, endpoint);
      }
    }
    return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint);
  },
);

/** EndpointSlice API: unknown `ready` counts as ready; `serving` without `ready` is an endpoint that is shutting down. */
function endpointsOf(slice: EndpointSlice, portName: string, transport: Transport): readonly (readonly [string, Endpoint])[] {
  if (slice.addressType !== "IPv4" && slice.addressType !== "IPv6") return [];
  const ports = (slice.ports ?? []).filter((each) => (each.name ?? "") === portName && (each.protocol ?? "TCP") === transport);
  const found: (readonly [string, Endpoint])[] = [];
  for (const { addresses, conditions } of slice.endpoints ?? []) {
    const ready = conditions?.ready ?? true;
    if (!ready && conditions?.serving !== true) continue;
    for (const host of addresses ?? []) {
      if (!isIPv4(host) && !isIPv6(host)) continue;
      for (const { port } of ports) {
        if (port === undefined) continue;
        const endpoint: Endpoint = { address: { type: "socket", host, port }, health: ready ? "healthy" : "draining" };
        found.push([`${host}|${port}`, endpoint]);
      }
    }
  }
  return found;
}
