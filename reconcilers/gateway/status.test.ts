import { config, envoyProxy, gatewayClass, gatewayWith, https, parametersRef } from "../testing/gateways.ts";
import type { TestObject } from "../testing/object.ts";
import { applied, world } from "../testing/world.ts";
import { gatewayStatus } from "./status.ts";

/** What is known of the proxy of default/gw: two Envoys of two run, at 192.0.2.1. */
function proxyState(fields: Readonly<Record<string, unknown>> = {}): TestObject {
  const addresses = [{ type: "IPAddress", value: "192.0.2.1" }];
  return { kind: "ProxyState", metadata: { name: "default~gw" }, proxy: "default/gw", ready: 2, wanted: 2, addresses, ...fields };
}

function statusOf(...objects: readonly TestObject[]) {
  return gatewayStatus(world(...objects), "default/gw");
}

const http = gatewayWith("gw", [{ name: "http" }]);
const accepted = { type: "Accepted", status: "True", reason: "Accepted", message: "The Gateway is served by this controller." };

test("the whole status of a Gateway whose proxies run", () => {
  expect(statusOf(http, proxyState())).toEqual({
    addresses: [{ type: "IPAddress", value: "192.0.2.1" }],
    conditions: [
      accepted,
      {
        type: "Programmed",
        status: "True",
        reason: "Programmed",
        message: "Address assigned, 2 of 2 proxies run the current configuration.",
      },
    ],
    listeners: [
      {
        name: "http",
        supportedKinds: [
          { group: "gateway.networking.k8s.io", kind: "HTTPRoute" },
          { group: "gateway.networking.k8s.io", kind: "GRPCRoute" },
        ],
        attachedRoutes: 0,
        conditions: [
          { type: "Accepted", status: "True", reason: "Accepted", message: "The listener is valid." },
          {
            type: "ResolvedRefs",
            status: "True",
            reason: "ResolvedRefs",
            message: "All references of the listener are resolved.",
          },
          {
            type: "Programmed",
            status: "True",
            reason: "Programmed",
            message: "The listener's configuration is sent to the proxies.",
          },
        ],
      },
    ],
  });
});

describe("the Gateway's Programmed", () => {
  const many = Array.from({ length: 17 }, (_, index) => ({ type: "IPAddress", value: `192.0.2.${index}` }));
  const refusal = (fields: Readonly<Record<string, unknown>>): TestObject => ({
    kind: "Refusal",
    metadata: { namespace: "default~gw", name: "1" },
    proxy: "default/gw",
    typeUrl: "type.googleapis.com/envoy.config.listener.v3.Listener",
    resource: "tcp-80",
    origins: [{ kind: "Gateway", namespace: "default", name: "gw" }],
    by: "proxy",
    message: "cannot bind",
    ...fields,
  });
  for (const [name, objects, want] of [
    ["without news of a proxy", [], ["False", "AddressNotAssigned", "No address is assigned to the Gateway."]],
    [
      "without an address",
      [proxyState({ addresses: [] })],
      ["False", "AddressNotAssigned", "No address is assigned to the Gateway."],
    ],
    ["without a ready proxy", [proxyState({ ready: 0 })], ["False", "NoResources", "No proxy is ready."]],
    [
      "with a reason why no proxy runs",
      [proxyState({ ready: 0, addresses: [], trouble: "Envoy was not found." })],
      ["False", "NoResources", "Envoy was not found."],
    ],
    [
      "when its infrastructure is refused, although proxies of before run",
      [proxyState({ refused: "Service default/gw exists." })],
      ["False", "NoResources", "Service default/gw exists."],
    ],
    [
      "with some proxies ready",
      [proxyState({ ready: 1 })],
      ["True", "Programmed", "Address assigned, 1 of 2 proxies run the current configuration."],
    ],
    [
      "in a rollout that does not go on",
      [proxyState({ ready: 1, trouble: "Pod gw-2 is not scheduled: no node." })],
      [
        "True",
        "Programmed",
        "Address assigned, 1 of 2 proxies run the current configuration. Others do not: Pod gw-2 is not scheduled: no node.",
      ],
    ],
    [
      "with too many addresses",
      [proxyState({ addresses: many })],
      ["True", "Programmed", "Only the first 16 of 17 addresses are shown."],
    ],
    [
      "when a proxy refuses it",
      [proxyState(), refusal({})],
      ["False", "RejectedByProxy", "The proxy refused tcp-80: cannot bind"],
    ],
    [
      "when our own check holds it back",
      [proxyState(), refusal({ by: "check" })],
      ["False", "Invalid", "tcp-80 was held back: cannot bind"],
    ],
  ] as const)
    test(name, () => {
      const programmed = statusOf(http, ...objects)?.conditions[1];
      expect([programmed?.status, programmed?.reason, programmed?.message]).toEqual(want);
    });

  test("a refused listener shows on the listener alone", () => {
    const gateway = gatewayWith("gw", [{ name: "a" }, { name: "b", port: 81 }]);
    const origins = [{ kind: "Gateway", namespace: "default", name: "gw", section: "b" }];
    const status = statusOf(gateway, proxyState(), refusal({ origins }));
    expect(status?.conditions[1]?.status).toBe("True");
    expect(status?.listeners?.map(({ conditions }) => conditions.find(({ type }) => type === "Programmed")?.reason)).toEqual([
      "Programmed",
      "RejectedByProxy",
    ]);
  });
});

describe("addresses asked for on one machine", () => {
  const machine = {
    kind: "Machine",
    metadata: { name: "machine" },
    addresses: ["127.0.0.1", "192.0.2.1"],
    wholeLoopback: true,
  } as const;
  const host = config({ infrastructure: "host" });
  const status = (values: readonly string[], ...objects: readonly TestObject[]) => {
    const addresses = values.map((value) => ({ type: "IPAddress", value }));
    const found = statusOf(host, gatewayWith("gw", [{ name: "http" }], { addresses }), ...objects);
    return {
      reasons: found?.conditions.map(({ status: value, reason }) => `${value}/${reason}`),
      addresses: found?.addresses?.map(({ value }) => value),
      listener: found?.listeners?.[0]?.conditions.find(({ type }) => type === "Programmed")?.reason,
    };
  };
  const programmed = ["True/Accepted", "True/Programmed"];
  const notUsable = ["True/Accepted", "False/AddressNotUsable"];
  for (const [name, values, objects, want] of [
    [
      "are those of the machine, and all of its loopback network",
      ["192.0.2.1", "127.9.9.9"],
      [machine, proxyState()],
      { reasons: programmed, addresses: ["192.0.2.1", "127.9.9.9"], listener: "Programmed" },
    ],
    [
      "one that is not of the machine is not usable, the others serve",
      ["198.51.100.9", "192.0.2.1"],
      [machine, proxyState()],
      { reasons: notUsable, addresses: ["192.0.2.1"], listener: "Programmed" },
    ],
    [
      "without a usable one nothing is started, and the status says why",
      ["198.51.100.9"],
      [machine],
      { reasons: notUsable, addresses: [], listener: "Pending" },
    ],
    [
      "a proxy that runs and has lost its last address serves nothing",
      ["198.51.100.9"],
      [machine, proxyState()],
      { reasons: notUsable, addresses: [], listener: "Pending" },
    ],
    [
      "any loopback address but the first is unusable where the system has no more",
      ["127.0.0.2"],
      [{ ...machine, wholeLoopback: false }, proxyState()],
      { reasons: notUsable, addresses: [], listener: "Pending" },
    ],
    [
      "each is taken for usable where nobody knows the machine",
      ["198.51.100.9"],
      [proxyState()],
      { reasons: programmed, addresses: ["198.51.100.9"], listener: "Programmed" },
    ],
  ] as const)
    test(name, () => expect(status(values, ...objects)).toEqual(want));
});

describe("the Gateway's Accepted", () => {
  const infrastructure = (name: string) => ({ infrastructure: { parametersRef: parametersRef(name) } });
  for (const [name, objects, want] of [
    [
      "some listeners not valid",
      [gatewayWith("gw", [{ name: "a" }, { name: "b", protocol: "ODD" }])],
      ["True", "ListenersNotValid", "Served without these listeners, see their conditions: b."],
    ],
    [
      "no listener valid",
      [gatewayWith("gw", [{ name: "b", protocol: "ODD" }])],
      ["False", "ListenersNotValid", "No listener is valid, see their conditions."],
    ],
    [
      "an unresolved certificate is not the Gateway's fault",
      [gatewayWith("gw", [https("a", undefined, "none")])],
      ["True", "Accepted", accepted.message],
    ],
    [
      "its EnvoyProxy is missing",
      [gatewayWith("gw", [{ name: "a" }], infrastructure("none"))],
      ["False", "InvalidParameters", "EnvoyProxy default/none not found."],
    ],
    [
      "its EnvoyProxy contradicts itself",
      [
        envoyProxy("odd", { provider: { type: "Kubernetes", kubernetes: { envoyDeployment: {}, envoyDaemonSet: {} } } }),
        gatewayWith("gw", [{ name: "a" }], infrastructure("odd")),
      ],
      ["False", "InvalidParameters", "EnvoyProxy default/odd: only one of envoyDeployment and envoyDaemonSet can be set."],
    ],
    [
      "its parametersRef is of another kind",
      [gatewayWith("gw", [{ name: "a" }], { infrastructure: { parametersRef: { group: "", kind: "ConfigMap", name: "x" } } })],
      ["False", "InvalidParameters", "/ConfigMap is not supported, it must be gateway.envoyproxy.io/EnvoyProxy."],
    ],
    [
      "its class has bad parameters",
      [gatewayClass("eg", { parametersRef: parametersRef("none") }), http],
      ["False", "InvalidParameters", "GatewayClass eg: EnvoyProxy default/none not found."],
    ],
    [
      "its own EnvoyProxy mends what its class lacks",
      [
        gatewayClass("eg", { parametersRef: parametersRef("none") }),
        envoyProxy("own", {}),
        gatewayWith("gw", [{ name: "a" }], infrastructure("own")),
      ],
      ["True", "Accepted", accepted.message],
    ],
    [
      "its class merges Gateways, so it cannot have its own",
      [
        gatewayClass("eg", { parametersRef: parametersRef("all") }),
        envoyProxy("all", { mergeGateways: true }),
        gatewayWith("gw", [{ name: "a" }], infrastructure("all")),
      ],
      ["False", "InvalidParameters", "Class eg merges its Gateways, so gw cannot have an infrastructure.parametersRef."],
    ],
  ] as const)
    test(name, () => {
      const condition = statusOf(...objects)?.conditions[0];
      expect([condition?.status, condition?.reason, condition?.message]).toEqual(want);
    });
});

test("listeners that wait for a proxy, also those without a route, or for their user say so", () => {
  const gateway = gatewayWith("gw", [
    { name: "http" },
    { name: "tcp", protocol: "TCP", port: 81 },
    { name: "odd", protocol: "ODD", port: 82 },
  ]);
  const programmed = statusOf(gateway)?.listeners?.map(({ conditions }) =>
    conditions.filter(({ type }) => type === "Programmed"),
  );
  const message = "Waiting for a proxy to acknowledge the listener.";
  const pending = { type: "Programmed", status: "False", reason: "Pending", message };
  expect(programmed).toEqual([
    [pending],
    [pending],
    [{ type: "Programmed", status: "False", reason: "Invalid", message: "The listener is not valid, see its other conditions." }],
  ]);
});

test("a Gateway of another controller has no status of ours", () => {
  expect(statusOf(config({ controllerName: "example.com/other" }), http)).toBeUndefined();
});

test("an edited status cell runs the status again, and nothing of the listeners", () => {
  const db = world(http, proxyState());
  gatewayStatus(db, "default/gw");
  db.apply([applied(proxyState({ ready: 1 }))]);
  gatewayStatus(db, "default/gw");
  expect(db.computed).toEqual(["gatewayStatus(default/gw)"]);
});
