// mergeGateways: the Gateways of a class share one Envoy, and stay apart in it.

import { answers } from "./support/client.ts";
import { startLoad } from "./support/load.ts";
import { envoyProxy, gateway, gatewayClass, http, route, to } from "./support/objects.ts";
import { freePorts } from "../testing/free-ports.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
let shared: number;
let own: number;

const rules = (name: string) => [{ backendRefs: to(name) }];
const at = (gatewayName: string, sectionName?: string) => [
  { name: gatewayName, ...(sectionName !== undefined && { sectionName }) },
];

beforeAll(async () => {
  world = await startWorld();
  [shared = 0, own = 0] = await freePorts(2);
  await world.apply("class", [gatewayClass("merged", "together"), envoyProxy("together", { mergeGateways: true })]);
  await world.apply("routes", [
    route("one", { parents: at("one"), rules: rules("v1") }),
    route("two", { parents: at("two"), rules: rules("v2") }),
  ]);
}, 60_000);
afterAll(() => world.stop());

test("two Gateways of one class are served by one Envoy, each by its own routes", async () => {
  await world.apply("gateways", [
    gateway("one", [http("shared", shared, "one.example"), http("own", own)], "merged"),
    gateway("two", [http("shared", shared, "two.example")], "merged"),
  ]);
  const table = [
    ["one.example/", "v1"],
    ["two.example/", "v2"],
    ["three.example/", "404"],
  ] as const;
  expect(await answers(shared, table)).toEqual(table);
  expect(await answers(own, [["three.example/", ""]])).toEqual([["three.example/", "v1"]]);
  expect(await world.streams()).toHaveLength(1);
});

test("a Gateway joins and leaves the Envoy of others without a wrong answer for them", async () => {
  const one = gateway("one", [http("shared", shared, "one.example")], "merged");
  const two = gateway("two", [http("shared", shared, "two.example")], "merged");
  await world.apply("gateways", [one]);
  const load = startLoad({ port: shared, lines: ["one.example/"] }, "v1");
  await load.served(50);
  for (let edit = 0; edit < 20; edit++) {
    await world.apply("gateways", edit % 2 === 0 ? [one, two] : [one]);
    expect(await answers(shared, [["two.example/", ""]])).toEqual([["two.example/", edit % 2 === 0 ? "v2" : "404"]]);
    await load.served(50);
  }
  const { wrong, count } = await load.stop(1_000);
  expect(wrong).toEqual({});
  expect(count).toBeGreaterThanOrEqual(1_000);
}, 30_000);
