// One route: its match, what is done, and the filters it switches on. Redirects and rewrites of paths are in path-rewrite.ts.

import { create } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import { config_route_v3, type type_matcher_v3 } from "#envoy";
import type { Redirect } from "../model/request.ts";
import type { PathMatch, Route, RouteMatch } from "../model/route.ts";
import { corsFilterName, corsPolicy } from "./filters/cors.ts";
import { grpcFiltersOn } from "./filters/grpc.ts";
import { statefulSession, statefulSessionFilterName } from "./filters/stateful-session.ts";
import { trafficFiltersOn } from "./filters/traffic.ts";
import { forward } from "./forward.ts";
import { headerEdits, headerSet } from "./headers.ts";
import type { MessageInit } from "./message-init.ts";
import { redirectPath } from "./path-rewrite.ts";
import { originMetadata, stringMatch } from "./wire.ts";

const { RouteSchema, RedirectAction_RedirectResponseCode } = config_route_v3;
type EnvoyMatch = MessageInit<typeof config_route_v3.RouteMatchSchema>;
type EnvoyAction = MessageInit<typeof RouteSchema>["action"];

export function route(model: Route): config_route_v3.Route {
  const request = headerEdits(model.requestHeaders);
  const response = headerEdits(model.responseHeaders);
  const { action } = model;
  const contentType = action.type === "respond" ? action.contentType : undefined;
  return create(RouteSchema, {
    name: model.name,
    match: routeMatch(model.match),
    action: routeAction(model),
    ...metadata(model),
    typedPerFilterConfig: filterConfigs(model),
    requestHeadersToAdd: request.add,
    // What the proxy compresses comes plain from the backend.
    requestHeadersToRemove: model.filters?.compression === undefined ? request.remove : [...request.remove, "accept-encoding"],
    ...(model.statPrefix === undefined ? {} : { statPrefix: model.statPrefix }),
    responseHeadersToAdd:
      contentType === undefined ? response.add : [headerSet({ name: "content-type", value: contentType }), ...response.add],
    responseHeadersToRemove: response.remove,
  });
}

/** What stands in for a route that may not be published: the same requests, answered with 500 as the API asks for a broken rule, calls with UNAVAILABLE. */
export function brokenRoute(model: Route): config_route_v3.Route {
  return create(RouteSchema, {
    name: model.name,
    match: routeMatch(model.match),
    action: { case: "directResponse", value: { status: model.grpc === true ? 503 : 500 } },
    ...metadata(model),
  });
}

function metadata({ origin, described }: Route): Pick<MessageInit<typeof RouteSchema>, "metadata"> {
  return described === true ? { metadata: originMetadata([origin]) } : {};
}

function routeMatch(match: RouteMatch): EnvoyMatch {
  const method = match.method === undefined ? [] : [{ name: ":method", type: "exact" as const, value: match.method }];
  return {
    pathSpecifier: pathSpecifier(match.path),
    headers: [...method, ...match.headers].map((header) => ({
      name: header.name,
      headerMatchSpecifier: { case: "stringMatch", value: stringMatch(header) },
    })),
    queryParameters: match.queryParams.map((param) => ({
      name: param.name,
      queryParameterMatchSpecifier: { case: "stringMatch", value: stringMatch(param) },
    })),
    cookies: match.cookies.map((cookie) => ({ name: cookie.name, stringMatch: stringMatch(cookie) })),
  };
}

function pathSpecifier({ type, value }: PathMatch): EnvoyMatch["pathSpecifier"] {
  const regex: MessageInit<typeof type_matcher_v3.RegexMatcherSchema> = { regex: value };
  switch (type) {
    case "exact":
      return { case: "path", value };
    case "regex":
      return { case: "safeRegex", value: regex };
    case "prefix": {
      // "/foo/" and "/foo" mean the same (Gateway API, PathMatchPathPrefix), and Envoy wants it without the last slash.
      const trimmed = value.replace(/\/+$/, "");
      return trimmed === "" ? { case: "prefix", value: "/" } : { case: "pathSeparatedPrefix", value: trimmed };
    }
  }
}

function routeAction({ action }: Route): EnvoyAction {
  switch (action.type) {
    case "forward":
      return { case: "route", value: forward(action) };
    case "redirect":
      return { case: "redirect", value: redirect(action.redirect) };
    case "respond": {
      return { case: "directResponse", value: { status: action.status, ...responseBody(action.body) } };
    }
  }
}

const redirectCodes: Readonly<Record<Redirect["status"], config_route_v3.RedirectAction_RedirectResponseCode>> = {
  301: RedirectAction_RedirectResponseCode.MOVED_PERMANENTLY,
  302: RedirectAction_RedirectResponseCode.FOUND,
  303: RedirectAction_RedirectResponseCode.SEE_OTHER,
  307: RedirectAction_RedirectResponseCode.TEMPORARY_REDIRECT,
  308: RedirectAction_RedirectResponseCode.PERMANENT_REDIRECT,
};

function responseBody(body: string | Uint8Array | undefined): MessageInit<typeof config_route_v3.DirectResponseActionSchema> {
  if (body === undefined) return {};
  const specifier =
    typeof body === "string" ? ({ case: "inlineString", value: body } as const) : ({ case: "inlineBytes", value: body } as const);
  return { body: { specifier } };
}

function redirect(model: Redirect): MessageInit<typeof config_route_v3.RedirectActionSchema> {
  return {
    responseCode: redirectCodes[model.status],
    ...(model.scheme === undefined ? {} : { schemeRewriteSpecifier: { case: "schemeRedirect" as const, value: model.scheme } }),
    ...(model.hostname === undefined ? {} : { hostRedirect: model.hostname }),
    ...(model.port === undefined ? {} : { portRedirect: model.port }),
    ...(model.path === undefined ? {} : { pathRewriteSpecifier: redirectPath(model.path) }),
  };
}

function filterConfigs({ cors, sessionPersistence, grpc, filters }: Route): Record<string, Any> {
  return {
    ...(filters === undefined ? {} : trafficFiltersOn(filters)),
    ...(cors === undefined ? {} : { [corsFilterName]: corsPolicy(cors) }),
    ...(sessionPersistence === undefined ? {} : { [statefulSessionFilterName]: statefulSession(sessionPersistence) }),
    ...(grpc === true ? grpcFiltersOn() : {}),
  };
}
