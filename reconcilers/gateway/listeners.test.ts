import fc from "fast-check";
import type { Condition } from "../reconciler.ts";
import { makeCertificate, rsaKey } from "../testing/certificates.ts";
import {
  config,
  envoyProxy,
  gatewayClass,
  gatewayWith,
  grant,
  https,
  parametersRef,
  terminate,
  tlsSecret,
} from "../testing/gateways.ts";
import { type TestObject, world } from "../testing/world.ts";
import { listenersOf, listenersOfTable } from "./listeners.ts";
import { proxies } from "./proxies.ts";

/** "Type=Status/Reason", sorted: what programs read of conditions. */
function short(conditions: readonly Condition[] | undefined): readonly string[] {
  return (conditions ?? []).map(({ type, status, reason }) => `${type}=${status}/${reason}`).sort();
}

/** Per listener of default/gw its conditions, without those that only say that all is well. */
function problems(...objects: readonly TestObject[]): Readonly<Record<string, readonly string[]>> {
  const fine = ["Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs", "Programmed=False/Invalid"];
  const states = listenersOf(world(...objects), "default/gw");
  return Object.fromEntries(
    states.map(({ name, conditions, ready }) => [
      name,
      [...(ready ? ["ready"] : []), ...short(conditions).filter((one) => !fine.includes(one))],
    ]),
  );
}

const protocolConflict = ["Accepted=False/ProtocolConflict", "Conflicted=True/ProtocolConflict"];
const hostnameConflict = ["Accepted=False/HostnameConflict", "Conflicted=True/HostnameConflict"];
const passthrough = { protocol: "TLS", port: 443, tls: { mode: "Passthrough" } };
const pair = makeCertificate({ names: ["a.example.com"] });
const secret = tlsSecret("default/tls", pair);

describe("listeners of one Gateway on one port", () => {
  for (const [name, listeners, want] of [
    [
      "HTTP listeners share it by hostname",
      [{ name: "a", hostname: "a.com" }, { name: "b", hostname: "b.com" }, { name: "c" }],
      { a: ["ready"], b: ["ready"], c: ["ready"] },
    ],
    [
      "equal hostnames conflict, whatever their case, and take others not along",
      [{ name: "a", hostname: "a.com" }, { name: "b", hostname: "A.com" }, { name: "c" }],
      { a: hostnameConflict, b: hostnameConflict, c: ["ready"] },
    ],
    [
      "HTTP and HTTPS conflict",
      [{ name: "a", port: 443 }, https("b", "b.com", "tls")],
      { a: protocolConflict, b: protocolConflict },
    ],
    [
      "HTTPS and TLS share it",
      [https("a", "a.com", "tls"), { name: "b", hostname: "b.com", ...passthrough }],
      { a: ["ready"], b: ["ready"] },
    ],
    [
      "HTTPS and TLS with equal hostnames conflict",
      [https("a", "a.com", "tls"), { name: "b", hostname: "a.com", ...passthrough }],
      { a: hostnameConflict, b: hostnameConflict },
    ],
    ["HTTP and TCP conflict", [{ name: "a" }, { name: "b", protocol: "TCP" }], { a: protocolConflict, b: protocolConflict }],
    [
      "UDP shares it with TCP: they are different ports",
      [
        { name: "a", protocol: "UDP" },
        { name: "b", protocol: "TCP" },
      ],
      { a: ["ready"], b: ["ready"] },
    ],
    [
      "the first of several TCP listeners has it",
      [
        { name: "a", protocol: "TCP" },
        { name: "b", protocol: "TCP" },
      ],
      { a: ["ready"], b: protocolConflict },
    ],
    [
      "an unsupported protocol takes it from nobody",
      [{ name: "a" }, { name: "b", protocol: "example.com/carrier-pigeon" }],
      { a: ["ready"], b: ["Accepted=False/UnsupportedProtocol"] },
    ],
    [
      "other ports do not matter",
      [{ name: "a" }, { name: "b", port: 81 }, { name: "c", protocol: "TCP", port: 82 }],
      { a: ["ready"], b: ["ready"], c: ["ready"] },
    ],
  ] as const)
    test(name, () => expect(problems(secret, gatewayWith("gw", listeners))).toEqual(want));
});

describe("a listener by itself", () => {
  const invalid = ["Accepted=False/Invalid"];
  for (const [name, listener, want] of [
    ["HTTP must not have tls", { tls: terminate("tls") }, invalid],
    ["HTTPS must have tls", { protocol: "HTTPS" }, invalid],
    ["HTTPS must terminate", { protocol: "HTTPS", tls: { mode: "Passthrough" } }, ["Accepted=False/UnsupportedTLSMode"]],
    ["TLS that terminates must have certificates", { protocol: "TLS", tls: { mode: "Terminate" } }, invalid],
    [
      "TLS that passes through must not have certificates",
      { protocol: "TLS", tls: { ...terminate("tls"), mode: "Passthrough" } },
      invalid,
    ],
    ["TCP must not have a hostname", { protocol: "TCP", hostname: "a.com" }, invalid],
    ["a hostname must be one", { hostname: "a_b.com" }, invalid],
    ["a selector must be there", { allowedRoutes: { namespaces: { from: "Selector" } } }, invalid],
    [
      "a selector must be sound",
      { allowedRoutes: { namespaces: { from: "Selector", selector: { matchExpressions: [{ key: "a", operator: "In" }] } } } },
      invalid,
    ],
    [
      "a kind that is not supported leaves none",
      { allowedRoutes: { kinds: [{ kind: "InvalidRoute" }] } },
      ["ResolvedRefs=False/InvalidRouteKinds"],
    ],
    [
      "a supported kind beside it is served",
      { allowedRoutes: { kinds: [{ kind: "InvalidRoute" }, { kind: "HTTPRoute" }] } },
      ["ready", "ResolvedRefs=False/InvalidRouteKinds"],
    ],
    [
      "a kind of another group is not supported",
      { allowedRoutes: { kinds: [{ group: "example.com", kind: "HTTPRoute" }] } },
      ["ResolvedRefs=False/InvalidRouteKinds"],
    ],
  ] as const)
    test(name, () => expect(problems(secret, gatewayWith("gw", [{ name: "a", ...listener }]))).toEqual({ a: want }));

  test("kinds are those of the protocol, or those asked for among them", () => {
    const kinds = (listener: Readonly<Record<string, unknown>>) =>
      listenersOf(world(gatewayWith("gw", [{ name: "a", ...listener }])), "default/gw")[0]?.kinds.map(({ kind }) => kind);
    expect(kinds({})).toEqual(["HTTPRoute", "GRPCRoute"]);
    expect(kinds({ protocol: "HTTPS" })).toEqual(["HTTPRoute", "GRPCRoute"]);
    expect(kinds(passthrough)).toEqual(["TLSRoute"]);
    expect(kinds({ protocol: "TLS", tls: terminate("tls") })).toEqual(["TLSRoute", "TCPRoute"]);
    expect(kinds({ protocol: "TCP" })).toEqual(["TCPRoute"]);
    expect(kinds({ protocol: "UDP" })).toEqual(["UDPRoute"]);
    expect(kinds({ protocol: "X" })).toEqual([]);
    expect(kinds({ allowedRoutes: { kinds: [{ kind: "TCPRoute" }, { kind: "GRPCRoute" }, { kind: "GRPCRoute" }] } })).toEqual([
      "GRPCRoute",
    ]);
  });

  test("the whole state of an HTTP listener", () => {
    expect(listenersOf(world(gatewayWith("gw", [{ name: "a", hostname: "WWW.a.com" }])), "default/gw")).toEqual([
      {
        gateway: "default/gw",
        proxy: "default/gw",
        name: "a",
        protocol: "HTTP",
        port: 80,
        hostname: "www.a.com",
        kinds: [
          { group: "gateway.networking.k8s.io", kind: "HTTPRoute" },
          { group: "gateway.networking.k8s.io", kind: "GRPCRoute" },
        ],
        namespaces: { from: "Same" },
        ready: true,
        routeTable: "http-80",
        conditions: [
          { type: "Accepted", status: "True", reason: "Accepted", message: "The listener is valid." },
          {
            type: "ResolvedRefs",
            status: "True",
            reason: "ResolvedRefs",
            message: "All references of the listener are resolved.",
          },
        ],
      },
    ]);
  });
});

describe("certificateRefs", () => {
  const other = tlsSecret("other/tls", pair);
  const rsa = tlsSecret("default/rsa", makeCertificate({ names: ["a.example.com"], key: rsaKey() }));
  const twin = tlsSecret("default/twin", makeCertificate({ names: ["a.example.com", "b.example.com"] }));
  const broken: TestObject = {
    ...secret,
    metadata: { namespace: "default", name: "broken" },
    data: { "tls.crt": "YQ==", "tls.key": "YQ==" },
  };
  const wrongKind = { certificateRefs: [{ group: "wrong.example.com", kind: "Secret", name: "tls" }] };
  const refused = (message: string) => ["RefNotPermitted", message];
  for (const [name, tls, objects, usable, want] of [
    [
      "a good one is used",
      terminate("tls"),
      [secret],
      ["default/tls"],
      ["ResolvedRefs", "All references of the listener are resolved."],
    ],
    [
      "a missing one is named",
      terminate("none"),
      [],
      undefined,
      ["InvalidCertificateRef", "No certificate is usable: Secret default/none not found."],
    ],
    [
      "a broken one is named",
      terminate("broken"),
      [broken],
      undefined,
      ["InvalidCertificateRef", "No certificate is usable: Secret default/broken has no certificate in tls.crt."],
    ],
    [
      "another group is not a Secret",
      wrongKind,
      [secret],
      undefined,
      ["InvalidCertificateRef", "No certificate is usable: wrong.example.com/Secret default/tls is not a Secret."],
    ],
    [
      "another kind is not a Secret",
      { certificateRefs: [{ kind: "ConfigMap", name: "tls" }] },
      [],
      undefined,
      ["InvalidCertificateRef", "No certificate is usable: ConfigMap default/tls is not a Secret."],
    ],
    [
      "another namespace needs a grant",
      terminate("other/tls"),
      [other],
      undefined,
      refused("No ReferenceGrant permits: Secret other/tls."),
    ],
    [
      "a grant that names another Secret does not help",
      terminate("other/tls"),
      [other, grant({ to: { name: "x" } })],
      undefined,
      refused("No ReferenceGrant permits: Secret other/tls."),
    ],
    [
      "a grant helps",
      terminate("other/tls"),
      [other, grant({})],
      ["other/tls"],
      ["ResolvedRefs", "All references of the listener are resolved."],
    ],
    [
      "good ones serve beside bad ones",
      terminate("none", "tls", "other/tls"),
      [secret, other],
      ["default/tls"],
      [
        "PartiallyInvalidCertificateRef",
        "Some certificates are not used: Secret default/none not found; no ReferenceGrant permits Secret other/tls.",
      ],
    ],
    [
      "two kinds of keys serve the same name",
      terminate("tls", "rsa"),
      [secret, rsa],
      ["default/tls", "default/rsa"],
      ["ResolvedRefs", "All references of the listener are resolved."],
    ],
    [
      "the second with the same kind of key and a common name is left out",
      terminate("tls", "twin"),
      [secret, twin],
      ["default/tls"],
      [
        "PartiallyInvalidCertificateRef",
        "Some certificates are not used: Secret default/twin has the same kind of key and a name in common with Secret default/tls.",
      ],
    ],
    [
      "one that is named twice is used once",
      terminate("tls", "tls"),
      [secret],
      ["default/tls"],
      ["ResolvedRefs", "All references of the listener are resolved."],
    ],
  ] as const)
    test(name, () => {
      const [state] = listenersOf(world(...objects, gatewayWith("gw", [{ ...https("a", undefined), tls }])), "default/gw");
      const resolved = state?.conditions.find(({ type }) => type === "ResolvedRefs");
      expect({ ready: state?.ready, usable: state?.tls?.certificates, said: [resolved?.reason, resolved?.message] }).toEqual({
        ready: usable !== undefined,
        usable,
        said: want,
      });
    });

  test("a broken Secret costs only the listeners that name it", () => {
    const gateway = gatewayWith("gw", [https("good", "a.com", "tls"), https("bad", "b.com", "broken"), { name: "http" }]);
    expect(problems(secret, broken, gateway)).toEqual({
      good: ["ready"],
      bad: ["ResolvedRefs=False/InvalidCertificateRef"],
      http: ["ready"],
    });
  });
});

describe("overlapping TLS configuration", () => {
  const wild = tlsSecret("default/wild", makeCertificate({ names: ["*.example.com"] }));
  const plain = tlsSecret("default/plain", makeCertificate({ names: ["plain.org"] }));
  for (const [name, listeners, want] of [
    [
      "a wildcard overlaps with a name of it",
      [https("a", "*.example.com", "tls"), https("b", "b.example.com", "plain")],
      {
        a: ["ready", "OverlappingTLSConfig=True/OverlappingHostnames"],
        b: ["ready", "OverlappingTLSConfig=True/OverlappingHostnames"],
      },
    ],
    [
      "a shared certificate overlaps",
      [https("a", "a.example.com", "wild"), https("b", "b.example.com", "wild")],
      {
        a: ["ready", "OverlappingTLSConfig=True/OverlappingCertificates"],
        b: ["ready", "OverlappingTLSConfig=True/OverlappingCertificates"],
      },
    ],
    [
      "different names and certificates do not",
      [https("a", "a.example.com", "tls"), https("b", "plain.org", "plain")],
      { a: ["ready"], b: ["ready"] },
    ],
    [
      "other ports do not matter",
      [https("a", "a.example.com", "wild"), { ...https("b", "b.example.com", "wild"), port: 8443 }],
      { a: ["ready"], b: ["ready"] },
    ],
    [
      "a listener that is not served does not matter",
      [https("a", "a.example.com", "wild"), https("b", "*.example.com", "none")],
      { a: ["ready"], b: ["ResolvedRefs=False/InvalidCertificateRef"] },
    ],
  ] as const)
    test(name, () =>
      expect(
        Object.fromEntries(
          Object.entries(problems(secret, wild, plain, gatewayWith("gw", listeners))).map(([key, value]) => [
            key,
            value.toSorted((a, b) => (a === "ready" ? -1 : b === "ready" ? 1 : 0)),
          ]),
        ),
      ).toEqual(want),
    );
});

describe("merged Gateways", () => {
  const merged = [
    gatewayClass("eg", { parametersRef: { ...parametersRef("all"), namespace: "default" } }),
    envoyProxy("all", { mergeGateways: true }),
  ];
  const store = (...gateways: readonly TestObject[]) => world(secret, ...merged, ...gateways);

  test("share one proxy and its tables, and the older one wins what both ask for", () => {
    const db = store(
      gatewayWith(
        "young",
        [
          { name: "same", hostname: "a.com" },
          { name: "own", hostname: "b.com" },
          { name: "tls", port: 81, protocol: "TCP" },
        ],
        { created: "2026-02-01T00:00:00Z" },
      ),
      gatewayWith(
        "old",
        [
          { name: "same", hostname: "a.com" },
          { name: "http", port: 81 },
        ],
        { created: "2026-01-01T00:00:00Z" },
      ),
    );
    expect(proxies(db)).toEqual(["eg"]);
    expect(listenersOf(db, "default/old").map(({ ready }) => ready)).toEqual([true, true]);
    expect(
      listenersOf(db, "default/young").map(({ conditions }) => conditions.find(({ type }) => type === "Conflicted")?.message),
    ).toEqual([
      "Listener same of Gateway default/old has the same port, protocol and hostname.",
      undefined,
      "Listener http of Gateway default/old uses the port for another protocol.",
    ]);
    expect(listenersOfTable(db, "eg", "http-80").map(({ gateway, name }) => `${gateway} ${name}`)).toEqual([
      "default/old same",
      "default/young own",
    ]);
  });
});

test("proxies of one machine share its ports: the older Gateway has them", () => {
  const db = world(
    config({ infrastructure: "host" }),
    gatewayWith("b", [{ name: "http", port: 8080 }]),
    gatewayWith(
      "a",
      [
        { name: "http", port: 8080 },
        { name: "free", port: 8081 },
      ],
      { created: "2026-01-01T00:00:00Z" },
    ),
  );
  expect(listenersOf(db, "default/b").map(({ ready }) => ready)).toEqual([true]);
  expect(
    listenersOf(db, "default/a").map(({ ready, conditions }) => [ready, conditions[0]?.reason, conditions[0]?.message]),
  ).toEqual([
    [false, "PortUnavailable", "Port 8080 of this machine is used by the proxy of default/b."],
    [true, "Accepted", "The listener is valid."],
  ]);
});

test("a Gateway of another controller has no listeners", () => {
  const foreign = gatewayClass("eg", { controllerName: "example.com/other" });
  expect(listenersOf(world(foreign, gatewayWith("gw", [{ name: "a" }])), "default/gw")).toEqual([]);
});

test("which listeners are served does not depend on their order, except among TCP or UDP listeners of a port", () => {
  const anyListener = fc.record({
    protocol: fc.constantFrom("HTTP", "HTTPS", "TLS", "ODD"),
    port: fc.constantFrom(80, 443),
    hostname: fc.constantFrom(undefined, "a.com", "b.com", "*.com"),
  });
  const tls = (protocol: string) =>
    protocol === "HTTPS" ? { tls: terminate("tls") } : protocol === "TLS" ? { tls: { mode: "Passthrough" } } : {};
  const shuffledPair = fc
    .array(anyListener, { minLength: 1, maxLength: 8 })
    .map((all) => all.map((listener, position) => ({ name: `l${position}`, ...listener, ...tls(listener.protocol) })))
    .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));
  fc.assert(
    fc.property(shuffledPair, ([one, other]) => {
      expect(problems(secret, gatewayWith("gw", other))).toEqual(problems(secret, gatewayWith("gw", one)));
    }),
    { numRuns: 200 },
  );
});
