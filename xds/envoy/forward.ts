// The action that sends a request to backends: where to, rewrites, mirrors, timeouts, retries.

import {
  config_route_v3,
  extensions_retry_host_previous_hosts_v3,
  extensions_retry_priority_previous_priorities_v3,
  type_v3,
} from "#envoy";
import type { ForwardAction, HashInput, Mirror, Retry, Rewrite, WeightedBackend } from "../model/route.ts";
import { headerEdits } from "./headers.ts";
import type { MessageInit } from "./message-init.ts";
import { rewritePath } from "./path-rewrite.ts";
import { milliseconds, packed } from "./wire.ts";

const { INTERNAL_SERVER_ERROR, SERVICE_UNAVAILABLE } = config_route_v3.RouteAction_ClusterNotFoundResponseCode;
const { FractionalPercent_DenominatorType } = type_v3;
type EnvoyForward = MessageInit<typeof config_route_v3.RouteActionSchema>;

/**
 * Named by the share that an invalid backendRef would take, and never defined: Envoy answers such a request with 500, closes such a
 * connection, drops such a datagram.
 */
export const invalidBackendCluster = "invalid-backend";

export function forward(action: ForwardAction): EnvoyForward {
  return {
    clusterSpecifier: clusterSpecifier(action.backends),
    clusterNotFoundResponseCode: action.invalidStatus === 503 ? SERVICE_UNAVAILABLE : INTERNAL_SERVER_ERROR,
    ...(action.rewrite?.path === undefined ? {} : rewritePath(action.rewrite.path)),
    ...(action.rewrite?.host === undefined ? {} : { hostRewriteSpecifier: hostRewrite(action.rewrite.host) }),
    // Envoy Gateway: a backend that sees another host is told the one that the client asked for.
    appendXForwardedHost: action.rewrite?.host !== undefined || action.backends.some(({ hostname }) => hostname !== undefined),
    requestMirrorPolicies: action.mirrors.map(mirror),
    ...timeouts(action.timeoutMs),
    ...(action.maxStreamDurationMs === undefined
      ? {}
      : { maxStreamDuration: { maxStreamDuration: milliseconds(action.maxStreamDurationMs) } }),
    ...(action.upgrades === undefined ? {} : { upgradeConfigs: upgradeConfigs(action.upgrades) }),
    hashPolicy: (action.hash ?? []).map(hashPolicy),
    ...(action.retry === undefined ? {} : { retryPolicy: retryPolicy(action.retry) }),
  };
}

function clusterSpecifier(backends: readonly WeightedBackend[]): EnvoyForward["clusterSpecifier"] {
  const [only] = backends;
  if (backends.length === 1 && only?.cluster !== undefined && isPlain(only)) return { case: "cluster", value: only.cluster };
  return { case: "weightedClusters", value: { clusters: backends.map(clusterWeight) } };
}

function isPlain({ requestHeaders, responseHeaders, hostname }: WeightedBackend): boolean {
  return hostname === undefined && [requestHeaders, responseHeaders].every((edits) => Object.values(edits).flat().length === 0);
}

function clusterWeight(backend: WeightedBackend): MessageInit<typeof config_route_v3.WeightedCluster_ClusterWeightSchema> {
  const request = headerEdits(backend.requestHeaders);
  const response = headerEdits(backend.responseHeaders);
  return {
    name: backend.cluster ?? invalidBackendCluster,
    weight: backend.weight,
    requestHeadersToAdd: request.add,
    requestHeadersToRemove: request.remove,
    responseHeadersToAdd: response.add,
    responseHeadersToRemove: response.remove,
    ...(backend.hostname === undefined ? {} : { hostRewriteSpecifier: { case: "hostRewriteLiteral", value: backend.hostname } }),
  };
}

function hostRewrite(host: NonNullable<Rewrite["host"]>): EnvoyForward["hostRewriteSpecifier"] {
  switch (host.type) {
    case "literal":
      return { case: "hostRewriteLiteral", value: host.value };
    case "header":
      return { case: "hostRewriteHeader", value: host.name };
    case "backend":
      return { case: "autoHostRewrite", value: { value: true } };
  }
}

/** What is not listed is not allowed: the listener would let websocket through. */
function upgradeConfigs(upgrades: readonly string[]): EnvoyForward["upgradeConfigs"] {
  const allowed = upgrades.map((upgradeType) => ({ upgradeType }));
  const listed = upgrades.some((upgrade) => upgrade.toLowerCase() === "websocket");
  return listed ? allowed : [...allowed, { upgradeType: "websocket", enabled: false }];
}

function hashPolicy(input: HashInput): MessageInit<typeof config_route_v3.RouteAction_HashPolicySchema> {
  switch (input.type) {
    case "source":
      return { policySpecifier: { case: "connectionProperties", value: { sourceIp: true } } };
    case "header":
      return { policySpecifier: { case: "header", value: { headerName: input.name } } };
    case "query":
      return { policySpecifier: { case: "queryParameter", value: { name: input.name } } };
    case "cookie": {
      const { name, ttlMs, attributes } = input;
      const ttl = ttlMs === undefined ? {} : { ttl: milliseconds(ttlMs) };
      const value = { name, ...ttl, attributes: attributes.map(([key, text]) => ({ name: key, value: text })) };
      return { policySpecifier: { case: "cookie", value } };
    }
  }
}

function mirror({ cluster, fraction }: Mirror): MessageInit<typeof config_route_v3.RouteAction_RequestMirrorPolicySchema> {
  return {
    cluster,
    disableShadowHostSuffixAppend: true, // the mirror sees the host that the client asked for
    ...(fraction === undefined ? {} : { runtimeFraction: { defaultValue: percent(fraction) } }),
  };
}

/** Envoy knows three denominators; others are rounded to millionths. */
function percent(fraction: NonNullable<Mirror["fraction"]>): MessageInit<typeof type_v3.FractionalPercentSchema> {
  const { numerator, denominator } = fraction;
  const { HUNDRED, TEN_THOUSAND, MILLION } = FractionalPercent_DenominatorType;
  if (denominator === 100) return { numerator, denominator: HUNDRED };
  if (denominator === 10_000) return { numerator, denominator: TEN_THOUSAND };
  return { numerator: Math.round((numerator / denominator) * 1_000_000), denominator: MILLION };
}

const hourMs = 3_600_000;

/**
 * The stream's idle time (Envoy's default: 5 minutes) must not end a request that its own limit still allows, so it is raised with the limit.
 * Without a limit of the user's, Envoy's own stands: 15 seconds for the request.
 */
function timeouts(timeoutMs: number | undefined): Pick<EnvoyForward, "timeout" | "idleTimeout"> {
  if (timeoutMs === undefined) return {};
  return { timeout: milliseconds(timeoutMs), idleTimeout: milliseconds(timeoutMs === 0 ? 0 : Math.max(hourMs, timeoutMs)) };
}

function retryPolicy(retry: Retry): MessageInit<typeof config_route_v3.RetryPolicySchema> {
  const { PreviousHostsPredicateSchema } = extensions_retry_host_previous_hosts_v3;
  const conditions = new Set(retry.on);
  if (retry.statusCodes.length > 0) conditions.add("retriable-status-codes");
  return {
    retryOn: [...conditions].join(","),
    numRetries: retry.attempts,
    retriableStatusCodes: [...retry.statusCodes],
    ...(retry.perTryTimeoutMs === undefined ? {} : { perTryTimeout: milliseconds(retry.perTryTimeoutMs) }),
    ...(retry.attemptsPerPriority === undefined ? {} : { retryPriority: previousPriorities(retry.attemptsPerPriority) }),
    ...(retry.backoffMs === undefined ? {} : { retryBackOff: backOff(retry.backoffMs) }),
    // A retry goes to another endpoint when there is one.
    retryHostPredicate: [
      {
        name: "envoy.retry_host_predicates.previous_hosts",
        configType: { case: "typedConfig", value: packed(PreviousHostsPredicateSchema, {}) },
      },
    ],
    hostSelectionRetryMaxAttempts: 5n,
  };
}

function previousPriorities(updateFrequency: number): MessageInit<typeof config_route_v3.RetryPolicy_RetryPrioritySchema> {
  const { PreviousPrioritiesConfigSchema } = extensions_retry_priority_previous_priorities_v3;
  return {
    name: "envoy.retry_priorities.previous_priorities",
    configType: { case: "typedConfig", value: packed(PreviousPrioritiesConfigSchema, { updateFrequency }) },
  };
}

function backOff({
  base,
  max,
}: NonNullable<Retry["backoffMs"]>): MessageInit<typeof config_route_v3.RetryPolicy_RetryBackOffSchema> {
  return { baseInterval: milliseconds(base), ...(max === undefined ? {} : { maxInterval: milliseconds(max) }) };
}
