// The filters of an HTTPRoute rule, taken together: what they ask for, and what is wrong with them. Mirrors are resolved here; what
// depends on a match or on a listener is left to actions.ts and redirect.ts. Knows nothing of Envoy.

import type { HTTPRoute } from "../../api/gateway/httproute.ts";
import type { Db } from "../../store/db.ts";
import { namespaceOf } from "../../store/key.ts";
import type { Redirect } from "../../xds/model/request.ts";
import type { Cors, Mirror } from "../../xds/model/route.ts";
import type { Problem } from "../backends/problem.ts";
import { resolveBackend } from "../backends/reference.ts";
import type { RequestRouteId } from "./attachment.ts";
import { routeFilter } from "./extension.ts";
import { editProblems, joinEdits, noEdits, toEdits } from "./headers.ts";
import type { FilterPart, FilterRewrite, PathEdit, RuleFilters } from "./rule.ts";

type Rule = NonNullable<HTTPRoute["spec"]["rules"]>[number];
export type Filter = NonNullable<Rule["filters"]>[number];

const nothing: RuleFilters = {
  requestHeaders: noEdits,
  responseHeaders: noEdits,
  mirrors: [],
  cookies: [],
  trouble: { accepted: [], refs: [], broken: false },
};

/** Everything the filters of one rule say. */
export function ruleFilters(db: Db, route: RequestRouteId, filters: readonly Filter[]): RuleFilters {
  let all = nothing;
  for (const filter of filters) {
    // Envoy Gateway: an answer given by a filter ends the chain; what follows it is not looked at.
    if (all.respond !== undefined) break;
    all = combine(all, oneFilter(db, route, filter));
  }
  return withTrouble(all, combinationProblems(all));
}

function oneFilter(db: Db, route: RequestRouteId, filter: Filter): FilterPart {
  switch (filter.type) {
    case "RequestHeaderModifier": {
      const requestHeaders = toEdits(filter.requestHeaderModifier);
      return { requestHeaders, trouble: { accepted: editProblems(requestHeaders, filter.type) } };
    }
    case "ResponseHeaderModifier": {
      const responseHeaders = toEdits(filter.responseHeaderModifier);
      return { responseHeaders, trouble: { accepted: editProblems(responseHeaders, filter.type) } };
    }
    case "RequestRedirect":
      return toRedirect(filter.requestRedirect);
    case "URLRewrite": {
      const path = pathEdit(filter.urlRewrite?.path);
      const hostname = filter.urlRewrite?.hostname;
      const host = hostname === undefined ? {} : { host: { type: "literal", value: hostname } as const };
      return { rewrite: { ...(path === undefined ? {} : { path }), ...host } };
    }
    case "RequestMirror":
      return toMirror(db, route, filter.requestMirror);
    case "CORS":
      return filter.cors === undefined ? {} : { cors: toCors(filter.cors) };
    case "ExtensionRef":
      return routeFilter(db, route, filter.extensionRef);
    case "ExternalAuth":
    default:
      return { trouble: { accepted: [unsupported(`Filter ${filter.type} is not supported`)] } };
  }
}

function toRedirect(spec: Filter["requestRedirect"]): FilterPart {
  const status = redirectStatus(spec?.statusCode ?? 302);
  if (status === undefined) {
    return {
      trouble: { accepted: [unsupported(`RequestRedirect has the status ${spec?.statusCode}, which is not a redirect`)] },
    };
  }
  const path = pathEdit(spec?.path);
  const { scheme, hostname, port } = spec ?? {};
  return {
    redirect: {
      ...(scheme === undefined ? {} : { scheme }),
      ...(hostname === undefined ? {} : { hostname }),
      ...(port === undefined ? {} : { port }),
      ...(path === undefined ? {} : { path }),
      status,
    },
  };
}

function redirectStatus(code: number): Redirect["status"] | undefined {
  return ([301, 302, 303, 307, 308] as const).find((status) => status === code);
}

function pathEdit(path: NonNullable<Filter["urlRewrite"]>["path"]): PathEdit | undefined {
  if (path === undefined) return undefined;
  if (path.type === "ReplaceFullPath") return { type: "replaceFull", value: path.replaceFullPath ?? "/" };
  return { type: "replacePrefix", prefix: "/", value: path.replacePrefixMatch ?? "/" };
}

function toMirror(db: Db, route: RequestRouteId, spec: Filter["requestMirror"]): FilterPart {
  if (spec === undefined) return {};
  const found = resolveBackend(db, { kind: route.kind, namespace: namespaceOf(route.key) }, spec.backendRef);
  // Gateway API, HTTPRequestMirrorFilter: an invalid mirror is not configured, and the requests themselves go on.
  if (!found.ok) return { trouble: { refs: [found.problem] } };
  const fraction = spec.percent === undefined ? spec.fraction : { numerator: spec.percent, denominator: 100 };
  const mirror: Mirror = {
    cluster: found.value.cluster,
    ...(fraction === undefined ? {} : { fraction: { numerator: fraction.numerator, denominator: fraction.denominator ?? 100 } }),
  };
  return { mirrors: [mirror] };
}

function toCors(spec: NonNullable<Filter["cors"]>): Cors {
  return {
    origins: spec.allowOrigins ?? [],
    methods: spec.allowMethods ?? [],
    headers: spec.allowHeaders ?? [],
    exposeHeaders: spec.exposeHeaders ?? [],
    ...(spec.maxAge === undefined ? {} : { maxAgeSeconds: spec.maxAge }),
    credentials: spec.allowCredentials === true,
  };
}

function combine(all: RuleFilters, part: FilterPart): RuleFilters {
  const accepted = [...(part.trouble?.accepted ?? [])];
  const rewrite = joinRewrites(all.rewrite, part.rewrite);
  if (rewrite === "conflict") accepted.push(unsupported("The filters of a rule rewrite the same part of the URL more than once"));
  for (const [what, had, has] of [
    ["redirects", all.redirect, part.redirect],
    ["CORS policies", all.cors, part.cors],
  ] as const) {
    if (had !== undefined && has !== undefined) accepted.push(unsupported(`The filters of a rule have several ${what}`));
  }
  if (all.cookies.length > 0 && (part.cookies?.length ?? 0) > 0) {
    accepted.push(unsupported("Only one HTTPRouteFilter of a rule can have matches"));
  }
  const { requestHeaders, responseHeaders, mirrors, cookies, trouble, ...single } = part;
  return {
    ...all,
    ...single,
    ...(rewrite === "conflict" || rewrite === undefined ? {} : { rewrite }),
    requestHeaders: joinEdits(all.requestHeaders, requestHeaders ?? noEdits),
    responseHeaders: joinEdits(all.responseHeaders, responseHeaders ?? noEdits),
    mirrors: [...all.mirrors, ...(mirrors ?? [])],
    cookies: cookies === undefined || cookies.length === 0 ? all.cookies : cookies,
    trouble: {
      accepted: [...all.trouble.accepted, ...accepted],
      refs: [...all.trouble.refs, ...(trouble?.refs ?? [])],
      broken: all.trouble.broken || trouble?.broken === true,
    },
  };
}

function joinRewrites(a: FilterRewrite | undefined, b: FilterRewrite | undefined): FilterRewrite | undefined | "conflict" {
  if (a === undefined || b === undefined) return a ?? b;
  if ((a.path !== undefined && b.path !== undefined) || (a.host !== undefined && b.host !== undefined)) return "conflict";
  return { ...a, ...b };
}

/** Gateway API, HTTPRouteRule.filters: filters that cannot be combined make the rule invalid with reason IncompatibleFilters. */
function combinationProblems(all: RuleFilters): readonly Problem[] {
  const answer = all.redirect !== undefined ? "RequestRedirect" : all.respond !== undefined ? "a direct response" : undefined;
  if (answer === undefined) return [];
  const clashes = [
    all.rewrite === undefined ? undefined : "URLRewrite",
    all.mirrors.length === 0 ? undefined : "RequestMirror",
    all.redirect !== undefined && all.respond !== undefined ? "a direct response" : undefined,
  ].filter((clash) => clash !== undefined);
  return clashes.map((clash) => ({ reason: "IncompatibleFilters", message: `${clash} cannot be combined with ${answer}` }));
}

function withTrouble(all: RuleFilters, accepted: readonly Problem[]): RuleFilters {
  return accepted.length === 0 ? all : { ...all, trouble: { ...all.trouble, accepted: [...all.trouble.accepted, ...accepted] } };
}

function unsupported(message: string): Problem {
  return { reason: "UnsupportedValue", message };
}
