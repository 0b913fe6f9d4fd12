import { route as routeOf } from "./objects.ts";
import { reasons } from "./support.ts";

const route = (fields: Readonly<Record<string, string>>, metadata?: string): string => routeOf("HTTPRoute", fields, metadata);
const filters = (all: string): string => route({ rules: `[{filters: [${all}], backendRefs: [{name: echo, port: 8080}]}]` });
const matches = (all: string): string => route({ rules: `[{matches: [${all}], backendRefs: [{name: echo, port: 8080}]}]` });
const redirect = "{type: RequestRedirect, requestRedirect: {hostname: a.test}}";
const rewrite = "{type: URLRewrite, urlRewrite: {hostname: a.test}}";

describe("filters of an HTTPRoute", () => {
  const extension = (group: string, kind: string): string =>
    `{type: ExtensionRef, extensionRef: {group: ${group}, kind: ${kind}, name: gone}}`;
  reasons([
    ["a redirect and backends", filters(redirect), "refused: a RequestRedirect filter cannot be combined with backendRefs"],
    [
      "a redirect and a rewrite",
      filters(`${redirect}, ${rewrite}`),
      "refused: RequestRedirect and URLRewrite filters cannot be combined",
      "refused: a RequestRedirect filter cannot be combined with backendRefs",
    ],
    [
      "a redirect and a mirror",
      filters(`${redirect}, {type: RequestMirror, requestMirror: {backendRef: {name: echo, port: 8080}}}`),
      "refused: a RequestRedirect filter cannot be combined with backendRefs",
    ],
    [
      "a redirect twice",
      filters(`${redirect}, ${redirect}`),
      "refused: only one RequestRedirect filter is allowed",
      "refused: a RequestRedirect filter cannot be combined with backendRefs",
    ],
    ["a rewrite twice", filters(`${rewrite}, ${rewrite}`), "refused: only one URLRewrite filter is allowed"],
    ["a type without its field", filters("{type: URLRewrite}"), "refused: type URLRewrite needs urlRewrite"],
    [
      "a field without its type",
      filters("{type: RequestRedirect, urlRewrite: {hostname: a.test}}"),
      "refused: type RequestRedirect needs requestRedirect",
      "refused: urlRewrite is only for type URLRewrite",
    ],
    [
      "a type that is not known",
      filters("{type: Magic}"),
      'refused: must be one of "RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "RequestRedirect", "URLRewrite", "ExtensionRef", "CORS", "ExternalAuth", not "Magic"',
    ],
    [
      "an extension of a kind that is not known",
      filters(extension("example.com", "Magic")),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/InvalidKind",
      "counted at eg/http",
      "answers 500",
    ],
    [
      "an extension of a wrong group",
      filters(extension("example.com", "HTTPRouteFilter")),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/InvalidKind",
      "counted at eg/http",
      "answers 500",
    ],
    [
      "an extension that is not there",
      filters(extension("gateway.envoyproxy.io", "HTTPRouteFilter")),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/BackendNotFound",
      "counted at eg/http",
      "answers 500",
    ],
    [
      "a mirror that is not there",
      filters("{type: RequestMirror, requestMirror: {backendRef: {name: gone, port: 8080}}}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/BackendNotFound",
      "counted at eg/http",
    ],
    [
      "a mirror of a kind that is not known",
      filters("{type: RequestMirror, requestMirror: {backendRef: {kind: Bucket, name: b}}}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/InvalidKind",
      "counted at eg/http",
    ],
    [
      "a mirror in another namespace without a grant",
      filters("{type: RequestMirror, requestMirror: {backendRef: {name: echo, namespace: far, port: 8080}}}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/RefNotPermitted",
      "counted at eg/http",
    ],
    [
      "external authorization",
      filters("{type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {name: echo, port: 8080}, http: {}}}"),
      "HTTPRoute bad: eg/http Accepted=False/UnsupportedValue ResolvedRefs",
      "counted at eg/http",
      "answers 500",
    ],
    [
      "a prefix to replace without a prefix to match",
      route({
        rules:
          "[{matches: [{path: {type: Exact, value: /a}}], filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}], backendRefs: [{name: echo, port: 8080}]}]",
      }),
      "refused: a URLRewrite filter with replacePrefixMatch needs exactly one match, of type PathPrefix",
    ],
    [
      "a redirect with a status that is none",
      filters("{type: RequestRedirect, requestRedirect: {statusCode: 200}}"),
      "refused: must be one of 301, 302, not 200",
      "refused: a RequestRedirect filter cannot be combined with backendRefs",
    ],
    [
      "a header twice",
      filters("{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}, {name: A, value: c}]}}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs",
      "counted at eg/http",
    ],
    [
      "a backend's filter that is for rules only",
      route({ rules: `[{backendRefs: [{name: echo, port: 8080, filters: [${redirect}]}]}]` }),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs=False/UnsupportedRefValue",
      "counted at eg/http",
      "answers 500",
    ],
  ]);
});

describe("matches and limits of an HTTPRoute", () => {
  const limits = (fields: string): string => route({ rules: `[{${fields}, backendRefs: [{name: echo, port: 8080}]}]` });
  reasons([
    [
      "a path that is not absolute",
      matches("{path: {type: PathPrefix, value: a}}"),
      "refused: value must start with '/' (types Exact and PathPrefix)",
    ],
    [
      "a path with a dot segment",
      matches("{path: {type: Exact, value: /a/../b}}"),
      "refused: value must not contain '/../' (types Exact and PathPrefix)",
    ],
    [
      "a path with an encoded slash",
      matches("{path: {type: Exact, value: /a%2fb}}"),
      "refused: value must not contain '%2f' (types Exact and PathPrefix)",
    ],
    [
      "a path of a type that is not known",
      matches("{path: {type: Glob, value: /a}}"),
      'refused: must be one of "Exact", "PathPrefix", "RegularExpression", not "Glob"',
      "refused: type must be Exact, PathPrefix or RegularExpression",
    ],
    [
      "an expression that is none",
      matches("{path: {type: RegularExpression, value: /(}}"),
      "HTTPRoute bad: eg/http Accepted=False/UnsupportedValue ResolvedRefs",
      "counted at eg/http",
    ],
    [
      "a header twice",
      matches("{headers: [{name: a, value: b}, {name: A, value: c}]}"),
      "HTTPRoute bad: eg/http Accepted ResolvedRefs",
      "counted at eg/http",
    ],
    [
      "a method that is not known",
      matches("{method: FETCH}"),
      'refused: must be one of "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", not "FETCH"',
    ],
    [
      "one rule of two with an expression that is none",
      route({
        rules:
          "[{backendRefs: [{name: echo, port: 8080}]}, {matches: [{path: {type: RegularExpression, value: /(}}], backendRefs: [{name: echo, port: 8080}]}]",
      }),
      "HTTPRoute bad: eg/http Accepted PartiallyInvalid=True/UnsupportedValue ResolvedRefs",
      "counted at eg/http",
    ],
    [
      "a backend's timeout longer than the request's",
      limits("timeouts: {request: 1s, backendRequest: 2s}"),
      "refused: backendRequest must not be longer than request",
    ],
    [
      "a duration that is none",
      limits("timeouts: {request: 1.5s}"),
      'refused: must be a duration such as 500ms, 10s or 1h30m, not "1.5s"',
    ],
    [
      "rules of one name",
      route({ rules: "[{name: a, backendRefs: [{name: echo, port: 8080}]}, {name: a, matches: [{path: {value: /a}}]}]" }),
      "refused: no two rules may have the same name",
    ],
    ["a retry for a status that is none", limits("retry: {codes: [200]}"), "refused: must be at least 400, not 200"],
    ["no rules", route({ rules: "[]" }), "HTTPRoute bad: eg/http Accepted ResolvedRefs", "counted at eg/http"],
  ]);
});
