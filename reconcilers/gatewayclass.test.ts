import { gatewayClass as reconciler } from "./gatewayclass.ts";
import { config, envoyProxy, gatewayClass, parametersRef } from "./testing/gateways.ts";
import { world } from "./testing/world.ts";
import type { TestObject } from "./testing/object.ts";

function conditionOf(...objects: readonly TestObject[]) {
  return reconciler.status(world(...objects), "/eg")?.conditions;
}

for (const [name, objects, want] of [
  ["a class of ours is accepted", [], ["True", "Accepted", "This controller manages the GatewayClass."]],
  [
    "its EnvoyProxy may be named without a namespace, which means default",
    [envoyProxy("all", {}), gatewayClass("eg", { parametersRef: parametersRef("all") })],
    ["True", "Accepted", "This controller manages the GatewayClass."],
  ],
  [
    "its EnvoyProxy must exist",
    [gatewayClass("eg", { parametersRef: { ...parametersRef("all"), namespace: "infra" } })],
    ["False", "InvalidParameters", "Invalid parametersRef: EnvoyProxy infra/all not found."],
  ],
  [
    "its parameters must be an EnvoyProxy",
    [gatewayClass("eg", { parametersRef: { group: "", kind: "ConfigMap", name: "x", namespace: "default" } })],
    [
      "False",
      "InvalidParameters",
      "Invalid parametersRef: /ConfigMap is not supported, it must be gateway.envoyproxy.io/EnvoyProxy.",
    ],
  ],
] as const)
  test(name, () => {
    const [status, reason, message] = want;
    expect(conditionOf(...objects)).toEqual([{ type: "Accepted", status, reason, message }]);
  });

test("a class of another controller is not spoken about", () => {
  expect(conditionOf(gatewayClass("eg", { controllerName: "example.com/other" }))).toBeUndefined();
});

test("supported features are sorted by name, as the API asks", () => {
  const names = reconciler.status(world(), "/eg")?.supportedFeatures?.map(({ name }) => name) ?? [];
  expect(names).toEqual(names.toSorted());
  expect(names).toContain("HTTPRoute");
});

test("a single machine claims no feature that is made of a cluster's objects", () => {
  const names = (...objects: readonly TestObject[]) =>
    reconciler.status(world(...objects), "/eg")?.supportedFeatures?.map(({ name }) => name) ?? [];
  const here = new Set(names(config({ infrastructure: "host" })));
  expect(names().filter((name) => !here.has(name))).toEqual(["GatewayInfrastructurePropagation"]);
});
