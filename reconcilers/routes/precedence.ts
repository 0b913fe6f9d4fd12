// Which of several matching routes wins on a host. Pure.

import type { Route, RouteMatch } from "../../xds/model/route.ts";
import type { CallMatch } from "./rule.ts";
import { compare } from "../order.ts";

/** A route with what decides its place among the routes of its host. */
export interface RankedRoute {
  readonly route: Route;
  /** Larger first. */
  readonly rank: number;
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
export function rankOf(match: RouteMatch): number {
  const kinds = { exact: 2, regex: 1, prefix: 0 } as const;
  const exact = (all: RouteMatch["headers"]): number => all.filter(({ type }) => type === "exact").length;
  return packed([
    [2, kinds[match.path.type]],
    [12, match.path.type === "prefix" && match.path.value === "/" ? 0 : match.path.value.length],
    [1, match.method === undefined ? 0 : 1],
    [6, match.headers.length],
    [6, exact(match.headers)],
    [6, match.cookies.length],
    [6, exact(match.cookies)],
    [6, match.queryParams.length],
    [6, exact(match.queryParams)],
  ]);
}

/**
 * Gateway API, GRPCRouteRule.matches: most characters of a service, then of a method, then most headers. Regular expressions stand between a
 * service with a method and a service alone, as in Envoy Gateway, and after exact methods. On the scale of rankOf, because HTTPRoutes may share the host.
 */
export function rankOfCall({ exact, service, method }: CallMatch, { headers }: RouteMatch): number {
  const exactly = headers.filter(({ type }) => type === "exact").length;
  const names = service === "" ? 0 : `/${service}`.length;
  const first = [
    [2, service === "" ? 0 : !exact ? 1 : method === "" ? 0 : 2],
    [12, names],
  ] as const;
  if (method === "") return packed([...first, [1, 0], [6, headers.length], [6, exactly], [24, 0]]);
  return packed([...first, [1, 1], [1, exact ? 1 : 0], [11, method.length], [6, headers.length], [6, exactly], [12, 0]]);
}

/**
 * Numbers of so many bits as one that compares as they do from left to right; 51 bits, because a number of JavaScript holds 53. The API
 * allows paths of 1,024 characters and 16 headers or parameters; what is larger than its place counts as the largest that fits.
 */
function packed(parts: readonly (readonly [bits: number, value: number])[]): number {
  return parts.reduce((rank, [bits, value]) => rank * 2 ** bits + Math.min(value, 2 ** bits - 1), 0);
}

/** The order of the API: rank, then age and name. */
export function byPrecedence(a: RankedRoute, b: RankedRoute): number {
  return b.rank - a.rank || byAge(a, b);
}

/** Ties, and the whole order where EnvoyProxy asks for preserveRouteOrder: oldest, namespace/name, rule, match. */
export function byAge(a: RankedRoute, b: RankedRoute): number {
  return compare(a.created, b.created) || compare(a.key, b.key) || a.rule - b.rule || a.position - b.position;
}
