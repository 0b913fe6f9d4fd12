import { proxy } from "../proxy.ts";
import { gateway, listener, parent, route, rule, service } from "../testing/routes.ts";
import type { TestObject } from "../testing/object.ts";
import { world } from "../testing/world.ts";
import { attachedRoutes } from "./attachment.ts";

/** Domains of the first table with the names of the routes that serve each. */
function served(...objects: readonly TestObject[]): Readonly<Record<string, readonly string[]>> {
  const tables = proxy(world(service("echo"), ...objects), "default/gw").routeTables;
  const hosts = (tables[0]?.shards ?? [])
    .flat()
    .map(({ domains, routes }) => [domains.join(), routes.map(({ origin }) => origin.name)] as const);
  return Object.fromEntries(hosts.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const hosts = (...hostnames: readonly string[]) => ({ hostnames, rules: [rule("/", "echo")] });
const cases: readonly (readonly [
  string,
  readonly (string | undefined)[],
  readonly string[],
  Readonly<Record<string, readonly string[]>>,
])[] = [
  ["no hostnames anywhere serve every host", [undefined], [], { "*": ["r"] }],
  [
    "a listener without hostname takes the route's",
    [undefined],
    ["a.example", "*.b.example"],
    { "a.example": ["r"], "*.b.example": ["r"] },
  ],
  ["a route without hostnames takes the listener's", ["*.a.example"], [], { "*.a.example": ["r"] }],
  [
    "a wildcard covers several labels, not the bare domain",
    ["*.a.example"],
    ["x.y.a.example", "a.example"],
    { "x.y.a.example": ["r"] },
  ],
  ["a wider wildcard is cut to the listener's", ["*.b.a.example"], ["*.a.example"], { "*.b.a.example": ["r"] }],
  ["no intersection serves nothing", ["a.example"], ["b.example"], {}],
  [
    "each listener owns its hosts: a catch-all does not answer for a more specific one",
    [undefined, "*.a.example", "x.a.example"],
    ["x.a.example", "y.a.example", "b.example"],
    { "x.a.example": ["r"], "y.a.example": ["r"], "b.example": ["r"], "*.a.example": [] },
  ],
];
for (const [name, listeners, hostnames, want] of cases) {
  test(`hosts: ${name}`, () => {
    const all = listeners.map((hostname, i) => listener(`l${i}`, hostname === undefined ? {} : { hostname }));
    expect(served(gateway("gw", ...all), route("r", hosts(...hostnames)))).toEqual(want);
  });
}

test("a host of a more specific listener answers 404 when only the wider listener has routes", () => {
  const spec = { ...hosts("x.a.example", "y.a.example"), parentRefs: [parent("gw", { sectionName: "wide" })] };
  const gw = gateway("gw", listener("wide", { hostname: "*.a.example" }), listener("narrow", { hostname: "x.a.example" }));
  expect(served(gw, route("r", spec))).toEqual({ "*.a.example": [], "x.a.example": [], "y.a.example": ["r"] });
});

test("sectionName and port select listeners, and attached routes are counted per listener", () => {
  const store = world(
    gateway(
      "gw",
      listener("a"),
      listener("b", { port: 8080 }),
      listener("closed", { port: 81, allowedRoutes: { namespaces: { from: "Same" } } }),
    ),
    route("one", { ...hosts(), parentRefs: [parent("gw", { sectionName: "a" }), parent("gw", { port: 8080 })] }),
    route("two", { ...hosts("nowhere.example"), parentRefs: [parent("gw", { sectionName: "a" })] }),
    route("far/three", hosts()),
  );
  expect(["a", "b", "closed", "none"].map((name) => attachedRoutes(store, "default/gw", name))).toEqual([3, 2, 0, 0]);
});
