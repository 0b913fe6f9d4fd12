// What filters do to requests and responses, seen at both ends: headers, rewrites, redirects, CORS, and HTTPRouteFilter.
// Over 300 lines: the tables share one operator and one Envoy.

import { ask, short } from "./support/client.ts";
import {
  backendObject,
  extensionRef,
  gateway,
  header,
  http,
  object,
  path,
  route,
  routeFilter,
  to,
  toBackend,
} from "./support/objects.ts";
import { freePorts } from "../testing/free-ports.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
let port: number;

beforeAll(async () => {
  world = await startWorld(["v1", "v2"]);
  [port = 0] = await freePorts(1);
  await world.apply("gateway", [gateway("eg", [http("http", port)])]);
}, 60_000);
afterAll(() => world.stop());
afterEach(() => world.apply("routes", []));

const prefix = (value: string) => [path("PathPrefix", value)];
const rule = (value: string, filters: readonly object[]) => ({ matches: prefix(value), filters, backendRefs: to("v1") });
const edit = (where: "request" | "response", headers: object) => ({
  type: `${where === "request" ? "Request" : "Response"}HeaderModifier`,
  [`${where}HeaderModifier`]: headers,
});
const nv = (name: string, value: string) => ({ name, value });

const headerCases: readonly (readonly [path: string, edits: object, sent: string, want: Record<string, string | undefined>])[] = [
  [
    "/set",
    { set: [nv("X-Header-Set", "set-overwrites-values")] },
    " | x-other: val",
    { "x-other": "val", "x-header-set": "set-overwrites-values" },
  ],
  ["/set", {}, " | X-Header-Set: mine", { "x-header-set": "set-overwrites-values" }],
  ["/add", { add: [nv("X-Header-Add", "add-appends-values")] }, "", { "x-header-add": "add-appends-values" }],
  ["/add", {}, " | x-header-add: mine", { "x-header-add": "mine,add-appends-values" }],
  [
    "/remove",
    { remove: ["X-Header-Remove"] },
    " | X-Header-Remove: val | x-kept: 1",
    { "x-header-remove": undefined, "x-kept": "1" },
  ],
  [
    "/many",
    {
      set: [nv("X-Set-1", "one"), nv("X-Set-2", "two")],
      add: [nv("X-Add-1", "1"), nv("X-Add-2", "2")],
      remove: ["X-Remove-1", "x-remove-2"],
    },
    " | X-Set-1: old | X-Add-1: old | X-Remove-1: x | X-Remove-2: x",
    { "x-set-1": "one", "x-set-2": "two", "x-add-1": "old,1", "x-add-2": "2", "x-remove-1": undefined, "x-remove-2": undefined },
  ],
  [
    "/odd-case",
    { set: [nv("x-lowercase", "1"), nv("x-Mixed-Case", "2")], add: [nv("X-UPPERCASE", "3")], remove: ["X-gOnE"] },
    " | X-LOWERCASE: a | x-mixed-case: b | x-uppercase: c | x-gone: d",
    { "x-lowercase": "1", "x-mixed-case": "2", "x-uppercase": "c,3", "x-gone": undefined },
  ],
  ["/percent", { set: [nv("x-literal", "100% of %d")] }, "", { "x-literal": "100% of %d" }],
];
const headerRules = (where: "request" | "response") =>
  headerCases.filter(([, edits]) => Object.keys(edits).length > 0).map(([value, edits]) => rule(value, [edit(where, edits)]));

/** The headers that a case speaks of. */
function picked(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  want: Record<string, unknown>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(want).map((name) => [
      name,
      headers[name] === undefined ? undefined : String(headers[name]).replaceAll(", ", ","),
    ]),
  );
}

test("request headers are set, added and removed on the way to the backend, whatever their letter case", async () => {
  await world.apply("routes", [route("headers", { rules: headerRules("request") })]);
  for (const [value, , sent, want] of headerCases) {
    const { seen } = await ask(port, `a.example${value}${sent}`);
    expect([value, picked(seen!.headers, want)]).toEqual([value, want]);
  }
});

test("filters of a backendRef edit what goes to that backend", async () => {
  const rules = headerCases
    .filter(([, edits]) => Object.keys(edits).length > 0)
    .map(([value, edits]) => ({
      matches: prefix(value),
      backendRefs: [{ ...to("v1")[0], filters: [edit("request", edits)] }],
    }));
  await world.apply("routes", [route("headers", { rules })]);
  for (const [value, , sent, want] of headerCases) {
    const { seen } = await ask(port, `a.example${value}${sent}`);
    expect([value, picked(seen!.headers, want)]).toEqual([value, want]);
  }
});

test("response headers are set, added and removed on the way to the client", async () => {
  await world.apply("routes", [route("headers", { rules: headerRules("response") })]);
  for (const [value, , sent, want] of headerCases) {
    const echoed = [...sent.matchAll(/ \| ([^:]+): (\w+)/g)].map(([, name, text]) => `${name}:${text}`).join(",");
    const { headers } = await ask(port, `a.example${value} | X-Echo-Set-Header: ${echoed}`);
    expect([value, picked(headers, want)]).toEqual([value, want]);
  }
});

const rewrite = (urlRewrite: object) => ({ type: "URLRewrite", urlRewrite });
const replacePrefix = (replacePrefixMatch: string) => ({ path: { type: "ReplacePrefixMatch", replacePrefixMatch } });
const replaceFull = (replaceFullPath: string) => ({ path: { type: "ReplaceFullPath", replaceFullPath } });

test("paths are rewritten by prefix and as a whole, and keep their query", async () => {
  await world.apply("routes", [
    route("rewrite", {
      rules: [
        rule("/prefix/one", [rewrite(replacePrefix("/one"))]),
        rule("/slashes/", [rewrite(replacePrefix("/new/"))]),
        rule("/strip-prefix", [rewrite(replacePrefix("/"))]),
        rule("/strip-all", [rewrite(replacePrefix(""))]),
        rule("/full/one", [rewrite(replaceFull("/one"))]),
        rule("/full/headers", [rewrite(replaceFull("/set")), edit("request", { set: [nv("x-set", "1")] })]),
        rule("/", [rewrite(replacePrefix("/root"))]),
      ],
    }),
  ]);
  const table = [
    ["/prefix/one/two", "/one/two"],
    ["/prefix/one", "/one"],
    ["/prefix/one/", "/one/"],
    ["/prefix/one?q=1", "/one?q=1"],
    ["/slashes/x", "/new/x"],
    ["/slashes", "/new"],
    ["/strip-prefix/three", "/three"],
    ["/strip-prefix", "/"],
    ["/strip-prefix/", "/"],
    ["/strip-prefix?q=1", "/?q=1"],
    ["/strip-all/three", "/three"],
    ["/strip-all", "/"],
    ["/full/one/two", "/one"],
    ["/full/one/two?q=1", "/one?q=1"],
    ["/full/headers", "/set"],
    ["/else", "/root/else"],
    ["/", "/root/"],
  ];
  const got = await Promise.all(table.map(async ([asked]) => [asked, (await ask(port, `a.example${asked}`)).seen?.path]));
  expect(got).toEqual(table);
});

test("hosts are rewritten, together with headers, and the original host is told as x-forwarded-host", async () => {
  await world.apply("routes", [
    route("rewrite", {
      rules: [
        rule("/one", [rewrite({ hostname: "one.example.org" })]),
        rule("/two", [edit("request", { set: [nv("x-set", "1")] }), rewrite({ hostname: "two.example.org" })]),
        rule("/none", []),
      ],
    }),
  ]);
  const seen = async (value: string) => {
    const answer = await ask(port, `rewrite.example${value}`);
    const { host, headers } = answer.seen!;
    return { host, forwarded: headers["x-forwarded-host"], set: headers["x-set"] };
  };
  expect(await seen("/one")).toEqual({ host: "one.example.org", forwarded: "rewrite.example" });
  expect(await seen("/two")).toEqual({ host: "two.example.org", forwarded: "rewrite.example", set: "1" });
  expect(await seen("/none")).toEqual({ host: "rewrite.example" });
});

const redirect = (requestRedirect: object) => ({ type: "RequestRedirect", requestRedirect });

test("redirects say where to in Location: host, scheme, port, path and status", async () => {
  const to301 = { statusCode: 301 };
  const cases: readonly (readonly [path: string, redirect: object, status: number, location: string])[] = [
    ["/host", { hostname: "example.org" }, 302, `http://example.org:${port}/host`],
    ["/host-301", { hostname: "example.org", ...to301 }, 301, `http://example.org:${port}/host-301`],
    ["/scheme", { scheme: "https", hostname: "example.org" }, 302, "https://example.org/scheme"],
    ["/scheme-301", { scheme: "https", hostname: "example.org", ...to301 }, 301, "https://example.org/scheme-301"],
    ["/http", { scheme: "http", hostname: "example.org" }, 302, "http://example.org/http"],
    ["/port", { port: 8083 }, 302, "http://a.example:8083/port"],
    ["/port-host", { port: 8083, hostname: "example.org" }, 302, "http://example.org:8083/port-host"],
    ["/port-scheme", { port: 8443, scheme: "https" }, 302, "https://a.example:8443/port-scheme"],
    ["/port-80", { port: 80, scheme: "http", hostname: "example.org" }, 302, "http://example.org/port-80"],
    ["/port-443-http", { port: 443, scheme: "http", hostname: "example.org" }, 302, "http://example.org:443/port-443-http"],
    ["/nothing", {}, 302, `http://a.example:${port}/nothing`],
    ["/prefix", { ...replacePrefix("/new"), port: 8083 }, 302, "http://a.example:8083/new"],
    ["/strip", { ...replacePrefix("/"), port: 8083 }, 302, "http://a.example:8083/"],
    ["/full", { ...replaceFull("/whole"), port: 8083, ...to301 }, 301, "http://a.example:8083/whole"],
  ];
  const rules = cases.map(([value, spec]) => ({ matches: prefix(value), filters: [redirect(spec)] }));
  await world.apply("routes", [route("redirects", { rules: rules })]);
  const got = await Promise.all(
    cases.map(async ([value, spec]) => {
      const { status, headers } = await ask(port, `a.example:${port}${value}`);
      return [value, spec, status, headers.location];
    }),
  );
  expect(got).toEqual(cases);
  const rest = await Promise.all(
    ["/prefix/x/y?q=1", "/prefix/", "/strip/x", "/full/x?q=1"].map(
      async (each) => (await ask(port, `a.example${each}`)).headers.location,
    ),
  );
  const base = "http://a.example:8083";
  expect(rest).toEqual([`${base}/new/x/y?q=1`, `${base}/new/`, `${base}/x`, `${base}/whole?q=1`]);
});

const cors = (policy: object) => ({ type: "CORS", cors: policy });

test("a preflight is answered by the policy and not by the backend", async () => {
  const policy = {
    allowOrigins: ["https://www.foo.com", "https://*.bar.com", "https://Own.Port.com:443", "http://other.port.com:8080"],
    allowMethods: ["GET", "OPTIONS"],
    allowHeaders: ["x-one", "x-two"],
    exposeHeaders: ["x-exposed"],
    maxAge: 3600,
  };
  await world.apply("routes", [
    route("cors", {
      rules: [
        rule("/plain", [cors(policy)]),
        rule("/credentials", [cors({ ...policy, allowCredentials: true })]),
        rule("/all", [cors({ allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*"] })]),
        rule("/all-credentials", [
          cors({ allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*"], allowCredentials: true }),
        ]),
        rule("/any-host", [cors({ allowOrigins: ["https://*"] })]),
      ],
    }),
  ]);
  const preflight = async (value: string, origin: string) => {
    const line = `OPTIONS a.example${value} | Origin: ${origin} | Access-Control-Request-Method: GET | Access-Control-Request-Headers: x-one`;
    const { status, headers } = await ask(port, line);
    const own = Object.entries(headers).filter(([name]) => name.startsWith("access-control-"));
    return { status, backend: headers["x-backend"], ...Object.fromEntries(own.map(([name, each]) => [name.slice(15), each])) };
  };
  const allowed = {
    status: 200,
    backend: undefined,
    "allow-methods": "GET, OPTIONS",
    "allow-headers": "x-one, x-two",
    "max-age": "3600",
  };
  expect(await preflight("/plain", "https://www.foo.com")).toEqual({
    ...allowed,
    "allow-origin": "https://www.foo.com",
    "expose-headers": "x-exposed",
  });
  expect(await preflight("/plain", "https://a.b.bar.com")).toMatchObject({ ...allowed, "allow-origin": "https://a.b.bar.com" });
  expect(await preflight("/credentials", "https://www.foo.com")).toMatchObject({ ...allowed, "allow-credentials": "true" });
  expect(await preflight("/all", "http://anybody.example")).toMatchObject({
    status: 200,
    backend: undefined,
    "allow-origin": expect.stringMatching(/^(\*|http:\/\/anybody.example)$/),
  });
  // Fetch standard: with credentials a "*" would be taken literally.
  expect(await preflight("/all-credentials", "http://anybody.example")).toMatchObject({
    "allow-origin": "http://anybody.example",
    "allow-credentials": "true",
    "allow-methods": "GET",
    "allow-headers": "x-one",
  });
  for (const origin of ["https://own.port.com", "http://other.port.com:8080"]) {
    expect(await preflight("/plain", origin)).toMatchObject({ "allow-origin": origin });
  }
  expect(await preflight("/any-host", "https://a.b.example")).toMatchObject({ "allow-origin": "https://a.b.example" });
  for (const origin of [
    "https://foo.com",
    "http://www.foo.com",
    "https://bar.com",
    "https://www.foo.com.evil.org",
    "https://a.bar.com:8443",
    "http://own.port.com",
    "http://other.port.com",
  ]) {
    const got = await preflight("/plain", origin);
    expect({ origin, allowed: "allow-origin" in got, backend: got.backend }).toEqual({
      origin,
      allowed: false,
      backend: undefined,
    });
  }
  const simple = async (value: string, origin: string) => {
    const answer = await ask(port, `a.example${value} | Origin: ${origin}`);
    const { "access-control-allow-origin": allow, "access-control-allow-credentials": credentials } = answer.headers;
    return [short(answer), allow, credentials];
  };
  expect(await simple("/plain", "https://www.foo.com")).toEqual(["v1", "https://www.foo.com", undefined]);
  expect(await simple("/credentials", "https://www.foo.com")).toEqual(["v1", "https://www.foo.com", "true"]);
  expect(await simple("/credentials", "https://other.org")).toEqual(["v1", undefined, undefined]);
});

test("a direct response is given without a backend: inline, from a ConfigMap, with its content type and headers", async () => {
  const direct = (directResponse: object) => ({ directResponse });
  await world.apply("routes", [
    object("v1", "ConfigMap", "page", { data: { "response.body": "<h1>from a ConfigMap</h1>", other: "no" } }),
    routeFilter(
      "inline",
      direct({ statusCode: 418, contentType: "text/plain", body: { type: "Inline", inline: "short and stout" } }),
    ),
    routeFilter(
      "page",
      direct({ contentType: "text/html", body: { type: "ValueRef", valueRef: { group: "", kind: "ConfigMap", name: "page" } } }),
    ),
    routeFilter("headers", direct({ statusCode: 204, header: { set: [nv("x-said", "nothing")] } })),
    route("direct", {
      rules: ["inline", "page", "headers", "missing"].map((name) => ({
        matches: prefix(`/${name}`),
        filters: [extensionRef(name)],
      })),
    }),
  ]);
  const got = async (name: string) => {
    const { status, body, headers } = await ask(port, `a.example/${name}`);
    return [status, body, headers["content-type"], headers["x-said"]];
  };
  expect(await got("inline")).toEqual([418, "short and stout", "text/plain", undefined]);
  expect(await got("page")).toEqual([200, "<h1>from a ConfigMap</h1>", "text/html", undefined]);
  expect(await got("headers")).toEqual([204, "", undefined, "nothing"]);
  expect((await got("missing"))[0]).toBe(500);
  const page = object("v1", "ConfigMap", "page", { data: { "response.body": "new" } });
  await world.apply("page", []);
  await world.apply("routes", [
    page,
    routeFilter("page", direct({ body: { type: "ValueRef", valueRef: { group: "", kind: "ConfigMap", name: "page" } } })),
    route("direct", { rules: [{ filters: [extensionRef("page")] }] }),
  ]);
  expect((await ask(port, "a.example/")).body).toBe("new");
});

test("paths are rewritten by regular expression, hosts from a header or from the backend", async () => {
  const regex = {
    path: {
      type: "ReplaceRegexMatch",
      replaceRegexMatch: { pattern: "^/service/([^/]+)(/.*)$", substitution: "\\2/instance/\\1" },
    },
  };
  await world.apply("routes", [
    routeFilter("regex", { urlRewrite: regex }),
    routeFilter("from-header", { urlRewrite: { hostname: { type: "Header", header: "x-new-host" } } }),
    routeFilter("from-backend", { urlRewrite: { hostname: { type: "Backend" } } }),
    backendObject("named", [{ fqdn: { hostname: "localhost", port: world.backends["v2"]!.port } }]),
    route("rewrites", {
      rules: [
        rule("/service", [extensionRef("regex")]),
        rule("/header", [extensionRef("from-header")]),
        { matches: prefix("/backend"), filters: [extensionRef("from-backend")], backendRefs: [toBackend("named")] },
      ],
    }),
  ]);
  expect((await ask(port, "a.example/service/foo/v1/api?q=1")).seen?.path).toBe("/v1/api/instance/foo?q=1");
  expect((await ask(port, "a.example/header | x-new-host: new.example")).seen?.host).toBe("new.example");
  expect((await ask(port, "a.example/header")).seen?.host).toBe("a.example");
  expect((await ask(port, "a.example/backend")).seen?.host).toBe("localhost");
});

test("cookies of an HTTPRouteFilter are conditions beside those of the rule", async () => {
  const cookie = (name: string, value: string, type = "Exact") => ({ name, value, type });
  await world.apply("routes", [
    routeFilter("canary", {
      matches: [
        { cookies: [cookie("group", "canary"), cookie("id", "[0-9]+", "RegularExpression")] },
        { cookies: [cookie("tester", "yes")] },
      ],
    }),
    route("cookies", {
      rules: [
        { matches: prefix("/app"), filters: [extensionRef("canary")], backendRefs: to("v2") },
        { matches: prefix("/app"), backendRefs: to("v1") },
      ],
    }),
  ]);
  const got = async (cookies: string) => short(await ask(port, `a.example/app${cookies && ` | Cookie: ${cookies}`}`));
  expect(await got("group=canary; id=42")).toBe("v2");
  expect(await got("tester=yes")).toBe("v2");
  expect(await got("group=canary")).toBe("v1");
  expect(await got("group=canary; id=x")).toBe("v1");
  expect(await got("")).toBe("v1");
  expect(short(await ask(port, "a.example/other | Cookie: tester=yes"))).toBe("404");
});

test("two hosts with one name for a header each: what a filter sets on a match holds for that match", async () => {
  await world.apply("routes", [
    route("one", {
      rules: [
        {
          matches: [{ headers: [header("x-a", "1")] }],
          filters: [edit("request", { set: [nv("x-from", "a")] })],
          backendRefs: to("v1"),
        },
        { filters: [edit("request", { set: [nv("x-from", "b")] })], backendRefs: to("v2") },
      ],
    }),
  ]);
  expect((await ask(port, "a.example/ | x-a: 1")).seen?.headers["x-from"]).toBe("a");
  expect((await ask(port, "a.example/")).seen?.headers["x-from"]).toBe("b");
});
