import { proxy } from "../proxy.ts";
import type { TestObject } from "../testing/object.ts";
import { backend, gateway, listener, parent, ref, route, rule, service, slice } from "../testing/routes.ts";
import { applied, world } from "../testing/world.ts";
import { attachedRoutes, type L4Kind } from "./attachment.ts";
import { parentConditions } from "./status.ts";

type Fields = Readonly<Record<string, unknown>>;

const passthrough = { protocol: "TLS", port: 443, tls: { mode: "Passthrough" } };
const gw = gateway(
  "gw",
  listener("tls", passthrough),
  listener("tcp", { protocol: "TCP", port: 5432 }),
  listener("udp", { protocol: "UDP", port: 53 }),
);
const sections = { TLSRoute: "tls", TCPRoute: "tcp", UDPRoute: "udp" } as const;

function l4(kind: L4Kind, name: string, backendRefs: readonly Fields[], fields: Fields = {}): TestObject {
  const spec = { parentRefs: [parent("gw", { sectionName: sections[kind] })], rules: [{ backendRefs }], ...fields };
  return { kind, metadata: { namespace: "default", name }, spec };
}

/** "Type=Status/Reason message" of default/r. */
function said(kind: L4Kind, ...objects: readonly TestObject[]): readonly string[] {
  const store = world(gw, service("echo"), slice("echo", { "10.0.0.1": {} }), ...objects);
  return parentConditions(store, kind, "default/r").flatMap(({ conditions }) =>
    conditions.map(({ type, status, reason, message }) => `${type}=${status}/${reason} ${message}`),
  );
}

const accepted = "Accepted=True/Accepted The route is accepted.";
const resolved = "ResolvedRefs=True/ResolvedRefs All references of the route are resolved.";
const bucket = ref("x", { group: "example.net", kind: "Bucket" });

const cases: readonly (readonly [string, L4Kind, readonly TestObject[], readonly string[]])[] = [
  ["a good TLSRoute", "TLSRoute", [l4("TLSRoute", "r", [ref("echo")], { hostnames: ["a.test"] })], [accepted, resolved]],
  ["a good TCPRoute", "TCPRoute", [l4("TCPRoute", "r", [ref("echo")])], [accepted, resolved]],
  [
    "a TCPRoute on a UDP listener",
    "TCPRoute",
    [l4("TCPRoute", "r", [ref("echo")], { parentRefs: [parent("gw", { sectionName: "udp" })] })],
    [
      "Accepted=False/NotAllowedByListeners No listener of Gateway default/gw that this parentRef matches allows the route.",
      resolved,
    ],
  ],
  [
    "a Service that is not there, and a kind that we do not know",
    "TCPRoute",
    [l4("TCPRoute", "r", [ref("gone"), bucket])],
    [
      accepted,
      "ResolvedRefs=False/BackendNotFound Service default/gone not found; Backend kind Bucket.example.net of x is not supported, it must be Service or Backend.",
    ],
  ],
  [
    "a kind that we do not know",
    "TLSRoute",
    [l4("TLSRoute", "r", [bucket])],
    [
      accepted,
      "ResolvedRefs=False/InvalidKind Backend kind Bucket.example.net of x is not supported, it must be Service or Backend.",
    ],
  ],
  [
    "a UDPRoute to a TCP port",
    "UDPRoute",
    [l4("UDPRoute", "r", [ref("echo")])],
    [accepted, "ResolvedRefs=False/PortNotFound UDP port 8080 not found on Service default/echo."],
  ],
  [
    "a Service without endpoints",
    "TCPRoute",
    [service("idle"), l4("TCPRoute", "r", [ref("idle")])],
    [accepted, resolved, "BackendsAvailable=False/EndpointsNotFound No ready endpoints: service/default/idle/8080."],
  ],
  [
    "FQDNs and addresses in one UDPRoute",
    "UDPRoute",
    [
      backend("ip", { endpoints: [{ ip: { address: "10.0.0.1", port: 53 } }] }),
      backend("name", { endpoints: [{ fqdn: { hostname: "dns.test", port: 53 } }] }),
      l4(
        "UDPRoute",
        "r",
        ["ip", "name"].map((name) => ref(name, { group: "gateway.envoyproxy.io", kind: "Backend", port: undefined })),
      ),
    ],
    ["Accepted=False/UnsupportedValue Backends that share sessions or a fallback must be all FQDNs or all addresses.", resolved],
  ],
  [
    "an older route of another kind with the same name beside it",
    "TCPRoute",
    [l4("TCPRoute", "r", [ref("echo")]), l4("UDPRoute", "r", [ref("echo")])],
    [accepted, resolved],
  ],
];
for (const [name, kind, objects, want] of cases) test(`${kind}: ${name}`, () => expect(said(kind, ...objects)).toEqual(want));

describe("a TLSRoute to a Service of another namespace needs a grant", () => {
  const grant = (fields: { readonly namespace?: string; readonly from?: Fields; readonly to?: Fields }): TestObject => ({
    kind: "ReferenceGrant",
    metadata: { namespace: fields.namespace ?? "far", name: "grant" },
    spec: {
      from: [{ group: "gateway.networking.k8s.io", kind: "TLSRoute", namespace: "default", ...fields.from }],
      to: [{ group: "", kind: "Service", ...fields.to }],
    },
  });
  const far = [service("far/echo"), slice("far/echo", { "10.0.0.2": {} })];
  const reason = (made: TestObject): string | undefined =>
    said("TLSRoute", l4("TLSRoute", "r", [ref("echo", { namespace: "far" })]), ...far, made)[1]?.split(" ")[0];
  for (const [name, fields] of [
    ["in another namespace", { namespace: "default" }],
    ["from another group", { from: { group: "example.net" } }],
    ["from another kind", { from: { kind: "TCPRoute" } }],
    ["from another namespace", { from: { namespace: "far" } }],
    ["to another group", { to: { group: "example.net" } }],
    ["to another kind", { to: { kind: "Secret" } }],
    ["to another name", { to: { name: "other" } }],
  ] as const)
    test(`${name} will not do`, () => expect(reason(grant(fields))).toBe("ResolvedRefs=False/RefNotPermitted"));
  test("with all of it right it serves", () => expect(reason(grant({}))).toBe("ResolvedRefs=True/ResolvedRefs"));
});

test("routes of every kind are counted, each on its listener", () => {
  const store = world(
    gw,
    ...(["TLSRoute", "TCPRoute", "UDPRoute"] as const).map((kind) => l4(kind, "r", [ref("gone")])),
    l4("TCPRoute", "second", []),
    route("r", { rules: [rule("/", "echo")] }),
  );
  expect(["tls", "tcp", "udp"].map((name) => attachedRoutes(store, "default/gw", name))).toEqual([1, 2, 1]);
});

test("a refusal falls on the route of its kind, not on others of the same name", () => {
  const refusal: TestObject = {
    kind: "Refusal",
    metadata: { namespace: "default~gw", name: "one" },
    proxy: "default/gw",
    typeUrl: "type.googleapis.com/envoy.config.listener.v3.Listener",
    resource: "tcp-443",
    origins: [{ kind: "TLSRoute", namespace: "default", name: "r" }],
    by: "check",
    message: "no.",
  };
  const routes = (["TLSRoute", "TCPRoute"] as const).map((kind) => l4(kind, "r", [ref("echo")]));
  expect(said("TLSRoute", ...routes, refusal)[0]).toBe("Accepted=False/UnsupportedValue tcp-443 was held back: no.");
  expect(said("TCPRoute", ...routes, refusal)[0]).toBe(accepted);
});

test("an endpoint runs nothing of a listener, and an edited route leaves the chains beside it as they were", () => {
  const tls = (name: string, to: string): TestObject => l4("TLSRoute", name, [ref(to)], { hostnames: [`${name}.test`] });
  const services = ["echo", "other"].flatMap((name) => [service(name), slice(name, { "10.0.0.1": {} })]);
  const store = world(gw, ...services, tls("one", "echo"), tls("two", "echo"));
  const before = proxy(store, "default/gw");
  store.apply([applied(slice("echo", { "10.0.0.9": {} }))]);
  expect(proxy(store, "default/gw").listeners).toBe(before.listeners);
  expect(store.computed.filter((each) => /listener|chain|winner|l4/i.test(each))).toEqual([]);
  store.apply([applied(tls("one", "other"))]);
  const after = proxy(store, "default/gw");
  const chains = ({ listeners }: typeof after) => {
    const found = listeners.find(({ name }) => name === "tcp-443");
    return found?.transport === "tcp" ? found.chains : [];
  };
  expect(chains(after).map((chain, i) => chain === chains(before)[i])).toEqual([false, true, true]);
  expect(after.listeners.map((each, i) => each === before.listeners[i])).toEqual([true, false, true]);
});
