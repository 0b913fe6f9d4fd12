// The filters of HTTPRoute rules and backends (Gateway API v1.4.1 experimental channel). External authorization and CORS are in httpfilter-access.ts.
// The type is RouteFilter here, since HTTPRouteFilter is also a kind of ours.

import { choice, integer, list, object, optional, text } from "../schema.ts";
import type { Rule, Static } from "../schema.ts";
import { backendObjectReference } from "./backendref.ts";
import { httpHeaderName, localObjectReference, portNumber, preciseHostname } from "./fields.ts";
import { cors, externalAuth } from "./httpfilter-access.ts";

const httpHeader = object({
  name: httpHeaderName("Name of the header."),
  value: text({ minLength: 1, maxLength: 4096, description: "Value of the header." }),
});
export type HTTPHeader = Static<typeof httpHeader>;

const headers = (description: string) => list(httpHeader, { maxItems: 16, listType: "map", mapKeys: ["name"], description });

const headerModifier = object(
  {
    set: optional(headers("Headers that replace those of the same name.")),
    add: optional(headers("Headers that are added to those of the same name.")),
    remove: optional(list(text(), { maxItems: 16, listType: "set", description: "Names of headers taken away." })),
  },
  { description: "Changes to headers." },
);
export type HTTPHeaderFilter = Static<typeof headerModifier>;

/** `type` says which of the fields holds the value. */
function pathField(type: string, field: string): readonly Rule[] {
  return [
    { rule: `self.type == '${type}' ? has(self.${field}) : true`, message: `type ${type} needs ${field}` },
    { rule: `has(self.${field}) ? self.type == '${type}' : true`, message: `${field} is only for type ${type}` },
  ];
}

export const pathModifier = object(
  {
    type: choice(["ReplaceFullPath", "ReplacePrefixMatch"], { description: "What is replaced." }),
    replaceFullPath: optional(text({ maxLength: 1024, description: "The new path." })),
    replacePrefixMatch: optional(text({ maxLength: 1024, description: "What takes the place of the matched prefix." })),
  },
  {
    description: "The new path.",
    rules: [...pathField("ReplaceFullPath", "replaceFullPath"), ...pathField("ReplacePrefixMatch", "replacePrefixMatch")],
  },
);
export type HTTPPathModifier = Static<typeof pathModifier>;

const requestRedirect = object(
  {
    scheme: optional(choice(["http", "https"], { description: "Scheme; that of the request when absent." })),
    hostname: optional(preciseHostname("Host name; that of the request when absent.")),
    path: optional(pathModifier),
    port: optional(portNumber("Port; chosen by scheme or listener when absent.")),
    statusCode: integer({ default: 302, enum: [301, 302], description: "Status of the answer." }),
  },
  { description: "Answers with a redirect." },
);
export type HTTPRequestRedirectFilter = Static<typeof requestRedirect>;

const urlRewrite = object(
  {
    hostname: optional(preciseHostname("Host name sent to the backend.")),
    path: optional(pathModifier),
  },
  { description: "Changes the URL before the request goes on." },
);
export type HTTPURLRewriteFilter = Static<typeof urlRewrite>;

const fraction = object(
  {
    numerator: integer({ format: "int32", minimum: 0, description: "Out of the denominator." }),
    denominator: integer({ default: 100, format: "int32", minimum: 1, description: "The whole." }),
  },
  {
    description: "Share of the requests.",
    rules: [{ rule: "self.numerator <= self.denominator", message: "numerator must not exceed denominator" }],
  },
);
export type Fraction = Static<typeof fraction>;

const requestMirror = object(
  {
    backendRef: backendObjectReference,
    percent: optional(integer({ format: "int32", minimum: 0, maximum: 100, description: "Share of the requests." })),
    fraction: optional(fraction),
  },
  {
    description: "Sends a copy of requests to another backend, whose answers are dropped.",
    rules: [
      {
        rule: "!(has(self.percent) && has(self.fraction))",
        message: "only one of percent and fraction may be set",
      },
    ],
  },
);
export type HTTPRequestMirrorFilter = Static<typeof requestMirror>;

/** Filter types and the field that holds each one's settings. */
const typeFields = {
  RequestHeaderModifier: "requestHeaderModifier",
  ResponseHeaderModifier: "responseHeaderModifier",
  RequestMirror: "requestMirror",
  RequestRedirect: "requestRedirect",
  URLRewrite: "urlRewrite",
  ExtensionRef: "extensionRef",
  CORS: "cors",
  ExternalAuth: "externalAuth",
} as const;

const filterTypes = [
  "RequestHeaderModifier",
  "ResponseHeaderModifier",
  "RequestMirror",
  "RequestRedirect",
  "URLRewrite",
  "ExtensionRef",
  "CORS",
  "ExternalAuth",
] as const;

/** The settings of a type stand beside that type, and only there. */
const settingsOfType = (type: keyof typeof typeFields): readonly Rule[] => [
  {
    rule: `!(has(self.${typeFields[type]}) && self.type != '${type}')`,
    message: `${typeFields[type]} is only for type ${type}`,
  },
  {
    rule: `!(!has(self.${typeFields[type]}) && self.type == '${type}')`,
    message: `type ${type} needs ${typeFields[type]}`,
  },
];

const routeFilter = object(
  {
    type: choice(filterTypes, { description: "Which filter this is." }),
    requestHeaderModifier: optional(headerModifier),
    responseHeaderModifier: optional(headerModifier),
    requestMirror: optional(requestMirror),
    requestRedirect: optional(requestRedirect),
    urlRewrite: optional(urlRewrite),
    cors: optional(cors),
    externalAuth: optional(externalAuth),
    extensionRef: optional(localObjectReference("A filter of the implementation.")),
  },
  {
    rules: filterTypes.flatMap(settingsOfType),
  },
);
export type RouteFilter = Static<typeof routeFilter>;

const onlyOnce = (type: string): Rule => ({
  rule: `self.filter(f, f.type == '${type}').size() <= 1`,
  message: `only one ${type} filter is allowed`,
});

export const routeFilters = list(routeFilter, {
  maxItems: 16,
  listType: "atomic",
  description: "What happens to requests and answers on the way.",
  rules: [
    {
      rule: "!(self.exists(f, f.type == 'RequestRedirect') && self.exists(f, f.type == 'URLRewrite'))",
      message: "RequestRedirect and URLRewrite filters cannot be combined",
    },
    onlyOnce("RequestHeaderModifier"),
    onlyOnce("ResponseHeaderModifier"),
    onlyOnce("RequestRedirect"),
    onlyOnce("URLRewrite"),
  ],
});

const grpcFilterTypes = ["ResponseHeaderModifier", "RequestHeaderModifier", "RequestMirror", "ExtensionRef"] as const;

const grpcFilter = object(
  {
    type: choice(grpcFilterTypes, { description: "Which filter this is." }),
    requestHeaderModifier: optional(headerModifier),
    responseHeaderModifier: optional(headerModifier),
    requestMirror: optional(requestMirror),
    extensionRef: optional(localObjectReference("A filter of the implementation.")),
  },
  { rules: grpcFilterTypes.flatMap(settingsOfType) },
);

/** The filters of GRPCRoute rules and backends: those of HTTPRoute that make sense for calls. */
export const grpcFilters = list(grpcFilter, {
  maxItems: 16,
  listType: "atomic",
  description: "What happens to calls and answers on the way.",
  rules: [onlyOnce("RequestHeaderModifier"), onlyOnce("ResponseHeaderModifier")],
});
