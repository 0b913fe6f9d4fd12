import fc from "fast-check";
import { makeCertificate } from "../testing/certificates.ts";
import {
  config,
  envoyProxy,
  gatewayClass,
  gatewayWith,
  https,
  parametersRef,
  terminate,
  tlsSecret,
} from "../testing/gateways.ts";
import { problems } from "../testing/listeners.ts";
import { world } from "../testing/world.ts";
import type { TestObject } from "../testing/object.ts";
import { listenersOf, readyListeners } from "./listeners.ts";
import { proxies } from "./proxies.ts";

const secret = tlsSecret("default/tls", makeCertificate({ names: ["a.example.com"] }));
const passthrough = { protocol: "TLS", port: 443, tls: { mode: "Passthrough" } };
const protocolConflict = ["Accepted=False/ProtocolConflict", "Conflicted=True/ProtocolConflict"];
const hostnameConflict = ["Accepted=False/HostnameConflict", "Conflicted=True/HostnameConflict"];

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
    expect(
      readyListeners(db, "eg")
        .filter(({ routeTable }) => routeTable === "http-80")
        .map(({ gateway, name }) => `${gateway} ${name}`),
    ).toEqual(["default/old same", "default/young own"]);
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

describe("on one machine, Gateways that ask for addresses", () => {
  const at = (...values: readonly string[]) => ({ addresses: values.map((value) => ({ type: "IPAddress", value })) });
  const machine = {
    kind: "Machine",
    metadata: { name: "machine" },
    addresses: ["127.0.0.1", "192.0.2.1", "fd00::1"],
    wholeLoopback: true,
  } as const;
  /** Of each Gateway: is its listener on port 80 served, or why not. */
  const served = (gateways: Readonly<Record<string, object>>): unknown => {
    const objects = Object.entries(gateways).map(([name, more]) => gatewayWith(name, [{ name: "http" }], { ...more }));
    const db = world(config({ infrastructure: "host" }), machine, ...objects);
    return Object.keys(gateways).map((name) => {
      const [listener] = listenersOf(db, `default/${name}`);
      return listener?.ready === true ? true : listener?.conditions[0]?.message;
    });
  };
  test("may have one port at different addresses", () =>
    expect(served({ a: at("127.0.0.2"), b: at("127.0.0.3") })).toEqual([true, true]));
  test("leave the other addresses to one that asks for none", () =>
    expect(served({ a: at("127.0.0.2"), b: {}, c: at("FD00::1") })).toEqual([true, true, true]));
  test("cannot share an address: the older one has it", () =>
    expect(served({ a: at("127.0.0.2", "192.0.2.1"), b: at("192.0.2.1") })).toEqual([
      true,
      "Port 80 of 192.0.2.1 is used by the proxy of default/a.",
    ]));
  test("take nothing away at addresses that are not of the machine", () =>
    expect(served({ a: at("198.51.100.9"), b: at("198.51.100.9", "192.0.2.1"), c: {} })).toEqual([true, true, true]));
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
