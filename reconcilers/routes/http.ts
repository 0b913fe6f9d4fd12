// HTTPRoute and GRPCRoute: the rules they contribute and what is wrong with them, independent of where they attach. Knows nothing of Envoy, nor of how
// status is written.

import type { HTTPRouteRule as Rule } from "../../api/gateway/httproute.ts";
import type { Db } from "../../store/db.ts";
import type { ObjectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import type { Redirect } from "../../xds/model/request.ts";
import type { Rewrite, RouteAction, RouteMatch } from "../../xds/model/route.ts";
import type { Problem } from "../backends/problem.ts";
import { routeInvalid, routePartiallyInvalid, routeRefsNotResolved, routeRefsResolved } from "../conditions.ts";
import type { Condition, Verdict } from "../reconciler.ts";
import type { RequestKind, RequestRouteId } from "./attachment.ts";
import { asHttpRule, type CallRule } from "./grpc.ts";
import { ruleFilters } from "./filters.ts";
import { forwarding } from "./forward.ts";
import type { Forwarding } from "./forward.ts";
import { ownLimits, timeLimits, toSession } from "./limits.ts";
import { matchProblems, toMatches } from "./matches.ts";
import { withPreflights } from "./preflight.ts";
import type { HttpRule, RuleBranch, RuleFilters } from "./rule.ts";

/** What a broken rule answers. A gRPC client sees 503 as UNAVAILABLE, which the API asks for, and 500 as UNKNOWN. */
const brokenStatus = { HTTPRoute: 500, GRPCRoute: 503 } as const;
export const brokenAction = (kind: RequestKind): RouteAction => ({ type: "respond", status: brokenStatus[kind] });

type AnyRule = Rule | CallRule;

interface CheckedRule {
  readonly rule: HttpRule;
  readonly accepted: readonly Problem[];
  readonly refs: readonly Problem[];
}

/** The rules in model terms. Conditions: Accepted=False or PartiallyInvalid when rules are broken, and always ResolvedRefs. */
export const requestRules = memo("requestRules", (db: Db, kind: RequestKind, key: ObjectKey): Verdict<readonly HttpRule[]> => {
  const checked = specRules(db, kind, key).map((rule, index) => toRule(db, { kind, key }, { rule, index }));
  return { value: checked.map(({ rule }) => rule), conditions: conditionsOf(checked) };
});

function specRules(db: Db, kind: RequestKind, key: ObjectKey): readonly AnyRule[] {
  if (kind === "HTTPRoute") return db.get(kind, key)?.spec.rules ?? [];
  return (db.get(kind, key)?.spec.rules ?? []).map(asHttpRule);
}

/** Names of all clusters a route sends to or mirrors to: an edit that names no new cluster stops here. */
export const routeClusters = memo("routeClusters", (db: Db, kind: RequestKind, key: ObjectKey): readonly string[] => {
  return [...new Set(requestRules(db, kind, key).value.flatMap(({ clusters }) => clusters))].toSorted();
});

function toRule(db: Db, route: RequestRouteId, { rule, index }: { readonly rule: AnyRule; readonly index: number }): CheckedRule {
  const filters = ruleFilters(db, route, rule.filters ?? []);
  const answered = filters.redirect !== undefined || filters.respond !== undefined;
  const target: Forwarding = answered ? { backends: [], refs: [], accepted: [] } : forwarding(db, route, rule);
  const matches = toMatches(rule.matches, filters.cookies);
  const usable = matches.filter(({ match }) => matchProblems([{ position: 0, match }]).length === 0);
  const session = toSession(
    rule.sessionPersistence,
    matches.map(({ match }) => match),
    sessionName(route.key, index),
  );
  const accepted = [
    ...filters.trouble.accepted,
    ...target.accepted,
    ...matchProblems(matches),
    ...prefixProblems(
      filters,
      matches.map(({ match }) => match),
    ),
    ...session.problems,
  ];
  const broken = accepted.length > 0 || filters.trouble.broken;
  const matched = usable.map(({ position, match, call }): RuleBranch => {
    return {
      position,
      match,
      ...(call === undefined ? {} : { call }),
      action: broken ? brokenAction(route.kind) : toAction({ kind: route.kind, rule, filters, target, match }),
    };
  });
  const branches = filters.cors === undefined || broken ? matched : withPreflights(matched);
  const edits = broken ? ruleFilters(db, route, []) : filters;
  return {
    rule: {
      index,
      ...(rule.name === undefined ? {} : { name: rule.name }),
      branches,
      requestHeaders: edits.requestHeaders,
      responseHeaders: edits.responseHeaders,
      ...(filters.cors === undefined || broken ? {} : { cors: filters.cors }),
      ...(session.session === undefined || broken ? {} : { sessionPersistence: session.session }),
      own: ownLimits(rule),
      clusters: clustersOf(branches),
    },
    accepted,
    refs: [...filters.trouble.refs, ...target.refs],
  };
}

/** A call may be a stream without end: the limit is the client's deadline, which the backend is told (grpc-timeout). */
const unlimited = { timeoutMs: 0 } as const;

interface ActionParts {
  readonly kind: RequestKind;
  readonly rule: AnyRule;
  readonly filters: RuleFilters;
  readonly target: Forwarding;
  readonly match: RouteMatch;
}

function toAction({ kind, rule, filters, target, match }: ActionParts): RouteAction {
  if (filters.respond !== undefined) return { type: "respond", ...filters.respond };
  if (filters.redirect !== undefined) return { type: "redirect", redirect: withPrefix(filters.redirect, match) };
  // Gateway API, HTTPRouteRule.backendRefs: nothing valid to send to answers 500.
  if (target.backends.length === 0) return brokenAction(kind);
  const rewrite: Rewrite | undefined = filters.rewrite === undefined ? undefined : withPrefix(filters.rewrite, match);
  return {
    type: "forward",
    backends: target.backends,
    ...(rewrite === undefined ? {} : { rewrite }),
    mirrors: filters.mirrors,
    ...(kind === "GRPCRoute" ? unlimited : timeLimits(rule)),
    ...(kind === "HTTPRoute" ? {} : { invalidStatus: brokenStatus[kind] }),
  };
}

function withPrefix<Edited extends Pick<Redirect | Rewrite, "path">>(edited: Edited, match: RouteMatch): Edited {
  if (edited.path?.type !== "replacePrefix") return edited;
  return { ...edited, path: { ...edited.path, prefix: match.path.value } };
}

/** Gateway API, HTTPPathModifier: ReplacePrefixMatch makes sense for PathPrefix matches only. */
function prefixProblems(filters: RuleFilters, matches: readonly RouteMatch[]): readonly Problem[] {
  const replaces = filters.redirect?.path?.type === "replacePrefix" || filters.rewrite?.path?.type === "replacePrefix";
  if (!replaces || matches.every(({ path }) => path.type === "prefix")) return [];
  return [{ reason: "UnsupportedValue", message: "ReplacePrefixMatch needs matches of type PathPrefix" }];
}

export function clustersOf(branches: readonly RuleBranch[]): readonly string[] {
  const names = new Set<string>();
  for (const { action } of branches) {
    if (action.type !== "forward") continue;
    for (const { cluster } of action.backends) if (cluster !== undefined) names.add(cluster);
    for (const { cluster } of action.mirrors) names.add(cluster);
  }
  return [...names].toSorted();
}

function sessionName(route: ObjectKey, index: number): string {
  return `eg-session-${route.replace("/", "-")}-${index}`;
}

/** Gateway API, RouteConditionPartiallyInvalid: some rules are dropped, the message starts so; all of them: the route is not accepted. */
function conditionsOf(checked: readonly CheckedRule[]): readonly Condition[] {
  const broken = checked.filter(({ accepted }) => accepted.length > 0);
  const problems = broken.flatMap(({ accepted }) => accepted);
  const refs = checked.flatMap((each) => each.refs);
  const resolved = refs.length === 0 ? routeRefsResolved() : routeRefsNotResolved(refs);
  if (problems.length === 0) return [resolved];
  if (broken.length === checked.length) return [routeInvalid(problems), resolved];
  return [
    routePartiallyInvalid(
      broken.map(({ rule }) => rule.index),
      problems,
    ),
    resolved,
  ];
}
