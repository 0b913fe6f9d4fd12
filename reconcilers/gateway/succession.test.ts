// Which proxy goes when, as Gateways begin and cease to share one.

import { gatewayClass as classReconciler } from "../gatewayclass.ts";
import { config, envoyProxy, gatewayClass, gatewayWith, parametersRef } from "../testing/gateways.ts";
import type { TestObject } from "../testing/object.ts";
import { world } from "../testing/world.ts";
import { gateway as gatewayReconciler } from "./index.ts";

const state = (proxy: string, ready: number): TestObject => ({
  kind: "ProxyState",
  metadata: { name: proxy.replace("/", "~") },
  proxy,
  ready,
  wanted: 1,
  addresses: [],
});
const gateways = [gatewayWith("a", [{ name: "http" }]), gatewayWith("b", [{ name: "http", port: 81 }])];
const sharing = (mergeGateways: boolean): readonly TestObject[] => [
  gatewayClass("eg", { parametersRef: { ...parametersRef("all"), namespace: "default" } }),
  envoyProxy("all", { mergeGateways }),
  ...gateways,
];

/** How many objects are called for; "left" for: what there is stays. */
function wanted(...objects: readonly TestObject[]) {
  const store = world(...objects);
  const count = (owned: readonly unknown[] | undefined): number | "left" => owned?.length ?? "left";
  return {
    class: count(classReconciler.owned?.(store, "/eg")),
    a: count(gatewayReconciler.owned?.(store, "default/a")),
    b: count(gatewayReconciler.owned?.(store, "default/b")),
  };
}

test("proxies of Gateways that begin to share stay until the shared one is ready", () => {
  const own = [state("default/a", 1), state("default/b", 1)];
  expect(wanted(...sharing(true), ...own)).toEqual({ class: 4, a: "left", b: "left" });
  expect(wanted(...sharing(true), ...own, state("eg", 0))).toEqual({ class: 4, a: "left", b: "left" });
  expect(wanted(...sharing(true), ...own, state("eg", 1))).toEqual({ class: 4, a: 0, b: 0 });
});

test("a shared proxy stays until every Gateway has its own", () => {
  expect(wanted(...sharing(false), state("eg", 1), state("default/a", 1))).toEqual({ class: "left", a: 4, b: 4 });
  expect(wanted(...sharing(false), state("eg", 1), state("default/a", 1), state("default/b", 1))).toMatchObject({ class: 0 });
});

test("what does not run need not stay, nor what no Gateway uses any more", () => {
  expect(wanted(...sharing(true))).toEqual({ class: 4, a: 0, b: 0 });
  expect(wanted(...sharing(false))).toEqual({ class: 0, a: 4, b: 4 });
  expect(wanted(...sharing(false).slice(0, 2), state("eg", 1))).toMatchObject({ class: 0 });
});

test("on a single machine the ports must be given up first", () => {
  const host = config({ infrastructure: "host" });
  expect(wanted(host, ...sharing(true), state("default/a", 1), state("default/b", 1))).toEqual({ class: 1, a: 0, b: 0 });
});
