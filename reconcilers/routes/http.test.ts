import { backend, ref, route, rule, service } from "../testing/routes.ts";
import type { TestObject } from "../testing/object.ts";
import { world } from "../testing/world.ts";
import { noEdits } from "./headers.ts";
import { requestRules } from "./http.ts";
import type { HttpRule } from "./rule.ts";

/** The one rule of a route in model terms; "/" to Service echo unless the fields say otherwise. */
function ruleOf(fields: object, ...objects: readonly TestObject[]): HttpRule | undefined {
  const store = world(service("echo"), service("v2"), ...objects, route("r", { rules: [{ ...rule("/", "echo"), ...fields }] }));
  return requestRules(store, "HTTPRoute", "default/r").value[0];
}

const action = (fields: object, ...objects: readonly TestObject[]) => ruleOf(fields, ...objects)?.branches[0]?.action;
const share = (name: string, weight = 1) => ({
  cluster: `service/default/${name}/8080`,
  weight,
  requestHeaders: noEdits,
  responseHeaders: noEdits,
});
const forward = { type: "forward", backends: [share("echo")], mirrors: [] };
const filters = (...all: readonly object[]) => ({ filters: all });
const extension = (name: string) =>
  filters({ type: "ExtensionRef", extensionRef: { group: "gateway.envoyproxy.io", kind: "HTTPRouteFilter", name } });
const filter = (spec: object): TestObject => ({ kind: "HTTPRouteFilter", metadata: { namespace: "default", name: "f" }, spec });
const on = ["connect-failure", "refused-stream", "reset", "unavailable", "cancelled", "retriable-status-codes"];
const failed = { type: "respond", status: 500 };

const cases: readonly (readonly [string, object, object, ...TestObject[]])[] = [
  ["a rule forwards", {}, forward],
  ["no backend answers 500", { backendRefs: [] }, failed],
  ["only invalid backends answer 500", { backendRefs: [ref("gone")] }, failed],
  ["only weight 0 answers 500", { backendRefs: [ref("echo", { weight: 0 })] }, failed],
  [
    "an invalid backend keeps its share, one of weight 0 has none",
    { backendRefs: [ref("echo", { weight: 7 }), ref("gone", { weight: 3 }), ref("v2", { weight: 0 })] },
    { ...forward, backends: [share("echo", 7), { ...share("", 3), cluster: undefined }] },
  ],
  [
    "filters of a backend stay with it",
    {
      backendRefs: [
        ref("echo", {
          filters: [
            { type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "A", value: "1" }], remove: ["b"] } },
            { type: "URLRewrite", urlRewrite: { hostname: "in.test" } },
          ],
        }),
      ],
    },
    {
      ...forward,
      backends: [
        {
          ...share("echo"),
          hostname: "in.test",
          requestHeaders: { ...noEdits, set: [{ name: "A", value: "1" }], remove: ["b"] },
        },
      ],
    },
  ],
  [
    "a rewrite of host and prefix knows the match",
    {
      ...rule("/old/", "echo"),
      ...filters({
        type: "URLRewrite",
        urlRewrite: { hostname: "in.test", path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/" } },
      }),
    },
    {
      ...forward,
      rewrite: { path: { type: "replacePrefix", prefix: "/old", value: "/" }, host: { type: "literal", value: "in.test" } },
    },
  ],
  [
    "mirrors take shares, an invalid one is left out",
    filters(
      { type: "RequestMirror", requestMirror: { backendRef: ref("v2"), percent: 20 } },
      { type: "RequestMirror", requestMirror: { backendRef: ref("gone") } },
      { type: "RequestMirror", requestMirror: { backendRef: ref("echo"), fraction: { numerator: 1, denominator: 3 } } },
    ),
    {
      ...forward,
      mirrors: [
        { cluster: "service/default/v2/8080", fraction: { numerator: 20, denominator: 100 } },
        { cluster: "service/default/echo/8080", fraction: { numerator: 1, denominator: 3 } },
      ],
    },
  ],
  [
    "a limit for one try is the limit where there is only one",
    { timeouts: { request: "2s", backendRequest: "500ms" } },
    { ...forward, timeoutMs: 500 },
  ],
  [
    "a request limit of zero leaves that of the try",
    { timeouts: { request: "0s", backendRequest: "1m2s" } },
    { ...forward, timeoutMs: 62_000 },
  ],
  ["zero switches the limit off", { timeouts: { request: "0s" } }, { ...forward, timeoutMs: 0 }],
  [
    "with retries the limit of a try is its own",
    { timeouts: { request: "2s", backendRequest: "500ms" }, retry: { attempts: 3, codes: [500, 502], backoff: "100ms" } },
    {
      ...forward,
      timeoutMs: 2000,
      retry: { attempts: 3, on, statusCodes: [500, 502], backoffMs: { base: 100 }, perTryTimeoutMs: 500 },
    },
  ],
  ["retries have defaults", { retry: {} }, { ...forward, retry: { attempts: 2, on, statusCodes: [503] } }],
  [
    "a session over several backends is one cluster",
    {
      backendRefs: [ref("v2", { weight: 3 }), ref("echo"), ref("gone")],
      sessionPersistence: { type: "Header", sessionName: "s" },
    },
    {
      ...forward,
      backends: [
        { ...share("", 4), cluster: "group/service/default/echo/8080=1,service/default/v2/8080=3" },
        { ...share("", 1), cluster: undefined },
      ],
    },
  ],
  [
    "a direct response from a ConfigMap",
    extension("f"),
    { type: "respond", status: 503, body: "sorry", contentType: "text/plain" },
    filter({
      directResponse: {
        statusCode: 503,
        contentType: "text/plain",
        body: { type: "ValueRef", valueRef: { group: "", kind: "ConfigMap", name: "c" } },
      },
    }),
    { kind: "ConfigMap", metadata: { namespace: "default", name: "c" }, data: { a: "no", "response.body": "sorry" } },
  ],
  [
    "a missing ConfigMap breaks the rule",
    extension("f"),
    failed,
    filter({ directResponse: { body: { type: "ValueRef", valueRef: { group: "", kind: "ConfigMap", name: "c" } } } }),
  ],
  [
    "a rewrite by regular expression and header",
    extension("f"),
    {
      ...forward,
      rewrite: { path: { type: "replaceRegex", pattern: "^/a", substitution: "/b" }, host: { type: "header", name: "x-host" } },
    },
    filter({
      urlRewrite: {
        path: { type: "ReplaceRegexMatch", replaceRegexMatch: { pattern: "^/a", substitution: "/b" } },
        hostname: { type: "Header", header: "x-host" },
      },
    }),
  ],
  ["a filter that is not there breaks the rule", extension("f"), failed],
  ["credential injection breaks the rule for now", extension("f"), failed, filter({ credentialInjection: {} })],
  [
    "an edit of Host breaks the rule",
    filters({ type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "host", value: "x" }] } }),
    failed,
  ],
  ["external authorization is not known yet and breaks the rule", filters({ type: "ExternalAuth", externalAuth: {} }), failed],
];
for (const [name, fields, want, ...objects] of cases) {
  test(`action: ${name}`, () => expect(action(fields, ...objects)).toEqual(want));
}

test("cookie alternatives multiply the matches", () => {
  const cookies = ["a", "b"].map((value) => ({ cookies: [{ type: "Exact", name: "c", value }] }));
  const got = ruleOf(extension("f"), filter({ matches: cookies }))?.branches.map(({ position, match }) => [
    position,
    match.cookies,
  ]);
  expect(got).toEqual([
    [0, [{ name: "c", type: "exact", value: "a" }]],
    [1, [{ name: "c", type: "exact", value: "b" }]],
  ]);
});

test("a session cookie covers what the matches have in common", () => {
  const matches = ["/shop/a", "/shop/b"].map((value) => ({ path: { type: "PathPrefix", value } }));
  const session = { type: "Cookie", absoluteTimeout: "1h", cookieConfig: { lifetimeType: "Permanent" } };
  expect(ruleOf({ matches, sessionPersistence: session })?.sessionPersistence).toEqual({
    type: "cookie",
    name: "eg-session-default-r-0",
    path: "/shop",
    ttlSeconds: 3600,
  });
});

const cookiePaths: readonly (readonly [type: string, value: string, path: string])[] = [
  ["RegularExpression", "/shop/v[0-9]+/cart", "/shop"],
  ["RegularExpression", "/shop/cart", "/shop/cart"],
  ["RegularExpression", "/shop/.*|/other", "/"],
  ["RegularExpression", ".*/shop", "/"],
  ["Exact", "/shop/cart", "/shop/cart"],
];
for (const [type, value, path] of cookiePaths) {
  test(`a session cookie of ${type} ${value} is for ${path}`, () => {
    const got = ruleOf({ matches: [{ path: { type, value } }], sessionPersistence: { type: "Cookie" } })?.sessionPersistence;
    expect(got).toMatchObject({ type: "cookie", path });
  });
}

test("sessions over backends that cannot be one cluster are refused", () => {
  const names = backend("ext", { endpoints: [{ fqdn: { hostname: "a.test", port: 80 } }] });
  const backendRefs = [ref("echo"), ref("ext", { group: "gateway.envoyproxy.io", kind: "Backend" })];
  expect(action({ backendRefs, sessionPersistence: { type: "Cookie" } }, names)).toEqual(failed);
});

test("header modifiers and CORS are the rule's own", () => {
  const got = ruleOf(
    filters(
      {
        type: "RequestHeaderModifier",
        requestHeaderModifier: {
          add: [
            { name: "X-A", value: "1" },
            { name: "x-a", value: "2" },
          ],
        },
      },
      { type: "ResponseHeaderModifier", responseHeaderModifier: { remove: ["server"] } },
      { type: "CORS", cors: { allowOrigins: ["https://*.test"], allowCredentials: true, maxAge: 5 } },
    ),
  );
  expect([got?.requestHeaders, got?.responseHeaders, got?.cors]).toEqual([
    { ...noEdits, add: [{ name: "X-A", value: "1" }] },
    { ...noEdits, remove: ["server"] },
    { origins: ["https://*.test"], methods: [], headers: [], exposeHeaders: [], maxAgeSeconds: 5, credentials: true },
  ]);
});
