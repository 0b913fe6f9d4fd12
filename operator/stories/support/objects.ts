// Objects of stories in few words. Everything lives in the namespace "default" unless a name says "namespace/name".

export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

type Spec = Readonly<Record<string, unknown>>;

const gatewayApi = "gateway.networking.k8s.io/v1";
const extension = "gateway.envoyproxy.io/v1alpha1";

export function object(apiVersion: string, kind: string, name: string, rest: Spec): ApiObject {
  const [first = "", second] = name.split("/");
  return { apiVersion, kind, metadata: second === undefined ? { name: first } : { namespace: first, name: second }, ...rest };
}

export const gatewayClass = (name: string, parameters?: string): ApiObject =>
  object(gatewayApi, "GatewayClass", name, {
    spec: {
      controllerName: "gateway.envoyproxy.io/gatewayclass-controller",
      ...(parameters !== undefined && {
        parametersRef: { group: "gateway.envoyproxy.io", kind: "EnvoyProxy", name: parameters, namespace: "default" },
      }),
    },
  });

export const envoyProxy = (name: string, spec: Spec): ApiObject =>
  object(extension, "EnvoyProxy", name, { spec: { telemetry: { accessLog: { disable: true } }, concurrency: 2, ...spec } });

/** A listener open to routes of all namespaces. */
export const http = (name: string, port: number, hostname?: string): Spec => ({
  name,
  port,
  protocol: "HTTP",
  allowedRoutes: { namespaces: { from: "All" } },
  ...(hostname !== undefined && { hostname }),
});

export const https = (name: string, port: number, hostname: string | undefined, secrets: readonly string[]): Spec => ({
  ...http(name, port, hostname),
  protocol: "HTTPS",
  tls: { mode: "Terminate", certificateRefs: secrets.map((secret) => ({ name: secret })) },
});

/** Ends TLS with these certificates, or passes it through when there are none. */
export const tls = (name: string, port: number, hostname: string | undefined, secrets: readonly string[]): Spec => ({
  ...http(name, port, hostname),
  protocol: "TLS",
  tls:
    secrets.length === 0
      ? { mode: "Passthrough" }
      : { mode: "Terminate", certificateRefs: secrets.map((secret) => ({ name: secret })) },
});

export const tcp = (name: string, port: number): Spec => ({ ...http(name, port), protocol: "TCP" });
export const udp = (name: string, port: number): Spec => ({ ...http(name, port), protocol: "UDP" });

export const gateway = (name: string, listeners: readonly Spec[], className = "eg"): ApiObject =>
  object(gatewayApi, "Gateway", name, { spec: { gatewayClassName: className, listeners } });

export interface RouteSpec {
  readonly hostnames?: readonly string[];
  readonly parents?: readonly Spec[];
  readonly rules: readonly Spec[];
}

/** A route of the Gateway "eg" unless `parents` says otherwise. */
export const route = (
  name: string,
  { hostnames, parents = [{ name: "eg", namespace: "default" }], rules }: RouteSpec,
): ApiObject => object(gatewayApi, "HTTPRoute", name, { spec: { parentRefs: parents, ...(hostnames && { hostnames }), rules } });

/** A route of connections to the listener of that name of the Gateway "eg". */
export const l4Route = (
  kind: "TLSRoute" | "TCPRoute" | "UDPRoute",
  name: string,
  {
    listener,
    hostnames,
    backendRefs,
  }: { readonly listener: string; readonly hostnames?: readonly string[]; readonly backendRefs: readonly Spec[] },
): ApiObject =>
  object(`gateway.networking.k8s.io/${kind === "TLSRoute" ? "v1alpha3" : "v1alpha2"}`, kind, name, {
    spec: { parentRefs: [{ name: "eg", sectionName: listener }], ...(hostnames && { hostnames }), rules: [{ backendRefs }] },
  });

/** References to Services made by `service`, by name; "v1*70" has a weight. */
export const to = (...names: readonly string[]): readonly Spec[] =>
  names.map((text) => {
    const [name, weight] = text.split("*");
    return { name, port: 80, ...(weight !== undefined && { weight: Number(weight) }) };
  });

export const path = (type: "Exact" | "PathPrefix" | "RegularExpression", value: string): Spec => ({ path: { type, value } });

export const header = (name: string, value: string, type = "Exact"): Spec => ({ name, value, type });

/** A Service without selector and its EndpointSlice, on port 80. */
export function service(
  name: string,
  backends: readonly { readonly port: number }[],
  appProtocol?: string,
): readonly ApiObject[] {
  const own = name.split("/").at(-1);
  const slices = backends.map(({ port }, index) => ({
    ...object("discovery.k8s.io/v1", "EndpointSlice", `${name}-${index}`, {
      addressType: "IPv4",
      ports: [{ name: "http", port, protocol: "TCP" }],
      endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
    }),
  }));
  const spec = { ports: [{ name: "http", port: 80, protocol: "TCP", ...(appProtocol !== undefined && { appProtocol }) }] };
  return [
    object("v1", "Service", name, { spec }),
    ...slices.map((slice) => ({
      ...slice,
      metadata: { ...slice.metadata, labels: { "kubernetes.io/service-name": own } },
    })),
  ];
}

export const backendObject = (name: string, endpoints: readonly Spec[], rest: Spec = {}): ApiObject =>
  object(extension, "Backend", name, { spec: { endpoints, ...rest } });

/** A reference to a Backend. */
export const toBackend = (name: string, rest: Spec = {}): Spec => ({
  group: "gateway.envoyproxy.io",
  kind: "Backend",
  name,
  ...rest,
});

export const routeFilter = (name: string, spec: Spec): ApiObject => object(extension, "HTTPRouteFilter", name, { spec });

export const extensionRef = (name: string): Spec => ({
  type: "ExtensionRef",
  extensionRef: { group: "gateway.envoyproxy.io", kind: "HTTPRouteFilter", name },
});
