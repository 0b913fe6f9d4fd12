// Matches of an HTTPRoute rule in model terms, and what is wrong with them. Pure.

import type { HTTPRoute } from "../../api/gateway/httproute.ts";
import type { NamedMatch } from "../../xds/model/request.ts";
import type { PathMatch, RouteMatch } from "../../xds/model/route.ts";
import type { Problem } from "../backends/problem.ts";
import { regexProblem } from "../regex.ts";
import type { CallMatch } from "./rule.ts";

type Rule = NonNullable<HTTPRoute["spec"]["rules"]>[number];
export type RuleMatch = NonNullable<Rule["matches"]>[number];
/** The match of a rule of either kind of route. */
export type AnyMatch = RuleMatch & { readonly call?: CallMatch };

/** A match with its position in the rule. */
export interface PositionedMatch {
  readonly position: number;
  readonly match: RouteMatch;
  readonly call?: CallMatch;
}

/**
 * The matches of a rule, each combined with each cookie alternative (HTTPRouteFilter.matches). Without any, everything matches and the
 * position is -1, as in Envoy Gateway's route names.
 */
export function toMatches(
  matches: readonly AnyMatch[] | undefined,
  cookies: readonly (readonly NamedMatch[])[],
): readonly PositionedMatch[] {
  const all: readonly Partial<AnyMatch>[] = matches === undefined || matches.length === 0 ? [{}] : matches;
  const alternatives = cookies.length === 0 ? [[]] : cookies;
  const found = all.flatMap((match) =>
    alternatives.map((each) => ({ match: toMatch(match, each), ...(match.call === undefined ? {} : { call: match.call }) })),
  );
  if (found.length === 1 && all !== matches && cookies.length === 0) return found.map((match) => ({ position: -1, ...match }));
  return found.map((match, position) => ({ position, ...match }));
}

function toMatch(match: Partial<RuleMatch>, cookies: readonly NamedMatch[]): RouteMatch {
  return {
    path: toPath(match.path),
    headers: (match.headers ?? []).map(toNamed).filter(firstOfName),
    queryParams: (match.queryParams ?? [])
      .map(toNamed)
      .filter((each, i, all) => all.findIndex(({ name }) => name === each.name) === i),
    cookies,
    ...(match.method === undefined ? {} : { method: match.method }),
  };
}

function toPath(path: RuleMatch["path"] | undefined): PathMatch {
  const value = path?.value ?? "/";
  switch (path?.type ?? "PathPrefix") {
    case "Exact":
      return { type: "exact", value };
    case "RegularExpression":
      return { type: "regex", value };
    case "PathPrefix":
    default:
      // Gateway API, PathMatchType: a trailing slash of a prefix is ignored; "/" alone stays.
      return { type: "prefix", value: value.replace(/\/+$/, "") || "/" };
  }
}

interface NamedSpec {
  readonly name: string;
  readonly type?: string;
  readonly value?: string;
}

/** Cookies, headers and query parameters share this shape; the type is Exact unless it says RegularExpression. */
export function toNamed({ name, type, value }: NamedSpec): NamedMatch {
  return { name, type: type === "RegularExpression" ? "regex" : "exact", value: value ?? "" };
}

/** Gateway API, HTTPHeaderMatch: of entries with an equivalent name only the first counts; header names ignore case. */
function firstOfName(match: NamedMatch, index: number, all: readonly NamedMatch[]): boolean {
  return all.findIndex(({ name }) => name.toLowerCase() === match.name.toLowerCase()) === index;
}

/** What a proxy could not match with, as problems of the Accepted condition. */
export function matchProblems(matches: readonly PositionedMatch[]): readonly Problem[] {
  return matches.flatMap(({ match }) => {
    const named = [...match.headers, ...match.queryParams, ...match.cookies];
    const regexes = named.filter(({ type }) => type === "regex").map(({ value }) => value);
    if (match.path.type === "regex") regexes.push(match.path.value);
    const sentences = regexes.map(regexProblem).filter((problem) => problem !== undefined);
    if (!match.path.value.startsWith("/") && match.path.type !== "regex") {
      sentences.push(`Path ${match.path.value} must start with a slash`);
    }
    return sentences.map((message) => ({ reason: "UnsupportedValue", message }));
  });
}
