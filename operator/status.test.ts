// Statuses: computed for what a batch reached, written when they differ, with generation and times.

import { config, gatewayClass } from "../reconcilers/testing/gateways.ts";
import { gateway, listener, route, rule } from "../reconcilers/testing/routes.ts";
import type { TestObject } from "../reconcilers/testing/object.ts";
import { applied, world } from "../reconcilers/testing/world.ts";
import type { Change } from "../store/db.ts";
import { completed } from "./conditions.ts";
import { createStatusLoop, createStatusMemory } from "./status.ts";
import { createFakeClock } from "./testing/clock.ts";

const generated = (object: TestObject, generation: number): TestObject => ({
  ...object,
  metadata: { ...object.metadata, generation },
});

/** Applies objects one batch after the other; says what was written. */
async function running(...objects: readonly TestObject[]) {
  const clock = createFakeClock();
  const store = world(...objects);
  const memory = createStatusMemory(store);
  const written: string[] = [];
  const loop = createStatusLoop(
    store,
    {
      async write(kind, key, status) {
        written.push(`${kind} ${key}${status === undefined ? " gone" : ""}`);
        await memory.write(kind, key, status);
      },
    },
    clock.today,
  );
  const batch = async (...changes: readonly Change[]): Promise<readonly string[]> => {
    await loop.settle(store.apply(changes));
    return written.splice(0).toSorted();
  };
  await loop.settle([config({}), gatewayClass("eg"), ...objects].map(applied));
  return { clock, memory, batch, first: written.splice(0).toSorted() };
}

const gw = gateway("gw", listener("http"));
const routes = ["a", "b", "c"].map((name) => route(name, { rules: [rule("/", name)] }));

test("only what a batch reached is written", async () => {
  const { first, batch } = await running(gw, ...routes);
  expect(first).toEqual([
    "Gateway default/gw",
    "GatewayClass /eg",
    "HTTPRoute default/a",
    "HTTPRoute default/b",
    "HTTPRoute default/c",
  ]);
  expect(await batch(applied(generated(routes[0]!, 2)))).toEqual(["HTTPRoute default/a"]);
  expect(await batch(applied(generated(routes[0]!, 2)))).toEqual([]);
  expect(await batch({ type: "deleted", kind: "HTTPRoute", key: "default/b" })).toEqual([
    "Gateway default/gw",
    "HTTPRoute default/b gone",
  ]);
  expect(await batch({ type: "deleted", kind: "Gateway", key: "default/gw" })).toEqual([
    "Gateway default/gw gone",
    "HTTPRoute default/a gone",
    "HTTPRoute default/c gone",
  ]);
});

test("an object that was not ours gets a status when its class comes", async () => {
  const other = { ...gw, metadata: { namespace: "default", name: "other" }, spec: { gatewayClassName: "later", listeners: [] } };
  const { first, batch } = await running(other);
  expect(first).toEqual(["GatewayClass /eg"]);
  expect(await batch(applied(gatewayClass("later")))).toEqual(["Gateway default/other", "GatewayClass /later"]);
});

test("the generation follows the object; the time moves with the condition's status alone", async () => {
  const { clock, memory, batch } = await running(generated(gw, 1));
  const accepted = () => {
    const [object] = memory.all("Gateway") as readonly { readonly status: { readonly conditions: readonly object[] } }[];
    return object!.status.conditions[0];
  };
  const condition = { type: "Accepted", status: "True", observedGeneration: 1, lastTransitionTime: "2026-06-01T00:00:00Z" };
  expect(accepted()).toMatchObject(condition);
  clock.pass(60_000);
  await batch(applied(generated(gw, 2)));
  expect(accepted()).toMatchObject({ ...condition, observedGeneration: 2 });
  await batch(applied(generated({ ...gw, spec: { gatewayClassName: "eg", listeners: [] } }, 3)));
  clock.pass(60_000);
  const broken = { gatewayClassName: "eg", listeners: [listener("http", { protocol: "NONE" })] };
  await batch(applied(generated({ ...gw, spec: broken }, 4)));
  expect(accepted()).toMatchObject({
    status: "False",
    observedGeneration: 4,
    lastTransitionTime: "2026-06-01T00:02:00Z",
  });
});

test("conditions of a parent keep their times when another parent comes before it", () => {
  const at = (name: string, status: string) => ({
    parentRef: { name },
    conditions: [{ type: "Accepted", status, reason: "R", message: "" }],
  });
  const first = completed([at("b", "True")], undefined, { generation: 1, now: new Date("2026-01-01T00:00:00.5Z") });
  const second = completed([at("a", "True"), at("b", "True")], first, { generation: 2, now: new Date("2026-02-01") });
  const condition = { type: "Accepted", status: "True", reason: "R", message: "", observedGeneration: 2 };
  expect(second).toEqual([
    { parentRef: { name: "a" }, conditions: [{ ...condition, lastTransitionTime: "2026-02-01T00:00:00Z" }] },
    { parentRef: { name: "b" }, conditions: [{ ...condition, lastTransitionTime: "2026-01-01T00:00:00Z" }] },
  ]);
});

test("a status that an earlier process wrote of an object that is not ours any more is taken back once", async () => {
  const { batch } = await running(gw);
  const foreign = route("foreign", { parentRefs: [] });
  const seen = { ...foreign, status: { parents: [] } };
  expect(await batch(applied(seen))).toEqual(["HTTPRoute default/foreign gone"]);
  expect(await batch(applied(generated(seen, 2)))).toEqual([]);
});
