// CORS preflights of matches that name a method: a browser asks with OPTIONS, which such a match does not cover. As in Envoy Gateway the
// rule answers them all the same, by a match of its own. Pure.

import type { RouteMatch } from "../../xds/model/route.ts";
import type { RuleBranch } from "./rule.ts";

/**
 * The branches, each followed by the one for its preflights where it needs one: none when the rule matches OPTIONS itself; none for
 * cookies, which browsers do not send with a preflight; none for redirects and answers of our own, which Envoy's CORS filter leaves alone.
 */
export function withPreflights(branches: readonly RuleBranch[]): readonly RuleBranch[] {
  if (branches.some(({ match }) => match.method === "OPTIONS")) return branches;
  return branches.flatMap((branch) => {
    const { match, action } = branch;
    if (match.method === undefined || match.cookies.length > 0 || action.type !== "forward") return [branch];
    return [branch, { ...branch, preflight: true, match: preflightOf(match, match.method) }];
  });
}

/** Fetch, CORS-preflight fetch: OPTIONS with the origin and the method that is to follow. The policy answers each, also other origins. */
function preflightOf(match: RouteMatch, method: string): RouteMatch {
  const asked = [
    { name: "origin", type: "regex", value: ".+" },
    { name: "access-control-request-method", type: "exact", value: method },
  ] as const;
  return { ...match, method: "OPTIONS", headers: [...match.headers, ...asked] };
}
