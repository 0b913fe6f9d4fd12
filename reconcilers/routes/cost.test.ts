import { shardOf } from "../../xds/model/shards.ts";
import { proxy } from "../proxy.ts";
import { gateway, listener, route, rule, service, slice } from "../testing/routes.ts";
import type { TestObject } from "../testing/world.ts";
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
      "attachments(default/one)",
      "httpRules(default/one)",
      "hostRoutes(default/one,http-80,one.example.com)",
      `virtualHost(${table},one.example.com)`,
      `virtualHosts(${table},${shardOf("one.example.com")})`,
      `routeTable(${table})`,
      "routeTables(default/gw)",
      "routeClusters(default/one)",
      "proxy(default/gw)",
    ],
  ],
  [
    "an endpoint",
    slice("echo", { "10.0.0.9": {} }),
    [
      "serviceEndpoints(default/echo,8080)",
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
    ["servicePort(default/echo,8080)"],
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
