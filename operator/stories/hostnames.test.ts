// Which listener a request belongs to: hostnames of listeners and routes together, isolation of listeners, ports and section names.

import { answers } from "./support/client.ts";
import { gateway, http, path, route, to, type RouteSpec } from "./support/objects.ts";
import { freePorts } from "../testing/free-ports.ts";
import { startWorld, type World } from "./support/world.ts";

type Table = readonly (readonly [line: string, want: string])[];
let world: World;
let ports: number[];

beforeAll(async () => {
  world = await startWorld();
  ports = await freePorts(4);
}, 60_000);
afterAll(() => world.stop());

async function expectTable(port: number, table: Table): Promise<void> {
  expect(await answers(port, table)).toEqual(table);
}

const parent = (sectionName: string) => ({ name: "eg", sectionName });
const rule = (value: string, name: string) => [{ matches: [path("PathPrefix", value)], backendRefs: to(name) }];

test("only hostnames that a listener and a route share are served", async () => {
  const [port = 0] = ports;
  await world.apply("gateway", [
    gateway("eg", [
      http("specific", port, "very.specific.com"),
      http("wildcard", port, "*.wildcard.io"),
      http("another", port, "*.anotherwildcard.io"),
    ]),
  ]);
  const wildcardHosts = ["non.matching.com", "wildcard.io", "foo.wildcard.io", "bar.wildcard.io", "foo.bar.wildcard.io"];
  await world.apply("routes", [
    route("s1", { hostnames: ["non.matching.com", "*.nonmatchingwildcard.io", "very.specific.com"], rules: rule("/s1", "v1") }),
    route("s2", { hostnames: wildcardHosts, rules: rule("/s2", "v2") }),
    route("s3", { hostnames: ["non.matching.com", "*.specific.com"], rules: rule("/s3", "v3") }),
    route("s4", { hostnames: ["*.anotherwildcard.io"], rules: rule("/s4", "v1") }),
    route("s5", { hostnames: ["specific.but.wrong.com", "wildcard.io"], rules: rule("/s5", "v2") }),
  ]);
  await expectTable(port, [
    ["very.specific.com/s1", "v1"],
    ["very.specific.com:1234/s1", "v1"],
    ["VERY.specific.com/s1", "v1"],
    ["non.matching.com/s1", "404"],
    ["foo.nonmatchingwildcard.io/s1", "404"],
    ["foo.wildcard.io/s1", "404"],
    ["very.specific.com/non-matching-prefix", "404"],
    ["foo.wildcard.io/s2", "v2"],
    ["bar.wildcard.io/s2", "v2"],
    ["foo.bar.wildcard.io/s2", "v2"],
    ["non.matching.com/s2", "404"],
    ["wildcard.io/s2", "404"],
    ["very.specific.com/s2", "404"],
    ["foo.wildcard.io/non-matching-prefix", "404"],
    ["very.specific.com/s3", "v3"],
    ["non.matching.com/s3", "404"],
    ["foo.specific.com/s3", "404"],
    ["foo.wildcard.io/s3", "404"],
    ["foo.anotherwildcard.io/s4", "v1"],
    ["bar.anotherwildcard.io/s4", "v1"],
    ["foo.bar.anotherwildcard.io/s4", "v1"],
    ["anotherwildcard.io/s4", "404"],
    ["foo.wildcard.io/s4", "404"],
    ["specific.but.wrong.com/s5", "404"],
    ["wildcard.io/s5", "404"],
  ]);
  const rejected = await world.object("HTTPRoute", "s5");
  expect(rejected?.status).toMatchObject({
    parents: [
      { conditions: [{ type: "Accepted", status: "False", reason: "NoMatchingListenerHostname" }, { type: "ResolvedRefs" }] },
    ],
  });
});

test("an exact hostname of a listener beats a wildcard one, and routes stay on the listeners they name", async () => {
  const [port = 0] = ports;
  await world.apply("gateway", [
    gateway("eg", [
      http("listener-1", port, "bar.com"),
      http("listener-2", port, "foo.bar.com"),
      http("listener-3", port, "*.bar.com"),
      http("listener-4", port, "*.foo.com"),
    ]),
  ]);
  const everything = (name: string) => [{ backendRefs: to(name) }];
  await world.apply("routes", [
    route("v1", { parents: [parent("listener-1")], rules: everything("v1") }),
    route("v2", { parents: [parent("listener-2")], rules: everything("v2") }),
    route("v3", { parents: [parent("listener-3"), parent("listener-4")], rules: everything("v3") }),
  ]);
  await expectTable(port, [
    ["bar.com/", "v1"],
    ["foo.bar.com/", "v2"],
    ["baz.bar.com/", "v3"],
    ["boo.bar.com/", "v3"],
    ["multiple.prefixes.bar.com/", "v3"],
    ["multiple.prefixes.foo.com/", "v3"],
    ["foo.com/", "404"],
    ["no.matching.host/", "404"],
  ]);
});

const isolated = [
  ["bar.com", "/empty-hostname", "v1"],
  ["bar.example.com", "/wildcard-example-com", "v2"],
  ["bar.foo.example.com", "/wildcard-foo-example-com", "v3"],
  ["abc.foo.example.com", "/abc-foo-example-com", "v1"],
] as const;
/** Every host asks for every path; its own listener's path alone answers. */
const isolationTable: Table = isolated.flatMap(([host]) =>
  isolated.map(([owner, own, backend]) => [`${host}${own}`, owner === host ? backend : "404"] as const),
);

for (const [where, hostnames] of [
  ["listeners", undefined],
  ["listeners and routes", ["bar.com", "*.example.com", "*.foo.example.com", "abc.foo.example.com"]],
] as const)
  test(`a request is served by the most specific listener alone, with hostnames on ${where}`, async () => {
    const [port = 0] = ports;
    const names = ["empty", "example", "foo-example", "abc"];
    const listenerHosts = [undefined, "*.example.com", "*.foo.example.com", "abc.foo.example.com"];
    await world.apply("routes", []);
    await world.apply("gateway", [
      gateway(
        "eg",
        names.map((name, i) => http(name, port, listenerHosts[i])),
      ),
    ]);
    await world.apply(
      "routes",
      names.map((name, i): ReturnType<typeof route> => {
        const [, value, backend] = isolated[i]!;
        const hosts: Pick<RouteSpec, "hostnames"> = hostnames === undefined ? {} : { hostnames: [hostnames[i]!] };
        return route(`at-${name}`, { ...hosts, parents: [parent(name)], rules: rule(value, backend) });
      }),
    );
    expect(isolationTable).toHaveLength(16);
    await expectTable(port, isolationTable);
  });

test("a listener without hostname serves exactly the hosts of its routes", async () => {
  const [port = 0] = ports;
  await world.apply("gateway", [gateway("eg", [http("http", port)])]);
  await world.apply("routes", [
    route("one", { hostnames: ["one.example", "*.two.example"], rules: rule("/", "v1") }),
    route("all", { rules: rule("/all", "v2") }),
  ]);
  await expectTable(port, [
    ["one.example/", "v1"],
    ["x.two.example/", "v1"],
    ["two.example/", "404"],
    ["three.example/", "404"],
    ["three.example/all", "v2"],
    // The more specific host decides before paths do (HTTPRouteSpec.hostnames).
    ["one.example/all", "v1"],
  ]);
});

test("a port of a parentRef chooses the listeners of that port, with a section name the one of both", async () => {
  const [, first = 0, second = 0, third = 0] = ports;
  await world.apply("gateway", [
    gateway("eg", [http("one", first), http("two", second), http("foo", third, "foo.com"), http("other", third, "other.com")]),
  ]);
  const at = (more: object) => ({ name: "eg", ...more });
  await world.apply("routes", [
    route("first", { parents: [at({ port: first })], rules: rule("/", "v1") }),
    route("second", { parents: [at({ port: second })], rules: rule("/", "v2") }),
    route("third", { parents: [at({ port: third, sectionName: "foo" })], rules: rule("/", "v3") }),
    route("nowhere", { parents: [at({ port: first, sectionName: "two" })], rules: rule("/nowhere", "v1") }),
  ]);
  await expectTable(first, [
    ["foo.com/", "v1"],
    ["bar.com/", "v1"],
  ]);
  await expectTable(second, [
    ["foo.com/", "v2"],
    ["foo.com/nowhere", "v2"],
  ]);
  await expectTable(third, [
    ["foo.com/", "v3"],
    [`foo.com:${third}/`, "v3"],
    ["bar.com/", "404"],
    [`bar.com:${third}/`, "404"],
    ["other.com/", "404"],
  ]);
});
