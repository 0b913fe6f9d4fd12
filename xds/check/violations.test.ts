import { create } from "@bufbuild/protobuf";
import { anyPack, DurationSchema } from "@bufbuild/protobuf/wkt";
import { config_cluster_v3, config_core_v3, config_route_v3, extensions_filters_http_cors_v3, type_matcher_v3 } from "#envoy";
import type { MessageInit } from "../envoy/message-init.ts";
import { violations } from "./violations.ts";

const { RouteSchema } = config_route_v3;
type Fields = MessageInit<typeof RouteSchema>;

const match = { pathSpecifier: { case: "prefix", value: "/" } } as const;
const cluster = { clusterSpecifier: { case: "cluster", value: "a" } } as const;
const forward = (fields: MessageInit<typeof config_route_v3.RouteActionSchema>): Fields => ({
  match,
  action: { case: "route", value: { ...cluster, ...fields } },
});
const answer = (fields: Fields): Fields => ({ match, action: { case: "directResponse", value: { status: 200 } }, ...fields });
const corsWithBadRegex = create(extensions_filters_http_cors_v3.CorsPolicySchema, {
  allowOriginStringMatch: [{ matchPattern: { case: "safeRegex", value: { regex: "(" } } }],
});

for (const [sentence, fields, want] of [
  ["a sound route breaks nothing", forward({}), []],
  ["a route needs a match and an action", {}, ["match message.required", "action oneof.required"]],
  ["a match needs a path", answer({ match: {} }), ["match.path_specifier oneof.required"]],
  [
    "an interval must be positive",
    forward({ retryPolicy: { retryBackOff: { baseInterval: create(DurationSchema) } } }),
    ["route.retry_policy.retry_back_off.base_interval duration.range"],
  ],
  [
    "a status has bounds",
    { match, action: { case: "directResponse", value: { status: 1000 } } },
    ["direct_response.status uint32.range"],
  ],
  [
    "a header name has no line break",
    answer({ responseHeadersToRemove: ["a\nb"] }),
    ["response_headers_to_remove[0] string.well_known_regex"],
  ],
  [
    "a filter is looked into",
    answer({ typedPerFilterConfig: { cors: anyPack(extensions_filters_http_cors_v3.CorsPolicySchema, corsWithBadRegex) } }),
    [
      'typed_per_filter_config["cors"][envoy.extensions.filters.http.cors.v3.CorsPolicy].allow_origin_string_match[0].safe_regex regex.re2',
    ],
  ],
  [
    "weights do not all vanish",
    forward({ clusterSpecifier: { case: "weightedClusters", value: { clusters: [{ name: "a", weight: 0 }] } } }),
    ["route.weighted_clusters weights.zero"],
  ],
  [
    "weights fit in 32 bits",
    forward({
      clusterSpecifier: {
        case: "weightedClusters",
        value: {
          clusters: [
            { name: "a", weight: 4_294_967_295 },
            { name: "b", weight: 1 },
          ],
        },
      },
    }),
    ["route.weighted_clusters weights.sum"],
  ],
  [
    "a substitution refers to groups that exist",
    forward({ regexRewrite: { pattern: { regex: "(a)" }, substitution: "\\2" } }),
    ["route.regex_rewrite substitution.group"],
  ],
  ["the host header is not edited", answer({ requestHeadersToRemove: ["Host"] }), [" header.protected"]],
  [
    "a command is one that Envoy has",
    answer({ responseHeadersToAdd: [{ header: { key: "a", value: "%NOPE%" } }] }),
    ["response_headers_to_add[0] header.command"],
  ],
] as const satisfies readonly (readonly [string, Fields, readonly string[]])[]) {
  test(sentence, () => {
    const found = violations(RouteSchema, create(RouteSchema, fields));
    expect(found.map(({ path, rule }) => `${path} ${rule}`)).toEqual(want);
  });
}

test("an Any of an unknown type is named", () => {
  const socket = { name: "x", configType: { case: "typedConfig", value: { typeUrl: "type.googleapis.com/a.B" } } } as const;
  const { ClusterSchema } = config_cluster_v3;
  expect(violations(ClusterSchema, create(ClusterSchema, { name: "a", transportSocket: socket }))).toEqual([
    { path: "transport_socket.typed_config", rule: "any.type", message: "type.googleapis.com/a.B is not a known type" },
  ]);
});

test("a regular expression is judged as RE2 judges it", () => {
  const { RegexMatcherSchema } = type_matcher_v3;
  const verdict = (regex: string): boolean => violations(RegexMatcherSchema, create(RegexMatcherSchema, { regex })).length === 0;
  expect([verdict("a+"), verdict("(?i)a"), verdict("(?=a)"), verdict("\\1")]).toEqual([true, true, false, false]);
});

test("an address needs a port", () => {
  const { SocketAddressSchema } = config_core_v3;
  expect(violations(SocketAddressSchema, create(SocketAddressSchema, { address: "a" })).map(({ path }) => path)).toEqual([
    "port_specifier",
  ]);
});
