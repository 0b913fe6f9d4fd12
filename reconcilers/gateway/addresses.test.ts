import { config, envoyProxy, gatewayWith, parametersRef } from "../testing/gateways.ts";
import type { TestObject } from "../testing/object.ts";
import { world } from "../testing/world.ts";
import { infrastructureOf } from "./infrastructure.ts";
import { gatewayStatus } from "./status.ts";

interface Wanted {
  readonly type?: string;
  readonly value?: string;
}

const ip = (value: string): Wanted => ({ type: "IPAddress", value });
const hostname = (value: string): Wanted => ({ type: "Hostname", value });
const asking = (name: string, addresses: readonly Wanted[], more: object = {}): TestObject =>
  gatewayWith(name, [{ name: "http" }], { addresses, ...more });

/** What is known of the proxy of default/gw: one Envoy runs, reached at these addresses. */
function running(addresses: readonly Wanted[], ready = 1): TestObject {
  return { kind: "ProxyState", metadata: { name: "default~gw" }, proxy: "default/gw", ready, wanted: 1, addresses };
}

const host = config({ infrastructure: "host" });
const machine: TestObject = { kind: "Machine", metadata: { name: "machine" }, addresses: ["192.0.2.1"], wholeLoopback: true };
const clusterIp = envoyProxy("inner", { provider: { type: "Kubernetes", kubernetes: { envoyService: { type: "ClusterIP" } } } });
const inner = { infrastructure: { parametersRef: parametersRef("inner") } };

/** What the status says: reasons of Accepted and Programmed, the message of the latter, and the addresses. */
function said(...objects: readonly TestObject[]): readonly string[] {
  const status = gatewayStatus(world(...objects), "default/gw");
  const [accepted, programmed] = status?.conditions ?? [];
  return [
    `${accepted?.reason}, ${programmed?.reason}`,
    programmed?.message ?? "",
    ...(status?.addresses ?? []).map(({ type, value }) => `${type} ${value}`),
  ];
}

const programmed = "Address assigned, 1 of 1 proxies run the current configuration.";
const balanced = ip("192.0.2.1");
const asked = ip("192.0.2.9");

for (const [name, objects, want] of [
  [
    "a type that nobody knows is not accepted, and no proxy is started for it",
    [asking("gw", [{ type: "test/fake-invalid-type", value: "x" }, hostname("a.test"), asked])],
    ["UnsupportedAddress, Invalid", "The Gateway is not accepted, see the Accepted condition."],
  ],
  [
    "an unusable address beside a usable one: only the usable one is shown, and the Gateway is not programmed",
    [asking("gw", [hostname("a.test"), asked]), running([asked, balanced])],
    [
      "Accepted, AddressNotUsable",
      "To be removed or replaced: spec.addresses[0] a.test, only an IPAddress can be asked for.",
      "IPAddress 192.0.2.9",
    ],
  ],
  [
    "the usable one alone",
    [asking("gw", [asked]), running([asked, balanced])],
    ["Accepted, Programmed", programmed, "IPAddress 192.0.2.9"],
  ],
  [
    "an unusable address is told when a proxy runs, not before: then the others are there",
    [asking("gw", [hostname("a.test"), asked]), running([asked], 0)],
    ["Accepted, NoResources", "No proxy is ready."],
  ],
  [
    "only unusable addresses",
    [asking("gw", [hostname("a.test")]), running([balanced])],
    ["Accepted, AddressNotUsable", "To be removed or replaced: spec.addresses[0] a.test, only an IPAddress can be asked for."],
  ],
  [
    "a name that the load balancer has is usable",
    [asking("gw", [hostname("a.test")]), running([hostname("a.test")])],
    ["Accepted, Programmed", programmed, "Hostname a.test"],
  ],
  [
    "a name is not an address of the same spelling",
    [asking("gw", [hostname("192.0.2.9")]), running([asked])],
    ["Accepted, AddressNotUsable", "To be removed or replaced: spec.addresses[0] 192.0.2.9, only an IPAddress can be asked for."],
  ],
  [
    "an address that the Service does not have yet is waited for",
    [asking("gw", [asked]), running([balanced])],
    ["Accepted, AddressNotAssigned", "The proxy's Service does not have these addresses: 192.0.2.9."],
  ],
  [
    "an address without a value leaves the choice to us",
    [asking("gw", [{ type: "IPAddress" }]), running([balanced])],
    ["Accepted, Programmed", programmed, "IPAddress 192.0.2.1"],
  ],
  [
    "without news of a proxy",
    [asking("gw", [asked])],
    ["Accepted, AddressNotAssigned", "No address is assigned to the Gateway."],
  ],
  [
    "a Service with a cluster's address has one",
    [clusterIp, asking("gw", [ip("10.0.0.8"), ip("10.0.0.9")], inner), running([ip("10.0.0.8")])],
    [
      "Accepted, AddressNotUsable",
      "To be removed or replaced: spec.addresses[1] 10.0.0.9, a Service of type ClusterIP can have one address.",
      "IPAddress 10.0.0.8",
    ],
  ],
  [
    "an older Gateway with a port in common has the address",
    [
      asking("gw", [asked], { created: "2026-02-01T00:00:00Z" }),
      asking("old", [asked], { created: "2026-01-01T00:00:00Z" }),
      running([balanced]),
    ],
    [
      "Accepted, AddressNotUsable",
      "To be removed or replaced: spec.addresses[0] 192.0.2.9, Gateway default/old has it, with a port in common.",
    ],
  ],
  [
    "a younger Gateway, or one with other ports, takes nothing away",
    [
      asking("gw", [asked], { created: "2026-02-01T00:00:00Z" }),
      asking("young", [asked], { created: "2026-03-01T00:00:00Z" }),
      gatewayWith("other", [{ name: "http", port: 81 }], { addresses: [asked], created: "2026-01-01T00:00:00Z" }),
      running([asked]),
    ],
    ["Accepted, Programmed", programmed, "IPAddress 192.0.2.9"],
  ],
  [
    "a machine has its addresses or does not",
    [host, machine, asking("gw", [asked, balanced]), running([])],
    [
      "Accepted, AddressNotUsable",
      "To be removed or replaced: spec.addresses[0] 192.0.2.9, this machine does not have it.",
      "IPAddress 192.0.2.1",
    ],
  ],
  [
    "a Gateway that listens everywhere is not promised where another one listens with a port in common",
    [
      host,
      machine,
      gatewayWith("gw", [{ name: "http" }]),
      asking("same", [balanced]),
      gatewayWith("other", [{ name: "http", port: 81 }], { addresses: [asked] }),
      running([balanced, asked]),
    ],
    ["Accepted, Programmed", programmed, "IPAddress 192.0.2.9"],
  ],
] as const)
  test(`addresses: ${name}`, () => expect(said(...objects)).toEqual(want));

/** spec of the Service of default/gw, as far as it names addresses. */
function service(...objects: readonly TestObject[]): unknown {
  const found = infrastructureOf(world(...objects), "default/gw")?.find(({ kind }) => kind === "Service");
  const { externalIPs, clusterIP } = (found?.["spec"] ?? {}) as { readonly externalIPs?: unknown; readonly clusterIP?: unknown };
  return { externalIPs, clusterIP };
}

test("the Service asks for what it can have: the API server would refuse it whole for one special address", () => {
  const special = ["0.0.0.0", "127.0.0.1", "169.254.0.1", "224.0.0.1", "::", "::1", "fe80::1", "ff02::1"];
  const usable = ["192.0.2.9", "2001:db8::9"];
  const gateway = asking("gw", [...special, ...usable].map(ip).concat(hostname("a.test"), { type: "IPAddress" }));
  expect(service(gateway)).toEqual({ externalIPs: usable });
  expect(service(clusterIp, asking("gw", [ip("10.0.0.8"), ip("10.0.0.9")], inner))).toEqual({ clusterIP: "10.0.0.8" });
  expect(service(asking("gw", [hostname("a.test")]))).toEqual({});
});

test("a Gateway that is not accepted for its addresses keeps what it has, and is given nothing new", () => {
  expect(infrastructureOf(world(asking("gw", [{ type: "test/fake", value: "x" }])), "default/gw")).toBeUndefined();
});
