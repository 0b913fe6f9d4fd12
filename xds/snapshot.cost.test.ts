import { encodeCount } from "./encoding/checked.ts";
import type { Proxy } from "./model/proxy.ts";
import { shardOf } from "./model/shards.ts";
import { encode } from "./snapshot.ts";
import { someAssignment, someBackend, someCluster, someForward, someHost, someProxy, someRoute } from "./testing/models.ts";

const hosts = Array.from({ length: 1000 }, (_, number) => someHost(`${number}.example`));
const proxy = someProxy({ tables: { "http-80": hosts } });
const first = encode(proxy);

/** The proxy with other virtual hosts in the shard of one domain; every other shard is the same array. */
function withHost(domain: string, host: (typeof hosts)[number]): Proxy {
  const [table] = proxy.routeTables;
  const shards = table!.shards.map((shard, position) =>
    position === shardOf(domain) ? shard.map((old) => (old.domains[0] === domain ? host : old)) : shard,
  );
  return { ...proxy, routeTables: [{ ...table!, shards }] };
}

function encodesFor(changed: Proxy): number {
  const before = encodeCount.value;
  encode(changed, first.snapshot);
  return encodeCount.value - before;
}

const known = someRoute();
for (const [edit, changed, want] of [
  ["nothing changes", proxy, 0],
  // The new route, and the head of the virtual host that holds it.
  ["one route of a thousand hosts changes", withHost("7.example", someHost("7.example", [someRoute({ name: "other" })])), 2],
  ["routes of one host change their order", withHost("7.example", someHost("7.example", [known])), 2],
  [
    "an endpoint becomes ready",
    { ...proxy, assignments: someProxy({ assignments: [someAssignment({ localities: [] })] }).assignments },
    1,
  ],
  ["a cluster changes", { ...proxy, clusters: someProxy({ clusters: [someCluster({ protocol: "http2" })] }).clusters }, 1],
] as const) {
  test(`${edit}: ${want} messages are encoded`, () => {
    expect(encodesFor(changed)).toBe(want);
  });
}

test("a route keeps its encoding when its virtual host is made anew", () => {
  const kept = hosts[7]!.routes;
  const added = someRoute({ name: "added", action: someForward({ backends: [someBackend({ weight: 3 }), someBackend()] }) });
  expect(encodesFor(withHost("7.example", someHost("7.example", [added, ...kept])))).toBe(2);
});
