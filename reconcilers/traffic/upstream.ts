// ClusterSettings in model terms: what of a policy belongs to clusters. What belongs to routes is in requests.ts. Pure; knows no kind of policy.

import type { HealthCheck } from "../../api/shared/healthcheck.ts";
import type { LoadBalancer } from "../../api/shared/loadbalancer.ts";
import type { ClusterSettings } from "../../api/shared/settings.ts";
import type { Balancing, DnsFamily, Http2Settings, UpstreamLimits, UpstreamSettings } from "../../xds/model/upstream-settings.ts";
import { milliseconds } from "../routes/durations.ts";
import { toActiveCheck, toEjection } from "./health.ts";
import { bytesAt, positiveAt, present, type Problems } from "./problems.ts";

/** Settings of a cluster, undefined when nothing is set that it could have. */
export function toUpstream(
  spec: ClusterSettings & { readonly useClientProtocol?: boolean },
  problems: Problems,
): UpstreamSettings | undefined {
  const { timeout, connection, circuitBreaker, proxyProtocol } = spec;
  const perConnection = circuitBreaker?.maxRequestsPerConnection;
  const settings: UpstreamSettings = present({
    connectTimeoutMs: positiveAt(problems, "timeout.tcp.connectTimeout", timeout?.tcp?.connectTimeout),
    idleTimeoutMs: milliseconds(timeout?.http?.connectionIdleTimeout),
    maxConnectionDurationMs: positiveAt(problems, "timeout.http.maxConnectionDuration", timeout?.http?.maxConnectionDuration),
    maxRequestsPerConnection: perConnection === 0 ? undefined : perConnection,
    balancing: toBalancing(spec.loadBalancer, problems),
    limits: toLimits(circuitBreaker),
    ...toHealth(spec.healthCheck, problems),
    bufferLimitBytes: bytesAt(problems, "connection.bufferLimit", connection?.bufferLimit),
    preconnect: toPreconnect(connection?.preconnect),
    dns: toDns(spec.dns, problems),
    http2: toHttp2(spec.http2, problems),
    keepalive: toKeepalive(spec.tcpKeepalive),
    proxyProtocol: proxyProtocol === undefined ? undefined : proxyProtocol.version === "V1" ? ("v1" as const) : ("v2" as const),
    clientProtocol: spec.useClientProtocol === true ? (true as const) : undefined,
  });
  return Object.keys(settings).length === 0 ? undefined : settings;
}

function toHealth(spec: HealthCheck | undefined, problems: Problems) {
  return {
    activeCheck: toActiveCheck(spec?.active, problems),
    ejection: toEjection(spec?.passive, problems),
    panicPercent: spec?.panicThreshold,
  };
}

function toBalancing(spec: LoadBalancer | undefined, problems: Problems): Balancing | undefined {
  if (spec === undefined) return undefined;
  const headers = (spec.endpointOverride?.extractFrom ?? []).flatMap(({ header }) => header ?? []);
  const override = headers.length === 0 ? {} : { override: headers };
  const slowStart = positiveAt(problems, "loadBalancer.slowStart.window", spec.slowStart?.window);
  const slow = slowStart === undefined ? {} : { slowStartMs: slowStart };
  switch (spec.type) {
    case "LeastRequest":
      return { type: "leastRequest", ...slow, ...override };
    case "RoundRobin":
      return { type: "roundRobin", ...slow, ...override };
    case "Random":
      return { type: "random", ...override };
    case "ConsistentHash": {
      const tableSize = spec.consistentHash?.tableSize ?? 65_537;
      if (!isPrime(tableSize)) problems.push(`loadBalancer.consistentHash.tableSize: ${tableSize} must be a prime number.`);
      return { type: "maglev", tableSize, ...override };
    }
  }
}

/** Up to 5,000,011, the largest that the API allows. */
function isPrime(candidate: number): boolean {
  if (candidate < 2) return false;
  for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) return false;
  return true;
}

function toLimits(spec: ClusterSettings["circuitBreaker"]): UpstreamLimits | undefined {
  if (spec === undefined) return undefined;
  return {
    connections: spec.maxConnections,
    pendingRequests: spec.maxPendingRequests,
    requests: spec.maxParallelRequests,
    retries: spec.maxParallelRetries,
    ...(spec.perEndpoint === undefined ? {} : { connectionsPerEndpoint: spec.perEndpoint.maxConnections }),
  };
}

function toPreconnect(spec: NonNullable<ClusterSettings["connection"]>["preconnect"]): UpstreamSettings["preconnect"] {
  if (spec === undefined) return undefined;
  const ratio = (percent: number | undefined) => (percent === undefined ? undefined : percent / 100);
  return present({ perEndpoint: ratio(spec.perEndpointPercent), predictive: ratio(spec.predictivePercent) });
}

const families: Readonly<Record<NonNullable<NonNullable<ClusterSettings["dns"]>["lookupFamily"]>, DnsFamily>> = {
  IPv4: "v4",
  IPv6: "v6",
  IPv4Preferred: "v4preferred",
  IPv6Preferred: "auto",
  IPv4AndIPv6: "all",
};

function toDns(spec: ClusterSettings["dns"], problems: Problems): UpstreamSettings["dns"] {
  if (spec === undefined) return undefined;
  return present({
    refreshMs: positiveAt(problems, "dns.dnsRefreshRate", spec.dnsRefreshRate),
    respectTtl: spec.respectDnsTtl,
    family: spec.lookupFamily === undefined ? undefined : families[spec.lookupFamily],
  });
}

/** RFC 9113, 6.9.1: a window has at most 31 bits. */
const largestWindow = 2 ** 31 - 1;
const smallestWindow = 65_535;

function toHttp2(spec: ClusterSettings["http2"], problems: Problems): Http2Settings | undefined {
  if (spec === undefined) return undefined;
  const windowAt = (path: string, quantity: string | number | undefined): number | undefined => {
    const bytes = bytesAt(problems, path, quantity);
    if (bytes === undefined || (bytes >= smallestWindow && bytes <= largestWindow)) return bytes;
    problems.push(`${path}: ${quantity} must be from ${smallestWindow} to ${largestWindow} bytes.`);
    return undefined;
  };
  const ends = { TerminateConnection: "connection", TerminateStream: "stream" } as const;
  const invalid = spec.onInvalidMessage;
  if (invalid !== undefined && !Object.hasOwn(ends, invalid)) {
    problems.push(`http2.onInvalidMessage: ${invalid} must be TerminateConnection or TerminateStream.`);
  }
  return present({
    streamWindowBytes: windowAt("http2.initialStreamWindowSize", spec.initialStreamWindowSize),
    connectionWindowBytes: windowAt("http2.initialConnectionWindowSize", spec.initialConnectionWindowSize),
    maxConcurrentStreams: spec.maxConcurrentStreams,
    invalidEnds: ends[invalid as keyof typeof ends],
  });
}

function toKeepalive(spec: ClusterSettings["tcpKeepalive"]): UpstreamSettings["keepalive"] {
  if (spec === undefined) return undefined;
  const seconds = (duration: string | undefined): number | undefined => {
    const ms = milliseconds(duration);
    return ms === undefined ? undefined : Math.ceil(ms / 1000);
  };
  return present({ probes: spec.probes, idleSeconds: seconds(spec.idleTime), intervalSeconds: seconds(spec.interval) });
}
