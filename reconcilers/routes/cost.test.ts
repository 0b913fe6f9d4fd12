import { shardOf } from "../../xds/model/shards.ts";
import { proxy } from "../proxy.ts";
import { gateway, listener, route, rule, service, slice } from "../testing/routes.ts";
import type { TestObject } from "../testing/object.ts";
import { applied, world } from "../testing/world.ts";

const host = (name: string): string => `${name}.example.com`;
const app = (name: string, path = "/", to = "echo"): TestObject =>
  route(name, { hostnames: [host(name)], rules: [rule(path, to)] });

const table = "default/gw,http-80";
const edits: readonly (readonly [string, TestObject, readonly string[]])[] = [
  ["the same route again", app("one"), []],
  [
    "an edited rule that reaches the same Service",
    app("one", "/v2"),
    [
      "attachments(HTTPRoute,default/one)",
      "requestRules(HTTPRoute,default/one)",
      "hostRoutes(HTTPRoute,default/one,default/gw,http-80,one.example.com)",
      `virtualHost(${table},one.example.com)`,
      `virtualHosts(${table},${shardOf("one.example.com")})`,
      `routeTable(${table})`,
      "routeTables(default/gw)",
      "clustersAt(HTTPRoute,default/one,default/gw,http)",
      "proxy(default/gw)",
    ],
  ],
  [
    "an endpoint",
    slice("echo", { "10.0.0.9": {} }),
    [
      "serviceEndpoints(default/echo,8080,TCP)",
      "assignment(service/default/echo/8080)",
      `assignmentShard(default/gw,${shardOf("service/default/echo/8080")})`,
      "assignments(default/gw)",
      "proxy(default/gw)",
    ],
  ],
  ["an unrelated Service", service("other"), []],
  [
    "a label of the Service",
    { ...service("echo"), metadata: { namespace: "default", name: "echo", labels: { a: "b" } } },
    // The name of its port may be what a BackendTLSPolicy speaks of.
    ["servicePort(default/echo,8080,TCP)", "backendTls(Service,default/echo,8080)"],
  ],
];

for (const [name, edit, want] of edits) {
  test(`what runs after ${name} changed, among other routes`, () => {
    const store = world(
      gateway("gw", listener("http")),
      service("echo"),
      slice("echo", { "10.0.0.1": {} }),
      app("one"),
      app("two"),
      app("three"),
    );
    proxy(store, "default/gw");
    store.apply([applied(edit)]);
    proxy(store, "default/gw");
    expect(store.computed).toEqual(want);
    expect(store.faults).toEqual([]);
  });
}

test("an edit keeps every other shard the same object", () => {
  const store = world(gateway("gw", listener("http")), service("echo"), app("one"), app("two"), app("three"));
  const before = proxy(store, "default/gw");
  store.apply([applied(app("one", "/v2"))]);
  const after = proxy(store, "default/gw");
  const changed = after.routeTables[0]?.shards.filter((shard, i) => shard !== before.routeTables[0]?.shards[i]);
  expect(changed?.map((shard) => shard.map(({ name }) => name))).toEqual([["http-80/one_example_com"]]);
  expect([after.clusters, after.assignments, after.listeners]).toEqual([before.clusters, before.assignments, before.listeners]);
  expect(after.clusters).toBe(before.clusters);
  expect(after.assignments).toBe(before.assignments);
});

test("a route to a new backend, among others, makes its cluster and looks at no other", () => {
  const store = world(gateway("gw", listener("http")), service("echo"), service("new"), app("one"), app("two"), app("three"));
  proxy(store, "default/gw");
  store.apply([applied(app("one", "/", "new"))]);
  proxy(store, "default/gw");
  const names = store.computed.map((each) => each.replace(/\(.*/, ""));
  const looks = ["dealtNames", "clusterShard", "assignmentShard", "shardSecrets", "cluster", "assignment", "clusterSecrets"];
  const count = (name: string): number => names.filter((each) => each === name).length;
  expect(Object.fromEntries(looks.map((name) => [name, count(name)]))).toEqual({
    dealtNames: 1,
    clusterShard: 1,
    assignmentShard: 1,
    shardSecrets: 1,
    cluster: 1,
    assignment: 1,
    clusterSecrets: 1,
  });
});

const crowded = (name: string, path: string): TestObject =>
  route(name, { hostnames: [host("all")], rules: [rule(path, "echo")] });
const members = Array.from({ length: 200 }, (_, i) => crowded(`route-${i}`, `/${"x".repeat(1 + ((i * 7) % 50))}`));

test("on a host that many routes share, an edit orders its own part again, and the order is that of the API", () => {
  const store = world(gateway("gw", listener("http")), service("echo"), ...members);
  proxy(store, "default/gw");
  store.apply([applied(crowded("route-7", `/${"x".repeat(60)}`))]);
  const hosts = proxy(store, "default/gw").routeTables[0]!.shards.flat();
  const routes = hosts.flatMap((each) => each.routes);
  expect(store.computed.map((each) => each.replace(/\(.*/, ""))).toEqual([
    "attachments",
    "requestRules",
    "hostRoutes",
    "hostShard",
    "hostRun",
    "virtualHost",
    "virtualHosts",
    "routeTable",
    "routeTables",
    "clustersAt",
    "proxy",
  ]);
  expect(routes.length).toBe(200);
  expect(routes[0]?.origin.name).toBe("route-7");
  const places = routes.map(({ match, origin }) => [match.path.value.length, origin.name] as const);
  expect(places).toEqual(places.toSorted(([a, one], [b, other]) => b - a || (one < other ? -1 : 1)));
});
