import { config, gatewayWith } from "./testing/gateways.ts";
import type { TestObject } from "./testing/object.ts";
import { world } from "./testing/world.ts";
import { xListenerSet } from "./listenerset.ts";

const toGateway = { group: "gateway.networking.k8s.io", kind: "Gateway", namespace: "default", name: "gw" };
const toSet = (name: string) => ({ group: "gateway.networking.x-k8s.io", kind: "XListenerSet", name });

function set(key: string, parentRef: object, listener: object = {}): TestObject {
  const [namespace = "", name = ""] = key.split("/");
  const listeners = [{ name: "extra", protocol: "HTTP", port: 8000, ...listener }];
  return { kind: "XListenerSet", metadata: { namespace, name }, spec: { parentRef, listeners } };
}

const gateway = gatewayWith("gw", [{ name: "http" }], { allowedListeners: { namespaces: { from: "All" } } });
const proxyState = (ready: number): TestObject => ({
  kind: "ProxyState",
  metadata: { name: "default~gw" },
  proxy: "default/gw",
  ready,
  wanted: 1,
  addresses: [{ type: "IPAddress", value: "192.0.2.1" }],
});

/** Reasons of Accepted and Programmed of default/set. */
function reasons(...objects: readonly TestObject[]): readonly string[] | undefined {
  return xListenerSet.status?.(world(...objects), "default/set")?.conditions?.map(({ reason }) => reason);
}

for (const [name, objects, want] of [
  ["the proxies run its listeners", [gateway, proxyState(1), set("default/set", toGateway)], ["Accepted", "Programmed"]],
  ["the Gateway waits for proxies", [gateway, proxyState(0), set("default/set", toGateway)], ["Accepted", "ParentNotProgrammed"]],
  [
    "its user has to mend a listener, whatever else is waited for",
    [gateway, proxyState(0), set("default/set", toGateway, { protocol: "HTTPS", tls: { certificateRefs: [{ name: "gone" }] } })],
    ["Accepted", "Invalid"],
  ],
  ["it has no port", [gateway, proxyState(1), set("default/set", toGateway, { port: 0 })], ["UnsupportedPort", "Invalid"]],
  [
    "its parent is a set of a Gateway of ours",
    [gateway, set("default/set", toSet("other")), set("default/other", toGateway)],
    ["Invalid", "Invalid"],
  ],
  ["in a cluster nobody is above a loop", [set("default/set", toSet("other")), set("default/other", toSet("set"))], undefined],
  [
    "on one machine nobody but us could speak of a loop",
    [config({ infrastructure: "host" }), set("default/set", toSet("other")), set("default/other", toSet("set"))],
    ["Invalid", "Invalid"],
  ],
  [
    "on one machine nobody but us could speak of a parent of no known kind",
    [config({ infrastructure: "host" }), set("default/set", { group: "", kind: "Service", name: "echo" })],
    ["Invalid", "Invalid"],
  ],
] as const)
  test(`a ListenerSet: ${name}`, () => expect(reasons(...objects)).toEqual(want));

test("a set that loses to one of another namespace is not told which; of its own namespace, and of the Gateway, it is", () => {
  const message = (...objects: readonly TestObject[]): unknown => {
    const status = xListenerSet.status?.(world(gateway, set("default/set", toGateway), ...objects), "default/set");
    return status?.listeners?.[0]?.conditions.find(({ type }) => type === "Conflicted")?.message;
  };
  expect(message(set("away/first", toGateway))).toBe(
    "A ListenerSet of another namespace has the same port, protocol and hostname.",
  );
  expect(message(set("default/first", toGateway))).toBe(
    "Listener extra of XListenerSet default/first has the same port, protocol and hostname.",
  );
  expect(message(set("away/first", toGateway, { protocol: "TCP" }))).toBe(
    "A ListenerSet of another namespace uses the port for another protocol.",
  );
});
