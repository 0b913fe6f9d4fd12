// Route tables in Envoy-free words: decisions already made (who matches first, which backend, what is edited). Immutable, types only.

import type { Origin } from "./origin.ts";
import type { Header, NamedMatch, Redirect } from "./request.ts";
import type { TrafficFilters } from "./traffic-filters.ts";

/**
 * The virtual hosts one RouteConfiguration serves, in shards of stable membership (by hash of the host), so that one edit rebuilds one shard.
 * Sorted by name inside a shard.
 */
export interface RouteTable {
  /** RDS name. */
  readonly name: string;
  readonly shards: readonly (readonly VirtualHost[])[];
}

/** "plain": one piece. "bucketed": in parts, of which an edit changes one; each request pays for finding its part. "auto": by size. */
export type RouteLayout = "plain" | "bucketed" | "auto";

/** Hosts answered alike. The first matching route wins. */
export interface VirtualHost {
  /** Unique in its table. */
  readonly name: string;
  /** Exact hosts, "*.suffix" or "*"; unique in the table. Ports are ignored in matching. */
  readonly domains: readonly string[];
  readonly routes: readonly Route[];
}

/** One match of one rule. */
export interface Route {
  /** "httproute/<ns>/<name>/rule/<r>/match/<m>/<host>"; m = -1 for a rule without matches. */
  readonly name: string;
  readonly origin: Origin;
  /** Envoy is told the origin, too: something in the proxy reads it. Half of what a table costs Envoy, so not told for nothing. */
  readonly described?: true;
  readonly match: RouteMatch;
  readonly action: RouteAction;
  readonly requestHeaders: HeaderEdits;
  readonly responseHeaders: HeaderEdits;
  readonly cors?: Cors;
  readonly sessionPersistence?: SessionPersistence;
  readonly filters?: TrafficFilters;
  /** Prefix of Envoy's statistics of this route. */
  readonly statPrefix?: string;
  /** Requests are gRPC calls: they are counted by method, and those of browsers (gRPC-Web) translated. */
  readonly grpc?: true;
}

export interface RouteMatch {
  readonly path: PathMatch;
  readonly headers: readonly NamedMatch[];
  readonly queryParams: readonly NamedMatch[];
  readonly cookies: readonly NamedMatch[];
  readonly method?: string;
}

/** `prefix` matches whole path segments; "/" matches everything. Regular expressions are RE2 and match the whole path. */
export interface PathMatch {
  readonly type: "exact" | "prefix" | "regex";
  readonly value: string;
}

/** Order of application: remove, then set, then add. Names keep the user's spelling. */
export interface HeaderEdits {
  readonly set: readonly Header[];
  readonly add: readonly Header[];
  readonly addIfAbsent: readonly Header[];
  readonly remove: readonly string[];
}
export type RouteAction = ForwardAction | { readonly type: "redirect"; readonly redirect: Redirect } | Respond;

/** An answer of the proxy itself. */
export interface Respond {
  readonly type: "respond";
  readonly status: number;
  /** Text, or bytes that need not be text. */
  readonly body?: string | Uint8Array;
  readonly contentType?: string;
}

export interface ForwardAction {
  readonly type: "forward";
  /** At least one; weights are positive. */
  readonly backends: readonly WeightedBackend[];
  readonly rewrite?: Rewrite;
  readonly mirrors: readonly Mirror[];
  /** Whole request, milliseconds; 0 = no limit; absent = the proxy's own limit of 15 seconds, as Envoy Gateway leaves it. */
  readonly timeoutMs?: number;
  readonly retry?: Retry;
  /** What the share of an invalid backendRef answers; absent = 500. */
  readonly invalidStatus?: 503;
  /** Of the stream, milliseconds; 0 = no limit; absent = the listener's. */
  readonly maxStreamDurationMs?: number;
  /** Upgrades that a policy allows in place of the listener's. */
  readonly upgrades?: readonly string[];
  /** What endpoints are chosen by, for clusters that choose by hash. */
  readonly hash?: readonly HashInput[];
}

export interface WeightedBackend {
  /** Cluster name, or undefined: this share answers 500 or `invalidStatus` (an invalid backendRef). */
  readonly cluster: string | undefined;
  readonly weight: number;
  readonly requestHeaders: HeaderEdits;
  readonly responseHeaders: HeaderEdits;
  /** Host seen by this backend, when a backendRef filter rewrites it. */
  readonly hostname?: string;
}

export interface Rewrite {
  readonly path?:
    | { readonly type: "replacePrefix"; readonly prefix: string; readonly value: string }
    | { readonly type: "replaceFull"; readonly value: string }
    | { readonly type: "replaceRegex"; readonly pattern: string; readonly substitution: string };
  readonly host?:
    | { readonly type: "literal"; readonly value: string }
    | { readonly type: "header"; readonly name: string }
    | { readonly type: "backend" };
}

export interface Mirror {
  readonly cluster: string;
  /** Share of requests, as numerator / denominator; absent = all. */
  readonly fraction?: { readonly numerator: number; readonly denominator: number };
}

export interface Retry {
  /** Number of retries after the first try. */
  readonly attempts: number;
  /** Envoy retry_on conditions. */
  readonly on: readonly string[];
  readonly statusCodes: readonly number[];
  readonly backoffMs?: { readonly base: number; readonly max?: number };
  readonly perTryTimeoutMs?: number;
  /** Attempts before endpoints of the next priority are tried. */
  readonly attemptsPerPriority?: number;
}

/** A part of the request that goes into its hash. */
export type HashInput =
  | { readonly type: "source" }
  | { readonly type: "header" | "query"; readonly name: string }
  /** With a ttl, a client without the cookie is given one; 0 = until its session ends. */
  | {
      readonly type: "cookie";
      readonly name: string;
      readonly ttlMs?: number;
      readonly attributes: readonly (readonly [name: string, value: string])[];
    };

/** What a policy asks for of the requests of a rule, before it meets the rule. */
export interface RouteTraffic {
  readonly requestTimeoutMs?: number;
  readonly maxStreamDurationMs?: number;
  readonly retry?: Retry;
  readonly hash?: readonly HashInput[];
  /** In place of the usual ones. */
  readonly upgrades?: readonly string[];
  /** Name in statistics; may have %ROUTE_NAME%, %ROUTE_NAMESPACE%, %ROUTE_KIND% and %ROUTE_RULE_NAME%. */
  readonly statName?: string;
}

/** Fetch standard's CORS protocol; origins are exact ("https://a.example") or have a "*" ("https://*.example", "*"). */
export interface Cors {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeSeconds?: number;
  readonly credentials: boolean;
}

export type SessionPersistence =
  | { readonly type: "cookie"; readonly name: string; readonly path: string; readonly ttlSeconds?: number }
  | { readonly type: "header"; readonly name: string };
