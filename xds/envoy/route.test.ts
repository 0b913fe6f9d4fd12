import type { Redirect } from "../model/request.ts";
import type { Cors, ForwardAction, HeaderEdits, PathMatch, Route } from "../model/route.ts";
import { messageJson } from "../proto-json.ts";
import { noEdits, someBackend, someForward, someRoute } from "../testing/models.ts";
import { brokenRoute, route } from "./route.ts";

const json = (fields: Partial<Route>): unknown => messageJson(route(someRoute(fields)));
const forwardDefaults = { cluster_not_found_response_code: "INTERNAL_SERVER_ERROR" };
const cluster = "service/default/app/80";

test("a plain route goes to its cluster, without a time limit", () => {
  expect(json({})).toEqual({
    name: "httproute/default/app/rule/0/match/0/app_example",
    match: { prefix: "/" },
    route: { cluster, ...forwardDefaults },
  });
});

test("a route that something in the proxy reads about says whose it is", () => {
  expect(json({ described: true })).toHaveProperty("metadata", {
    filter_metadata: { "envoy-gateway": { resources: [{ kind: "HTTPRoute", name: "app", namespace: "default" }] } },
  });
});

for (const [sentence, path, want] of [
  ["an exact path", { type: "exact", value: "/a/" }, { path: "/a/" }],
  ["a prefix matches whole segments", { type: "prefix", value: "/a" }, { path_separated_prefix: "/a" }],
  ["a prefix's last slash means nothing", { type: "prefix", value: "/a/" }, { path_separated_prefix: "/a" }],
  ["the prefix / matches everything", { type: "prefix", value: "/" }, { prefix: "/" }],
  ["a regular expression", { type: "regex", value: "/a.*" }, { safe_regex: { regex: "/a.*" } }],
] as const satisfies readonly (readonly [string, PathMatch, unknown])[]) {
  test(`${sentence}: ${path.value}`, () => {
    expect(json({ match: { path, headers: [], queryParams: [], cookies: [] } })).toHaveProperty("match", want);
  });
}

test("method, headers, query parameters and cookies must all match", () => {
  const match = {
    path: { type: "prefix", value: "/" },
    method: "GET",
    headers: [{ name: "h", type: "exact", value: "1" }],
    queryParams: [{ name: "q", type: "regex", value: "2+" }],
    cookies: [{ name: "c", type: "exact", value: "3" }],
  } as const;
  expect(json({ match })).toHaveProperty("match", {
    prefix: "/",
    headers: [
      { name: ":method", string_match: { exact: "GET" } },
      { name: "h", string_match: { exact: "1" } },
    ],
    query_parameters: [{ name: "q", string_match: { safe_regex: { regex: "2+" } } }],
    cookies: [{ name: "c", string_match: { exact: "3" } }],
  });
});

for (const [sentence, fields, want] of [
  [
    "an invalid share goes to a cluster that is never defined",
    { backends: [someBackend({ weight: 3 }), someBackend({ cluster: undefined })] },
    {
      weighted_clusters: {
        clusters: [
          { name: cluster, weight: 3 },
          { name: "invalid-backend", weight: 1 },
        ],
      },
      ...forwardDefaults,
    },
  ],
  [
    "a backend with a host of its own needs a weighted cluster",
    { backends: [someBackend({ hostname: "in.example" })] },
    {
      weighted_clusters: { clusters: [{ name: cluster, weight: 1, host_rewrite_literal: "in.example" }] },
      append_x_forwarded_host: true,
      ...forwardDefaults,
    },
  ],
  [
    "a time limit raises the idle time to an hour",
    { timeoutMs: 1500 },
    { cluster, ...forwardDefaults, timeout: "1.500s", idle_timeout: "3600s" },
  ],
  [
    "a time limit above an hour raises the idle time to itself",
    { timeoutMs: 7_200_000 },
    { cluster, ...forwardDefaults, timeout: "7200s", idle_timeout: "7200s" },
  ],
  [
    "the time limit 0 takes the idle time away",
    { timeoutMs: 0 },
    { cluster, ...forwardDefaults, timeout: "0s", idle_timeout: "0s" },
  ],
  [
    "mirrors see the client's host; odd fractions become millionths",
    { mirrors: [{ cluster: "m" }, { cluster: "n", fraction: { numerator: 1, denominator: 3 } }] },
    {
      cluster,
      ...forwardDefaults,
      request_mirror_policies: [
        { cluster: "m", disable_shadow_host_suffix_append: true },
        {
          cluster: "n",
          disable_shadow_host_suffix_append: true,
          runtime_fraction: { default_value: { numerator: 333_333, denominator: "MILLION" } },
        },
      ],
    },
  ],
  [
    "retries on status codes",
    { retry: { attempts: 2, on: ["reset"], statusCodes: [503], backoffMs: { base: 25, max: 250 }, perTryTimeoutMs: 300 } },
    {
      cluster,
      ...forwardDefaults,
      retry_policy: {
        retry_on: "reset,retriable-status-codes",
        num_retries: 2,
        per_try_timeout: "0.300s",
        retriable_status_codes: [503],
        retry_back_off: { base_interval: "0.025s", max_interval: "0.250s" },
        retry_host_predicate: [
          {
            name: "envoy.retry_host_predicates.previous_hosts",
            typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
            },
          },
        ],
        host_selection_retry_max_attempts: "5",
      },
    },
  ],
] as const satisfies readonly (readonly [string, Partial<ForwardAction>, unknown])[]) {
  test(`forward: ${sentence}`, () => {
    expect(json({ action: someForward(fields) })).toHaveProperty("route", want);
  });
}

for (const [redirect, want] of [
  [{ status: 301 }, {}],
  [
    { status: 308, scheme: "https", hostname: "h", port: 8443, path: { type: "replaceFull", value: "/x" } },
    {
      response_code: "PERMANENT_REDIRECT",
      scheme_redirect: "https",
      host_redirect: "h",
      port_redirect: 8443,
      path_redirect: "/x",
    },
  ],
  [
    { status: 302, path: { type: "replacePrefix", prefix: "/a", value: "/b" } },
    { response_code: "FOUND", prefix_rewrite: "/b" },
  ],
] as const satisfies readonly (readonly [Redirect, unknown])[]) {
  test(`redirect ${JSON.stringify(redirect)}`, () => {
    expect(json({ action: { type: "redirect", redirect } })).toHaveProperty("redirect", want);
  });
}

test("headers: set overwrites, add appends, a lone percent sign is text and an empty value is kept", () => {
  const edits: HeaderEdits = {
    set: [{ name: "a", value: "100% of %PROTOCOL%" }],
    add: [{ name: "b", value: "" }],
    addIfAbsent: [{ name: "c", value: "%%" }],
    remove: ["d"],
  };
  const added = [
    { header: { key: "a", value: "100%% of %PROTOCOL%" }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" },
    { header: { key: "b" }, keep_empty_value: true },
    { header: { key: "c", value: "%%" }, append_action: "ADD_IF_ABSENT" },
  ];
  expect(json({ requestHeaders: edits, responseHeaders: { ...noEdits, remove: ["e"] } })).toEqual({
    ...(json({}) as object),
    request_headers_to_add: added,
    request_headers_to_remove: ["d"],
    response_headers_to_remove: ["e"],
  });
});

test("a response of its own states its content type", () => {
  expect(json({ action: { type: "respond", status: 200, body: "hi", contentType: "text/html" } })).toEqual({
    name: someRoute().name,
    match: { prefix: "/" },
    direct_response: { status: 200, body: { inline_string: "hi" } },
    response_headers_to_add: [
      { header: { key: "content-type", value: "text/html" }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" },
    ],
  });
});

const cors: Cors = {
  origins: [],
  methods: ["*"],
  headers: ["x-a", "x-b"],
  exposeHeaders: ["x-c"],
  maxAgeSeconds: 5,
  credentials: false,
};
const corsType = "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy";
for (const [sentence, fields, want] of [
  ["without credentials", {}, { allow_methods: "*", allow_credentials: false }],
  [
    "a wildcard stands alone, so that Envoy answers what the browser asked for",
    { credentials: true, methods: ["GET", "*"], headers: ["x-a", "*"] },
    { allow_methods: "*", allow_headers: "*", allow_credentials: true },
  ],
] as const) {
  test(`cors: ${sentence}`, () => {
    expect(json({ cors: { ...cors, ...fields } })).toHaveProperty(["typed_per_filter_config", "envoy.filters.http.cors"], {
      "@type": corsType,
      allow_headers: "x-a, x-b",
      expose_headers: "x-c",
      max_age: "5",
      forward_not_matching_preflights: false,
      ...want,
    });
  });
}

test("cors: a wildcard stands for labels of the host, and nothing else", () => {
  const origins = ["https://a.example", "https://*.b.example", "*"];
  const key = ["typed_per_filter_config", "envoy.filters.http.cors", "allow_origin_string_match"];
  expect(json({ cors: { ...cors, origins } })).toHaveProperty(key, [
    { exact: "https://a.example" },
    { safe_regex: { regex: "https://[^/:]+\\.b\\.example" } },
    { safe_regex: { regex: ".*" } },
  ]);
});

test("session persistence by a cookie", () => {
  const sessionPersistence = { type: "cookie", name: "s", path: "/p", ttlSeconds: 60 } as const;
  expect(json({ sessionPersistence })).toHaveProperty(["typed_per_filter_config", "envoy.filters.http.stateful_session"], {
    "@type": "type.googleapis.com/envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute",
    stateful_session: {
      session_state: {
        name: "envoy.http.stateful_session.cookie",
        typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState",
          cookie: { name: "s", path: "/p", ttl: "60s" },
        },
      },
    },
  });
});

test("what may not be published is answered with 500, calls with what gRPC reads as UNAVAILABLE", () => {
  const answer = (fields: Partial<Route>): unknown => messageJson(brokenRoute(someRoute(fields)));
  expect(answer({})).toHaveProperty("direct_response", { status: 500 });
  expect(answer({ grpc: true })).toHaveProperty("direct_response", { status: 503 });
});

test("a route for calls switches on what calls need", () => {
  const on = { "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", config: {} };
  expect(json({ grpc: true })).toHaveProperty("typed_per_filter_config", {
    "envoy.filters.http.grpc_web": on,
    "envoy.filters.http.grpc_stats": on,
  });
});
