// Which rule of which route answers: the cases of Gateway API's conformance suite and some more, as tables of requests and backends.
// Over 300 lines: the tables share one operator and one Envoy.

import { answers } from "./support/client.ts";
import { gateway, header, http, path, route, to } from "./support/objects.ts";
import { freePorts } from "../testing/free-ports.ts";
import { startWorld, type World } from "./support/world.ts";

type Table = readonly (readonly [line: string, want: string])[];
let world: World;
let port: number;

beforeAll(async () => {
  world = await startWorld();
  [port = 0] = await freePorts(1);
  await world.apply("gateway", [gateway("eg", [http("http", port)])]);
}, 60_000);
afterAll(() => world.stop());
afterEach(() => world.apply("routes", []));

async function expectTable(table: Table, at = port): Promise<void> {
  expect(await answers(at, table)).toEqual(table);
}

test("exact paths match whole and with their case", async () => {
  await world.apply("routes", [
    route("exact", {
      rules: [
        { matches: [path("Exact", "/one")], backendRefs: to("v1") },
        { matches: [path("Exact", "/two")], backendRefs: to("v2") },
      ],
    }),
  ]);
  await expectTable([
    ["a.example/one", "v1"],
    ["a.example/two", "v2"],
    ["a.example/one?q=1", "v1"],
    ["a.example/", "404"],
    ["a.example/one/", "404"],
    ["a.example/one/example", "404"],
    ["a.example/Two", "404"],
  ]);
});

test("prefixes match whole segments, whatever slashes stand at their ends", async () => {
  await world.apply("routes", [
    route("prefixes", {
      rules: [
        { matches: [path("PathPrefix", "/plain")], backendRefs: to("v1") },
        { matches: [path("PathPrefix", "/slash/")], backendRefs: to("v2") },
      ],
    }),
  ]);
  await expectTable([
    ["a.example/plain", "v1"],
    ["a.example/plain/", "v1"],
    ["a.example/plain/deep/er", "v1"],
    ["a.example/plain?q", "v1"],
    ["a.example/plainer", "404"],
    ["a.example/Plain", "404"],
    ["a.example/slash", "v2"],
    ["a.example/slash/", "v2"],
    ["a.example/slash/x", "v2"],
    ["a.example/slashes", "404"],
    ["a.example/", "404"],
  ]);
});

const versions = [
  { matches: [path("PathPrefix", "/"), { headers: [header("version", "one")] }], backendRefs: to("v1") },
  { matches: [path("PathPrefix", "/v2"), { headers: [header("version", "two")] }], backendRefs: to("v2") },
];
const versionTable: Table = [
  ["example.com/", "v1"],
  ["example.com/example", "v1"],
  ["example.com/ | Version: one", "v1"],
  ["example.com/v2", "v2"],
  ["example.com/v2/", "v2"],
  ["example.com/v2/example", "v2"],
  ["example.com/v2example", "v1"],
  ["example.com/foo/v2/example", "v1"],
  ["example.com/ | Version: two", "v2"],
];

test("matches of a rule are alternatives, and the more specific one wins over the rules", async () => {
  await world.apply("routes", [route("matching", { rules: versions })]);
  await expectTable(versionTable);
});

test("rules of several routes of one host rank as if they were one route", async () => {
  await world.apply("routes", [
    route("part1", { hostnames: ["example.com", "example.net"], rules: [versions[0]!] }),
    route("part2", { hostnames: ["example.com"], rules: [versions[1]!] }),
  ]);
  await expectTable([
    ...versionTable,
    ["example.net/example", "v1"],
    ["example.net/v2", "v1"],
    ["example.net/ | Version: two", "v1"],
    ["example.org/", "404"],
  ]);
});

test("exact paths win over prefixes, longer prefixes over shorter ones, whatever their order", async () => {
  const rule = (type: Parameters<typeof path>[0], value: string, name: string) => ({
    matches: [path(type, value)],
    backendRefs: to(name),
  });
  await world.apply("routes", [
    route("order", {
      rules: [
        rule("PathPrefix", "/match/", "v3"),
        rule("PathPrefix", "/match/prefix/", "v1"),
        rule("PathPrefix", "/match/prefix/one/", "v2"),
        rule("Exact", "/match/exact", "v2"),
        rule("Exact", "/match/exact/one", "v3"),
        rule("Exact", "/match", "v1"),
        rule("RegularExpression", "/match/r[a-z]+/.*", "v2"),
      ],
    }),
  ]);
  await expectTable([
    ["a.example/match/exact/one", "v3"],
    ["a.example/match/exact", "v2"],
    ["a.example/match", "v1"],
    ["a.example/match/prefix/one/any", "v2"],
    ["a.example/match/prefix/any", "v1"],
    ["a.example/match/any", "v3"],
    ["a.example/match/regex/any", "v2"],
    ["a.example/match/regex", "v3"],
  ]);
});

test("regular expressions match whole paths", async () => {
  await world.apply("routes", [
    route("regex", { rules: [{ matches: [path("RegularExpression", "/(users|teams)/\\d+")], backendRefs: to("v1") }] }),
  ]);
  await expectTable([
    ["a.example/users/12", "v1"],
    ["a.example/teams/3?x=y", "v1"],
    ["a.example/users/12/more", "404"],
    ["a.example/v1/users/12", "404"],
    ["a.example/users/abc", "404"],
  ]);
});

test("headers of a match must all be there; the match with more of them wins", async () => {
  const when = (headers: readonly unknown[][], name: string) => ({
    matches: headers.map((each) => ({ headers: each })),
    backendRefs: to(name),
  });
  await world.apply("routes", [
    route("headers", {
      rules: [
        when([[header("version", "one")]], "v1"),
        when([[header("version", "two")]], "v2"),
        when([[header("version", "two"), header("color", "orange")]], "v1"),
        when([[header("color", "blue")], [header("color", "green")]], "v1"),
        when([[header("color", "red")], [header("color", "yellow")]], "v2"),
        when([[header("X-Build", "^v[0-9]+$", "RegularExpression")]], "v3"),
      ],
    }),
  ]);
  await expectTable([
    ["a.example/ | Version: one", "v1"],
    ["a.example/ | VERSION: two", "v2"],
    ["a.example/ | Version: two | Color: orange", "v1"],
    ["a.example/ | Color: blue", "v1"],
    ["a.example/ | Color: green", "v1"],
    ["a.example/ | Color: red", "v2"],
    ["a.example/ | Color: yellow", "v2"],
    ["a.example/ | Color: Red", "404"],
    ["a.example/ | Color: purple", "404"],
    ["a.example/ | Version: three", "404"],
    ["a.example/ | x-build: v12", "v3"],
    ["a.example/ | x-build: xv12", "404"],
    ["a.example/", "404"],
  ]);
});

test("query parameters match by name and value, with their case; paths and headers rank before them", async () => {
  const query = (name: string, value: string, type = "Exact") => ({ name, value, type });
  await world.apply("routes", [
    route("query", {
      rules: [
        { matches: [{ queryParams: [query("animal", "whale")] }], backendRefs: to("v1") },
        { matches: [{ queryParams: [query("animal", "dolphin")] }], backendRefs: to("v2") },
        { matches: [{ queryParams: [query("animal", "dolphin"), query("color", "blue")] }], backendRefs: to("v3") },
        { matches: [{ queryParams: [query("ANIMAL", "Whale")] }], backendRefs: to("v3") },
        { matches: [{ ...path("PathPrefix", "/path1"), queryParams: [query("animal", "whale")] }], backendRefs: to("v2") },
        { matches: [{ headers: [header("version", "one")], queryParams: [query("animal", "whale")] }], backendRefs: to("v3") },
        { matches: [path("PathPrefix", "/path5")], backendRefs: to("v1") },
        { matches: [{ queryParams: [query("animal", "hydra")] }], backendRefs: to("v2") },
        { matches: [{ headers: [header("version", "four")] }], backendRefs: to("v3") },
        { matches: [{ queryParams: [query("id", "[0-9]+", "RegularExpression")] }], backendRefs: to("v1") },
        { matches: [{ queryParams: [query("a", "1")] }, { queryParams: [query("b", "1")] }], backendRefs: to("v2") },
      ],
    }),
  ]);
  await expectTable([
    ["a.example/?animal=whale", "v1"],
    ["a.example/?x=y&animal=whale", "v1"],
    ["a.example/?animal=dolphin", "v2"],
    ["a.example/?animal=dolphin&color=blue", "v3"],
    ["a.example/?color=blue&animal=dolphin", "v3"],
    ["a.example/?ANIMAL=Whale", "v3"],
    ["a.example/?animal=Whale", "404"],
    ["a.example/?animal=dog", "404"],
    ["a.example/?whaleanimal=whale", "404"],
    ["a.example/path1?animal=whale", "v2"],
    ["a.example/?animal=whale | version: one", "v3"],
    ["a.example/path5?animal=hydra", "v1"],
    ["a.example/?animal=hydra | version: four", "v3"],
    ["a.example/?id=42", "v1"],
    ["a.example/?id=x42", "404"],
    ["a.example/?a=1", "v2"],
    ["a.example/?b=1", "v2"],
    ["a.example/?a=2", "404"],
  ]);
});

test("methods match alone and with paths and headers; they rank after paths and before headers", async () => {
  await world.apply("routes", [
    route("methods", {
      rules: [
        { matches: [{ method: "POST" }], backendRefs: to("v1") },
        { matches: [{ method: "GET" }], backendRefs: to("v2") },
        { matches: [{ ...path("PathPrefix", "/path1"), method: "GET" }], backendRefs: to("v1") },
        { matches: [{ headers: [header("version", "one")], method: "PUT" }], backendRefs: to("v2") },
        {
          matches: [{ ...path("PathPrefix", "/path2"), headers: [header("version", "two")], method: "POST" }],
          backendRefs: to("v3"),
        },
        {
          matches: [
            { ...path("PathPrefix", "/path3"), method: "PATCH" },
            { ...path("PathPrefix", "/path4"), method: "DELETE" },
          ],
          backendRefs: to("v1"),
        },
        { matches: [path("PathPrefix", "/path5")], backendRefs: to("v1") },
        { matches: [{ method: "PATCH" }], backendRefs: to("v2") },
        { matches: [{ headers: [header("version", "four")] }], backendRefs: to("v3") },
      ],
    }),
  ]);
  await expectTable([
    ["POST a.example/", "v1"],
    ["GET a.example/", "v2"],
    ["GET a.example/path1", "v1"],
    ["PUT a.example/ | version: one", "v2"],
    ["POST a.example/path2 | version: two", "v3"],
    ["PATCH a.example/path3", "v1"],
    ["DELETE a.example/path4", "v1"],
    ["PATCH a.example/path5", "v1"],
    ["PATCH a.example/ | version: four", "v2"],
    ["HEAD a.example/", "404"],
    ["PUT a.example/", "404"],
    ["DELETE a.example/", "404"],
  ]);
});

test("of two routes that match alike the first by name answers", async () => {
  const rules = (name: string) => [{ matches: [path("PathPrefix", "/")], backendRefs: to(name) }];
  await world.apply("routes", [
    route("b", { rules: rules("v2") }),
    route("a", { rules: rules("v1") }),
    route("c", { rules: rules("v3") }),
  ]);
  await expectTable([["a.example/", "v1"]]);
});

test("hosts are compared without case and port; wildcards take any number of labels and never the bare domain", async () => {
  const rules = (name: string) => [{ backendRefs: to(name) }];
  await world.apply("routes", [
    route("exact", { hostnames: ["www.example.com"], rules: rules("v1") }),
    route("wide", { hostnames: ["*.example.com"], rules: rules("v2") }),
    route("narrow", { hostnames: ["*.deep.example.com"], rules: rules("v3") }),
  ]);
  await expectTable([
    ["www.example.com/", "v1"],
    ["WWW.Example.COM/", "v1"],
    ["www.example.com:1234/", "v1"],
    ["api.example.com/", "v2"],
    ["a.b.example.com:8080/", "v2"],
    ["x.www.example.com/", "v2"],
    ["deep.example.com/", "v2"],
    ["x.deep.example.com/", "v3"],
    ["x.Y.DEEP.example.com/", "v3"],
    ["example.com/", "404"],
    ["badexample.com/", "404"],
    ["other.org/", "404"],
  ]);
});

test("a named rule is a rule like any other", async () => {
  await world.apply("routes", [
    route("named", {
      rules: [
        { name: "first", matches: [path("PathPrefix", "/named")], backendRefs: to("v1") },
        { matches: [path("PathPrefix", "/unnamed")], backendRefs: to("v2") },
      ],
    }),
  ]);
  await expectTable([
    ["a.example/named", "v1"],
    ["a.example/unnamed", "v2"],
  ]);
});
