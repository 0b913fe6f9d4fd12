import { bySpecificity, covers, intersections, isHostname, mostSpecific, normaliseHostname } from "./hostnames.ts";

describe("covers", () => {
  for (const [name, hostname, other, want] of [
    ["every host covers a name", undefined, "a.example.com", true],
    ["a name does not cover every host", "a.example.com", undefined, false],
    ["a name covers itself", "a.example.com", "a.example.com", true],
    ["a wildcard covers one label", "*.example.com", "a.example.com", true],
    ["a wildcard covers many labels", "*.example.com", "a.b.example.com", true],
    ["a wildcard does not match its bare domain", "*.example.com", "example.com", false],
    ["a wildcard does not match a longer last label", "*.example.com", "a.badexample.com", false],
    ["a wildcard covers a narrower wildcard", "*.example.com", "*.a.example.com", true],
    ["a wildcard does not cover a wider one", "*.a.example.com", "*.example.com", false],
    ["a wildcard covers itself", "*.example.com", "*.example.com", true],
    ["a name does not cover a wildcard", "a.example.com", "*.example.com", false],
  ] as const)
    test(name, () => expect(covers(hostname, other)).toBe(want));
});

describe("intersections", () => {
  for (const [name, listener, route, want] of [
    ["a route without hostnames serves the listener's", "a.example.com", [], ["a.example.com"]],
    ["nothing on either side is every host", undefined, [], ["*"]],
    [
      "a listener without hostname takes the route's, sorted and once",
      undefined,
      ["b.com", "a.com", "B.com"],
      ["a.com", "b.com"],
    ],
    [
      "the narrower of two wildcards remains",
      "*.example.com",
      ["*.a.example.com", "*.com"],
      ["*.a.example.com", "*.example.com"],
    ],
    ["a wildcard route is narrowed to the listener's name", "a.example.com", ["*.example.com"], ["a.example.com"]],
    ["foreign hostnames fall away", "*.example.com", ["example.com", "a.example.org"], []],
  ] as const)
    test(name, () => expect(intersections(listener, route)).toEqual(want));
});

test("the most specific hostname comes first: names, then wildcards by length, then every host", () => {
  const hostnames = [undefined, "*.example.com", "b.com", "*.a.example.com", "www.example.com", "*.com"];
  expect(hostnames.map((name) => name ?? "*").toSorted(bySpecificity)).toEqual([
    "www.example.com",
    "b.com",
    "*.a.example.com",
    "*.example.com",
    "*.com",
    "*",
  ]);
});

test("a host belongs to the most specific listener that covers it", () => {
  const listeners = [{}, { hostname: "*.example.com" }, { hostname: "*.foo.example.com" }, { hostname: "abc.foo.example.com" }];
  const hosts = [
    "bar.com",
    "example.com",
    "bar.example.com",
    "bar.foo.example.com",
    "abc.foo.example.com",
    "*.foo.example.com",
    "*",
  ];
  expect(hosts.map((host) => mostSpecific(listeners, host)?.hostname)).toEqual([
    undefined,
    undefined,
    "*.example.com",
    "*.foo.example.com",
    "abc.foo.example.com",
    "*.foo.example.com",
    undefined,
  ]);
});

test("hostnames are compared in lower case, and the empty one means every host", () => {
  expect(["WWW.Example.com", "example.com.", "", "*", undefined].map(normaliseHostname)).toEqual([
    "www.example.com",
    "example.com",
    undefined,
    undefined,
    undefined,
  ]);
});

test("a hostname is a DNS name with at most a leading wildcard label", () => {
  const names = ["a", "a.b-c.d", "*.a", "*", "*.*.a", "a.*", "-a", "a-", "a_b", "a..b", "", "a".repeat(64)];
  expect(names.filter(isHostname)).toEqual(["a", "a.b-c.d", "*.a"]);
});
