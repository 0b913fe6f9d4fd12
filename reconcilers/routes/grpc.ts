// GRPCRoute: a gRPC call is an HTTP request for "/<service>/<method>", so its rules are told as rules of an HTTPRoute and share all that
// follows from there (http.ts), save two things: which call matches better, and that a stream may last.

import type { GRPCRouteMatch, GRPCRouteRule } from "../../api/gateway/grpcroute.ts";
import type { HTTPRouteRule } from "../../api/gateway/httproute.ts";
import type { RuleMatch } from "./matches.ts";
import type { CallMatch } from "./rule.ts";

/** A rule in terms of HTTP whose matches also say what they mean as calls. */
export type CallRule = Omit<HTTPRouteRule, "matches"> & {
  readonly matches: readonly (RuleMatch & { readonly call: CallMatch })[];
};

/** The rule in terms of HTTP. Without matches it is for every call. */
export function asHttpRule(rule: GRPCRouteRule): CallRule {
  const { matches, ...rest } = rule;
  return { ...rest, matches: (matches ?? []).map(asHttpMatch) };
}

function asHttpMatch({ method, headers }: GRPCRouteMatch): CallRule["matches"][number] {
  const call = { exact: method?.type !== "RegularExpression", service: method?.service ?? "", method: method?.method ?? "" };
  return { path: pathOf(method), call, ...(headers === undefined ? {} : { headers }) };
}

/** One part of the path, when the user does not say which. */
const anyPart = "[^/]+";

/** Gateway API, GRPCMethodMatch: service and method must both match, and one that is absent matches any. */
function pathOf(spec: GRPCRouteMatch["method"]): RuleMatch["path"] {
  const service = spec?.service ?? "";
  const method = spec?.method ?? "";
  if (service === "" && method === "") return { type: "PathPrefix", value: "/" };
  if (spec?.type === "RegularExpression") {
    const part = (pattern: string) => (pattern === "" ? anyPart : `(?:${pattern})`);
    return { type: "RegularExpression", value: `/${part(service)}/${part(method)}` };
  }
  if (method === "") return { type: "PathPrefix", value: `/${service}` };
  if (service === "") return { type: "RegularExpression", value: `/${anyPart}/${method}` };
  return { type: "Exact", value: `/${service}/${method}` };
}
