// What of a BackendTrafficPolicy belongs to requests, in model terms: limits of time, retries, what is hashed, upgrades. Pure.

import type { BackendTrafficSpec } from "../../api/backendtrafficpolicy.ts";
import type { HashInput, Retry, RouteTraffic } from "../../xds/model/route.ts";
import { milliseconds } from "../routes/durations.ts";
import { positiveAt, present, type Problems } from "./problems.ts";
import { isConnect } from "./unserved.ts";

export function toRequestTraffic(spec: BackendTrafficSpec, problems: Problems): RouteTraffic {
  const http = spec.timeout?.http;
  return present({
    requestTimeoutMs: milliseconds(http?.requestTimeout),
    maxStreamDurationMs: milliseconds(http?.maxStreamDuration),
    retry: toRetry(spec.retry, problems),
    hash: toHash(spec.loadBalancer),
    upgrades: spec.httpUpgrade?.map(({ type }) => type).filter((type) => !isConnect(type)),
    statName: toStatName(spec.telemetry?.metrics?.routeStatName, problems),
  });
}

const operators = ["%ROUTE_NAME%", "%ROUTE_NAMESPACE%", "%ROUTE_KIND%", "%ROUTE_RULE_NAME%"];

function toStatName(name: string | undefined, problems: Problems): string | undefined {
  const unknown = (name?.match(/%[^%]*%?/g) ?? []).filter((each) => !operators.includes(each));
  if (unknown.length > 0) {
    problems.push(`telemetry.metrics.routeStatName: ${unknown.join(", ")} is none of ${operators.join(", ")}.`);
  }
  return name;
}

/** Envoy Gateway: without triggers these; without codes 503, unless triggers are given, which then stand alone. */
const usualTriggers = ["connect-failure", "refused-stream", "unavailable", "cancelled", "retriable-status-codes"];

function toRetry(spec: BackendTrafficSpec["retry"], problems: Problems): Retry | undefined {
  if (spec === undefined) return undefined;
  const { retryOn, perRetry } = spec;
  const at = "retry.perRetry";
  const base = positiveAt(problems, `${at}.backOff.baseInterval`, perRetry?.backOff?.baseInterval);
  const max = positiveAt(problems, `${at}.backOff.maxInterval`, perRetry?.backOff?.maxInterval);
  if (max !== undefined && max < (base ?? usualBaseMs)) {
    problems.push(
      `${at}.backOff: maxInterval must not be shorter than baseInterval${base === undefined ? ", 25ms when absent" : ""}.`,
    );
  }
  const timeout = milliseconds(perRetry?.timeout);
  return {
    attempts: spec.numRetries,
    on: [...new Set(retryOn?.triggers ?? usualTriggers)].toSorted(),
    statusCodes: retryOn === undefined ? [503] : (retryOn.httpStatusCodes ?? []),
    ...(base === undefined && max === undefined ? {} : { backoffMs: { base: base ?? usualBaseMs, ...present({ max }) } }),
    ...(timeout === undefined || timeout === 0 ? {} : { perTryTimeoutMs: timeout }),
    ...present({ attemptsPerPriority: spec.numAttemptsPerPriority }),
  };
}

/** Envoy's own base interval. */
const usualBaseMs = 25;

function toHash(spec: BackendTrafficSpec["loadBalancer"]): readonly HashInput[] | undefined {
  const hash = spec?.consistentHash;
  if (spec?.type !== "ConsistentHash" || hash === undefined) return undefined;
  switch (hash.type) {
    case "SourceIP":
      return [{ type: "source" }];
    case "Header":
      return hash.header === undefined ? [] : [{ type: "header", name: hash.header.name }];
    case "Headers":
      return (hash.headers ?? []).map(({ name }) => ({ type: "header", name }));
    case "QueryParams":
      return (hash.queryParams ?? []).map(({ name }) => ({ type: "query", name }));
    case "Cookie": {
      if (hash.cookie === undefined) return [];
      const { name, ttl, attributes = {} } = hash.cookie;
      const sorted = Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1));
      return [{ type: "cookie", name, ...present({ ttlMs: milliseconds(ttl) }), attributes: sorted }];
    }
  }
}
