import { encodeCount } from "./encoding/checked.ts";
import type { Proxy } from "./model/proxy.ts";
import type { Route } from "./model/route.ts";
import { shardOf } from "./model/shards.ts";
import type { Resource, ResourceSet } from "./resource.ts";
import { bucketName, bucketOf, scopeOf } from "./scopes.ts";
import { encode } from "./snapshot.ts";
import { someAssignment, someBackend, someCluster, someForward, someHost, someProxy, someRoute } from "./testing/models.ts";
import { typeUrls } from "./type-urls.ts";

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

// ── A thousand routes of one host ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const crowd = Array.from({ length: 1000 }, (_, number) => someRoute({ name: `route-${number}` }));
const withRoutes = (routes: readonly Route[]): Proxy => someProxy({ tables: { "http-80": [someHost("a.example", routes)] } });

function tableOf(changed: Proxy): Resource {
  const tables = encode(changed).snapshot.resources.get(typeUrls.routeConfiguration);
  return tables!.shards.flatMap((shard) => [...shard.values()])[0]!;
}

const added = someRoute({ name: "added" });
for (const [edit, routes, want] of [
  ["a route changes", crowd.with(500, added), { encodes: 2, pieces: 1 }],
  ["a route is added", crowd.toSpliced(500, 0, added), { encodes: 2, pieces: 1 }],
  ["a route is removed", crowd.toSpliced(500, 1), { encodes: 1, pieces: 1 }],
] as const) {
  test(`${edit} among a thousand of one host: it alone is encoded, and one piece is copied`, () => {
    const before = new Set(tableOf(withRoutes(crowd)).chunks);
    const encodes = encodeCount.value;
    const fresh = withRoutes(routes.map((route) => (route === added ? { ...added } : route)));
    const { chunks = [] } = tableOf(fresh);
    // The listener, the cluster and the assignment of the new proxy are encoded too.
    const others = 3;
    // Head and tail of the table are made anew each time.
    const made = chunks.filter((chunk) => !before.has(chunk)).length - 2;
    expect({ encodes: encodeCount.value - encodes - others, pieces: made }).toEqual(want);
  });
}

test("where blocks begin depends on history, bytes and version do not", () => {
  let routes: readonly Route[] = crowd;
  for (let step = 0; step < 200; step++) {
    const position = (step * 37) % routes.length;
    routes = step % 3 === 0 ? routes.toSpliced(position, 40) : routes.toSpliced(position, 0, someRoute({ name: `step-${step}` }));
    tableOf(withRoutes(routes));
  }
  const edited = tableOf(withRoutes(routes));
  const anew = tableOf(withRoutes(structuredClone(routes)));
  expect(edited.version).toBe(anew.version);
  expect(Buffer.compare(edited.bytes, anew.bytes)).toBe(0);
});

// ── Three thousand hosts in buckets ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function bucketed(changed: Proxy): Proxy {
  return { ...changed, routeLayout: "bucketed" };
}

test("one edited route among 3,000 hosts in buckets: two messages are encoded, and one small route configuration is sent", () => {
  const names = Array.from({ length: 3000 }, (_, number) => `route-${number}.example.com`);
  const parts = names.map((name) => someHost(name));
  const whole = someProxy({ tables: { "http-80": parts } });
  const before = encode(bucketed(whole)).snapshot;
  const edited = someHost(names[7]!, [someRoute({ name: "edited" })]);
  const [table] = whole.routeTables;
  const shards = table!.shards.map((shard) =>
    shard.includes(parts[7]!) ? shard.map((old) => (old === parts[7] ? edited : old)) : shard,
  );
  const encodes = encodeCount.value;
  const after = encode(bucketed({ ...whole, routeTables: [{ ...table!, shards }] }), before).snapshot;
  const sent = [...after.resources].flatMap(([typeUrl, set]) =>
    changedIn(set.shards, before.resources.get(typeUrl)!.shards).map(({ name, bytes }) => ({ name, size: bytes.length })),
  );
  expect(encodeCount.value - encodes).toBe(2);
  expect(sent.map(({ name }) => name)).toEqual([bucketName("http-80", bucketOf(scopeOf(names[7]!)))]);
  const inOne = encode(whole)
    .snapshot.resources.get(typeUrls.routeConfiguration)!
    .shards.flatMap((shard) => [...shard.values()]);
  expect(inOne[0]!.bytes.length / sent[0]!.size).toBeGreaterThan(10);
});

test("an edit in buckets leaves every other bucket the same object", () => {
  const hostA = someHost("a.example");
  const make = (host: typeof hostA) =>
    encode(bucketed(someProxy({ tables: { "http-80": [host, someHost("b.example"), someHost("*.c.example")] } })));
  const routesOf = (of: ReturnType<typeof make>) =>
    of.snapshot.resources.get(typeUrls.routeConfiguration)!.shards.flatMap((shard) => [...shard]);
  const versions = new Map(routesOf(make(hostA)).map(([name, { version }]) => [name, version]));
  const changed = routesOf(make(someHost("a.example", [someRoute({ name: "edited" })]))).filter(
    ([name, { version }]) => versions.get(name) !== version,
  );
  expect(changed.map(([name]) => name)).toEqual([bucketName("http-80", bucketOf(scopeOf("a.example")))]);
});

function changedIn(shards: ResourceSet["shards"], before: ResourceSet["shards"]): readonly Resource[] {
  return shards.flatMap((shard, position) =>
    shard === before[position]
      ? []
      : [...shard.values()].filter(({ name, version }) => before[position]?.get(name)?.version !== version),
  );
}
