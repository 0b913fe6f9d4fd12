// Timeouts, retries and sessions of a rule in model terms. Pure.

import type { HTTPRoute } from "../../api/gateway/httproute.ts";
import type { Retry, SessionPersistence } from "../../xds/model/route.ts";
import type { RouteMatch } from "../../xds/model/route.ts";
import type { Problem } from "../backends/problem.ts";
import { milliseconds } from "./durations.ts";
import type { RuleLimits } from "./rule.ts";

type Rule = NonNullable<HTTPRoute["spec"]["rules"]>[number];

/**
 * GEP-1742: `request` limits the whole exchange, `backendRequest` one try at a backend; zero switches a limit off. Without retries there
 * is one try, so that the smaller of the two limits is the limit.
 */
export function timeLimits(rule: Rule): { readonly timeoutMs?: number; readonly retry?: Retry } {
  const request = milliseconds(rule.timeouts?.request);
  const oneTry = milliseconds(rule.timeouts?.backendRequest);
  const retry = toRetry(rule.retry, oneTry);
  if (retry !== undefined) return { ...(request === undefined ? {} : { timeoutMs: request }), retry };
  const limits = [request, oneTry].filter((limit) => limit !== undefined && limit > 0).map(Number);
  if (limits.length > 0) return { timeoutMs: Math.min(...limits) };
  return request === undefined && oneTry === undefined ? {} : { timeoutMs: 0 };
}

/** What a rule says itself of time and retries. */
export function ownLimits({ timeouts, retry }: Pick<Rule, "timeouts" | "retry">): RuleLimits {
  const request = milliseconds(timeouts?.request);
  const oneTry = milliseconds(timeouts?.backendRequest);
  return {
    ...(request === undefined ? {} : { request }),
    ...(oneTry === undefined ? {} : { oneTry }),
    retries: retry !== undefined,
  };
}

/**
 * GEP-1731. Without codes, 503 is retried; without attempts, twice (Envoy Gateway's defaults). Connections that fail or end and tries that take
 * too long always are (HTTPRouteRetry).
 */
function toRetry(spec: Rule["retry"], perTry: number | undefined): Retry | undefined {
  if (spec === undefined || spec.attempts === 0) return undefined;
  const backoff = milliseconds(spec.backoff);
  return {
    attempts: spec.attempts ?? 2,
    on: ["connect-failure", "refused-stream", "reset", "unavailable", "cancelled", "retriable-status-codes"],
    statusCodes: spec.codes === undefined || spec.codes.length === 0 ? [503] : spec.codes,
    ...(backoff === undefined || backoff === 0 ? {} : { backoffMs: { base: backoff } }),
    ...(perTry === undefined || perTry === 0 ? {} : { perTryTimeoutMs: perTry }),
  };
}

/** What a rule's session persistence means; `unique` names the session when the user does not. */
export function toSession(
  spec: Rule["sessionPersistence"],
  matches: readonly RouteMatch[],
  unique: string,
): { readonly session?: SessionPersistence; readonly problems: readonly Problem[] } {
  if (spec === undefined) return { problems: [] };
  const refuse = (message: string) => ({ problems: [{ reason: "UnsupportedValue", message }] });
  if (spec.idleTimeout !== undefined) return refuse("sessionPersistence.idleTimeout is not supported");
  const name = spec.sessionName ?? unique;
  if (!/^[-!#$%&'*+.^_|~`0-9a-zA-Z]+$/.test(name)) return refuse(`Session name ${JSON.stringify(name)} is not an HTTP token`);
  if (spec.type === "Header") return { session: { type: "header", name }, problems: [] };
  const lifetime = spec.cookieConfig?.lifetimeType === "Permanent" ? milliseconds(spec.absoluteTimeout) : undefined;
  if (spec.cookieConfig?.lifetimeType === "Permanent" && lifetime === undefined) {
    return refuse("A permanent session cookie needs sessionPersistence.absoluteTimeout");
  }
  const ttl = lifetime === undefined ? {} : { ttlSeconds: Math.ceil(lifetime / 1000) };
  return { session: { type: "cookie", name, path: commonPath(matches), ...ttl }, problems: [] };
}

/** GEP-1619: the cookie's path is what all matches have in common, in whole segments; of a regular expression, those before it begins. */
function commonPath(matches: readonly RouteMatch[]): string {
  const segments = matches.map(({ path }) => {
    const parts = path.value.split("/").filter((part) => part !== "");
    return path.type === "regex" ? literalParts(path.value, parts) : parts;
  });
  const first = segments[0] ?? [];
  let length = 0;
  while (length < first.length && segments.every((each) => each[length] === first[length])) length++;
  return `/${first.slice(0, length).join("/")}`;
}

function literalParts(pattern: string, parts: readonly string[]): readonly string[] {
  // An alternative may be of the whole pattern.
  if (!pattern.startsWith("/") || pattern.includes("|")) return [];
  const begins = parts.findIndex((part) => /[\\^$.*+?()[\]{}]/.test(part));
  return begins === -1 ? parts : parts.slice(0, begins);
}
