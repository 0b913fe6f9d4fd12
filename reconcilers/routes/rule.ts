// A rule of a route in model terms, before it meets a host and a table. Types only, shared by the files that make its parts.

import type { NamedMatch, Redirect } from "../../xds/model/request.ts";
import type { Cors, HeaderEdits, Respond, RouteAction, RouteMatch, SessionPersistence } from "../../xds/model/route.ts";
import type { Mirror } from "../../xds/model/route.ts";
import type { TrafficFilters } from "../../xds/model/traffic-filters.ts";
import type { Problem } from "../backends/problem.ts";

/** One rule of a route. A broken rule is still a rule: its matches answer 500, as the API asks. */
export interface HttpRule {
  readonly index: number;
  /** The rule's name, if it has one. */
  readonly name?: string;
  readonly branches: readonly RuleBranch[];
  readonly requestHeaders: HeaderEdits;
  readonly responseHeaders: HeaderEdits;
  readonly cors?: Cors;
  readonly sessionPersistence?: SessionPersistence;
  /** Limits that the rule sets itself, milliseconds: they stand before those of policies. */
  readonly own: RuleLimits;
  readonly filters?: TrafficFilters;
  readonly statPrefix?: string;
  /** Clusters that the rule sends to or mirrors to. Sorted. */
  readonly clusters: readonly string[];
}

export interface RuleLimits {
  readonly request?: number;
  readonly oneTry?: number;
  /** The rule says whether and how to retry. */
  readonly retries: boolean;
}

/** One match of a rule and what follows. Redirects are as the user wrote them: their port depends on the listener (redirect.ts). */
export interface RuleBranch {
  /** Number of the match in its rule; -1 for a rule without matches. */
  readonly position: number;
  /** Answers the CORS preflights of the match of this position (preflight.ts); it shares its number. */
  readonly preflight?: true;
  readonly match: RouteMatch;
  /** What `match` means as a call, for a GRPCRoute. */
  readonly call?: CallMatch;
  readonly action: RouteAction;
}

/** Names or patterns of a service and a method; empty for any. */
export interface CallMatch {
  readonly exact: boolean;
  readonly service: string;
  readonly method: string;
}

/** What the filters of one rule ask for together. */
export interface RuleFilters {
  readonly requestHeaders: HeaderEdits;
  readonly responseHeaders: HeaderEdits;
  readonly cors?: Cors;
  readonly redirect?: Redirect & { readonly path?: PathEdit };
  readonly rewrite?: FilterRewrite;
  readonly mirrors: readonly Mirror[];
  readonly respond?: Omit<Respond, "type">;
  /** Alternatives, each a list of cookies that must all match; empty = no condition. */
  readonly cookies: readonly (readonly NamedMatch[])[];
  readonly trouble: Trouble;
}

/** What one filter says; the parts it does not speak of are absent. */
export type FilterPart = Partial<Omit<RuleFilters, "trouble">> & { readonly trouble?: Partial<Trouble> };

/** A path edit; the `prefix` of "replacePrefix" is filled in per match (actions.ts). */
export type PathEdit =
  | { readonly type: "replacePrefix"; readonly prefix: string; readonly value: string }
  | { readonly type: "replaceFull"; readonly value: string };

export interface FilterRewrite {
  readonly path?: PathEdit | { readonly type: "replaceRegex"; readonly pattern: string; readonly substitution: string };
  readonly host?:
    | { readonly type: "literal"; readonly value: string }
    | { readonly type: "header"; readonly name: string }
    | { readonly type: "backend" };
}

/** What is wrong with a rule. `accepted` and `broken` make it answer 500; `refs` alone do not. */
export interface Trouble {
  /** Shown in Accepted (or PartiallyInvalid). */
  readonly accepted: readonly Problem[];
  /** Shown in ResolvedRefs. */
  readonly refs: readonly Problem[];
  readonly broken: boolean;
}
