import type { Route } from "../../xds/model/route.ts";
import { proxy } from "../proxy.ts";
import { gateway, listener, ref, route, rule, service } from "../testing/routes.ts";
import type { TestObject } from "../testing/object.ts";
import { world } from "../testing/world.ts";

function routesOf(objects: readonly TestObject[], port = 80): readonly Route[] {
  const store = world(gateway("gw", listener("http", { port })), service("echo"), service("v2"), ...objects);
  return proxy(store, "default/gw").routeTables.flatMap(({ shards }) => shards.flat().flatMap(({ routes }) => routes));
}

const names = (routes: readonly Route[]): readonly string[] => routes.map(({ name }) => name.replace("httproute/default/", ""));
const matches = (...all: readonly unknown[]) => ({ matches: all, backendRefs: [ref("echo")] });
const header = (name: string) => ({ type: "Exact", name, value: "x" });

test("the most specific match goes first, whatever the order in the route", () => {
  const path = (type: string, value: string) => ({ path: { type, value } });
  const ordered = [
    path("Exact", "/a"),
    path("RegularExpression", "/a.*"),
    { ...path("PathPrefix", "/aa/"), queryParams: [header("q"), header("r")] },
    path("PathPrefix", "/aa"),
    { ...path("PathPrefix", "/"), method: "GET" },
    { ...path("PathPrefix", "/"), headers: [header("a"), header("b")] },
    { ...path("PathPrefix", "/"), headers: [header("a")], queryParams: [header("q")] },
    { ...path("PathPrefix", "/"), headers: [header("a")] },
    { ...path("PathPrefix", "/"), headers: [{ ...header("a"), type: "RegularExpression" }] },
    { ...path("PathPrefix", "/"), queryParams: [header("q")] },
    path("PathPrefix", "/"),
  ];
  const reversed = ordered.toReversed();
  const got = routesOf([route("r", { rules: [matches(...reversed)] })]);
  expect(names(got)).toEqual(ordered.map((_, i) => `r/rule/0/match/${ordered.length - 1 - i}/*`));
});

test("ties go to the oldest route, then by name, then by rule and match", () => {
  const twice = { rules: [rule("/", "echo"), rule("/", "v2")] };
  const got = routesOf([
    route("b", twice, "2024-01-01T00:00:00Z"),
    route("a", twice, "2024-01-01T00:00:00Z"),
    route("z", twice, "2023-01-01T00:00:00Z"),
  ]);
  const want = ["z", "a", "b"].flatMap((name) => [0, 1].map((index) => `${name}/rule/${index}/match/0/*`));
  expect(names(got)).toEqual(want);
});

const redirects: readonly (readonly [string, number, object, object])[] = [
  ["the listener's own well-known port is left out", 80, { statusCode: 302 }, { status: 302 }],
  ["the listener's port shows", 8080, { statusCode: 301 }, { status: 301, port: 8080 }],
  ["a scheme brings its well-known port", 80, { scheme: "https", statusCode: 308 }, { scheme: "https", status: 308 }],
  [
    "a request's odd port does not stay under another scheme",
    8080,
    { scheme: "https", statusCode: 307 },
    { scheme: "https", status: 307, port: 443 },
  ],
  ["an explicit port wins", 80, { scheme: "https", port: 8443, statusCode: 303 }, { scheme: "https", status: 303, port: 8443 }],
  [
    "a replaced prefix knows the match",
    80,
    { statusCode: 302, path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/new" } },
    { status: 302, path: { type: "replacePrefix", prefix: "/old", value: "/new" } },
  ],
];
for (const [name, port, requestRedirect, redirect] of redirects) {
  test(`redirect: ${name}`, () => {
    const filters = [{ type: "RequestRedirect", requestRedirect }];
    const [got] = routesOf([route("r", { rules: [{ ...rule("/old", "echo"), backendRefs: [], filters }] })], port);
    expect(got?.action).toEqual({ type: "redirect", redirect });
  });
}
