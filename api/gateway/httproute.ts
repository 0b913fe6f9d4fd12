// HTTPRoute (gateway.networking.k8s.io/v1, Gateway API v1.4.1 experimental channel): schema and types.
// Matches, filters and references are in files of their own.

import { integer, kind, list, object, optional } from "../schema.ts";
import type { Rule, Static } from "../schema.ts";
import { backendReference, backendWeight } from "./backendref.ts";
import { duration, hostname, sectionName } from "./fields.ts";
import { routeFilters } from "./httpfilter.ts";
import { httpRouteMatch } from "./httpmatch.ts";
import { routeParents, routeStatus } from "./parentref.ts";
import { sessionPersistence } from "./sessionpersistence.ts";

const backendRef = object(
  {
    ...backendReference.fields,
    weight: backendWeight("Share of the requests, relative to the other backends."),
    filters: optional(routeFilters),
  },
  { rules: backendReference.rules },
);
export type HTTPBackendRef = Static<typeof backendRef>;

const timeouts = object(
  {
    request: optional(duration("From the first byte of the request to the last of the answer; 0s is no limit.")),
    backendRequest: optional(duration("For one try at a backend.")),
  },
  {
    description: "Time limits.",
    rules: [
      {
        rule: "!(has(self.request) && has(self.backendRequest) && duration(self.request) != duration('0s') && duration(self.backendRequest) > duration(self.request))",
        message: "backendRequest must not be longer than request",
      },
    ],
  },
);
export type HTTPRouteTimeouts = Static<typeof timeouts>;

const retry = object(
  {
    codes: optional(
      list(integer({ minimum: 400, maximum: 599 }), {
        listType: "atomic",
        description: "Statuses that are tried again.",
      }),
    ),
    attempts: optional(integer({ description: "Number of further tries." })),
    backoff: optional(duration("Shortest wait before a further try.")),
  },
  { description: "Whether failed requests are tried again." },
);
export type HTTPRouteRetry = Static<typeof retry>;

const onePrefixMatch =
  "((size(self.matches) != 1 || !has(self.matches[0].path) || self.matches[0].path.type != 'PathPrefix') ? false : true) : true";

/** Replacing the matched prefix makes sense only where exactly one prefix can have matched. */
function prefixReplacement(filter: string, name: string): readonly Rule[] {
  const replaces =
    `exists_one(f, has(f.${filter}) && has(f.${filter}.path) && f.${filter}.path.type == 'ReplacePrefixMatch'` +
    ` && has(f.${filter}.path.replacePrefixMatch))`;
  return [
    {
      rule: `(has(self.filters) && self.filters.${replaces}) ? ${onePrefixMatch}`,
      message: `a ${name} filter with replacePrefixMatch needs exactly one match, of type PathPrefix`,
    },
    {
      rule: `(has(self.backendRefs) && self.backendRefs.exists_one(b, (has(b.filters) && b.filters.${replaces}) )) ? ${onePrefixMatch}`,
      message: `a backend's ${name} filter with replacePrefixMatch needs exactly one match, of type PathPrefix`,
    },
  ];
}
const [redirectPrefix, backendRedirectPrefix] = prefixReplacement("requestRedirect", "RequestRedirect");
const [rewritePrefix, backendRewritePrefix] = prefixReplacement("urlRewrite", "URLRewrite");

const rule = object(
  {
    name: optional(sectionName("Name of the rule, unique in the route.")),
    matches: list(httpRouteMatch, {
      default: [{ path: { type: "PathPrefix", value: "/" } }],
      maxItems: 64,
      listType: "atomic",
      description: "Requests the rule is for; one match is enough.",
    }),
    filters: optional(routeFilters),
    backendRefs: optional(list(backendRef, { maxItems: 16, listType: "atomic", description: "Where requests go." })),
    timeouts: optional(timeouts),
    retry: optional(retry),
    sessionPersistence: optional(sessionPersistence),
  },
  {
    rules: [
      {
        rule: "(has(self.backendRefs) && size(self.backendRefs) > 0) ? (!has(self.filters) || self.filters.all(f, !has(f.requestRedirect))): true",
        message: "a RequestRedirect filter cannot be combined with backendRefs",
      },
      ...[redirectPrefix, rewritePrefix, backendRedirectPrefix, backendRewritePrefix].filter((r) => r !== undefined),
    ],
  },
);
export type HTTPRouteRule = Static<typeof rule>;

const matchesOfRule = (index: number) => `(self.size() > ${index} ? self[${index}].matches.size() : 0)`;
const allMatches = Array.from({ length: 16 }, (_, index) => matchesOfRule(index)).join(" + ");

export const HTTPRouteSchema = kind(
  "HTTPRoute",
  {
    spec: object(
      {
        ...routeParents,
        hostnames: optional(
          list(hostname("Host name, perhaps with a leading wildcard label."), {
            maxItems: 16,
            listType: "atomic",
            description: "Host names the route is for; those of the listener when absent.",
          }),
        ),
        rules: list(rule, {
          default: [{ matches: [{ path: { type: "PathPrefix", value: "/" } }] }],
          maxItems: 16,
          listType: "atomic",
          description: "What happens to which requests.",
          rules: [
            { rule: `${allMatches} <= 128`, message: "all rules together may have at most 128 matches" },
            {
              rule: "self.all(l1, !has(l1.name) || self.exists_one(l2, has(l2.name) && l1.name == l2.name))",
              message: "no two rules may have the same name",
            },
          ],
        }),
      },
      { description: "What is wanted of the route." },
    ),
    status: optional(routeStatus),
  },
  { description: "Sends HTTP requests from listeners to backends." },
);
export type HTTPRoute = Static<typeof HTTPRouteSchema>;
export type HTTPRouteSpec = HTTPRoute["spec"];
export type HTTPRouteStatus = NonNullable<HTTPRoute["status"]>;
