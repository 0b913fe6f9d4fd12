// Which of several matching routes wins on a host. Pure.

import type { Route, RouteMatch } from "../../xds/model/route.ts";

/** A route with what decides its place among the routes of its host. */
export interface RankedRoute {
  readonly route: Route;
  /** Compared from left to right, larger first. */
  readonly rank: readonly number[];
  /** RFC 3339, empty for objects without age (from files), which count as oldest. */
  readonly created: string;
  /** "namespace/name" of the HTTPRoute. */
  readonly key: string;
  readonly rule: number;
  readonly position: number;
}

/**
 * Gateway API, HTTPRouteRule.matches: exact path, longest prefix, method, most headers, most query parameters. Where the API leaves it to
 * us we do as Envoy Gateway: regular expressions between exact paths and prefixes, longer ones first; exact values before patterns; cookies
 * after headers.
 */
export function rankOf(match: RouteMatch): readonly number[] {
  const kinds = { exact: 2, regex: 1, prefix: 0 } as const;
  const exact = (all: RouteMatch["headers"]): number => all.filter(({ type }) => type === "exact").length;
  return [
    kinds[match.path.type],
    match.path.type === "prefix" && match.path.value === "/" ? 0 : match.path.value.length,
    match.method === undefined ? 0 : 1,
    match.headers.length,
    exact(match.headers),
    match.cookies.length,
    exact(match.cookies),
    match.queryParams.length,
    exact(match.queryParams),
  ];
}

/** The order of the API: rank, then age and name. */
export function byPrecedence(a: RankedRoute, b: RankedRoute): number {
  for (let i = 0; i < a.rank.length; i++) {
    const difference = (b.rank[i] ?? 0) - (a.rank[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return byAge(a, b);
}

/** Ties, and the whole order where EnvoyProxy asks for preserveRouteOrder: oldest, namespace/name, rule, match. */
export function byAge(a: RankedRoute, b: RankedRoute): number {
  return compare(a.created, b.created) || compare(a.key, b.key) || a.rule - b.rule || a.position - b.position;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
