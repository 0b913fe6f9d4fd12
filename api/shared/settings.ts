// How a proxy connects to a backend (v1alpha1 ClusterSettings): connections, timeouts, retries, DNS. It knows no kind;
// load balancing and health checks are in files of their own.

import { duration } from "../gateway/fields.ts";
import { choice, flag, integer, list, object, optional, text } from "../schema.ts";
import type { Static } from "../schema.ts";
import { healthCheck } from "./healthcheck.ts";
import { loadBalancer } from "./loadbalancer.ts";
import { byteQuantity, count } from "./values.ts";

const limit = (description: string, options: { default?: number } = {}) =>
  integer({ format: "int64", minimum: 0, maximum: 4294967295, description, ...options });

const circuitBreaker = object(
  {
    maxConnections: limit("Connections to the backend.", { default: 1024 }),
    maxPendingRequests: limit("Requests that wait for a connection.", { default: 1024 }),
    maxParallelRequests: limit("Requests under way.", { default: 1024 }),
    maxParallelRetries: limit("Retries under way.", { default: 1024 }),
    maxRequestsPerConnection: optional(limit("Requests before a connection is closed.")),
    perEndpoint: optional(
      object(
        { maxConnections: limit("Connections to one endpoint.", { default: 1024 }) },
        { description: "Limits of one endpoint." },
      ),
    ),
  },
  { description: "Limits beyond which requests are refused, for each Envoy." },
);

const statusCode = integer({ minimum: 100, maximum: 599 });

const retryTriggers = [
  "5xx",
  "gateway-error",
  "reset",
  "reset-before-request",
  "connect-failure",
  "retriable-4xx",
  "refused-stream",
  "retriable-status-codes",
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
] as const;

const retry = object(
  {
    numRetries: count("Retries of one request.", { default: 2, minimum: 0 }),
    numAttemptsPerPriority: optional(count("Attempts before the next priority is tried.")),
    retryOn: optional(
      object(
        {
          triggers: optional(list(choice(retryTriggers), { description: "Conditions, in Envoy's words." })),
          httpStatusCodes: optional(list(statusCode, { description: "Status codes, for retriable-status-codes." })),
        },
        { description: "When to retry." },
      ),
    ),
    perRetry: optional(
      object(
        {
          timeout: optional(duration("Time for one attempt.")),
          backOff: optional(
            object(
              {
                baseInterval: optional(duration("First interval.")),
                maxInterval: optional(duration("Longest interval.")),
              },
              { description: "Waits between attempts; they grow exponentially." },
            ),
          ),
        },
        { description: "Settings of one attempt." },
      ),
    ),
  },
  { description: "Retries of failed requests." },
);

const timeout = object(
  {
    tcp: optional(object({ connectTimeout: optional(duration("Time to connect.")) }, { description: "Timeouts of connecting." })),
    http: optional(
      object(
        {
          connectionIdleTimeout: optional(duration("Time without requests before a connection is closed.")),
          maxConnectionDuration: optional(duration("Longest life of a connection.")),
          requestTimeout: optional(duration("Time for the whole response.")),
          maxStreamDuration: optional(duration("Longest life of a stream.")),
        },
        { description: "Timeouts of HTTP." },
      ),
    ),
  },
  { description: "Timeouts towards the backend." },
);

const connection = object(
  {
    bufferLimit: optional(byteQuantity("Soft limit of the buffers of a connection.")),
    socketBufferLimit: optional(byteQuantity("Size of the socket's receive buffer.")),
    preconnect: optional(
      object(
        {
          perEndpointPercent: optional(
            count("Connections to an endpoint, in percent of those needed.", { minimum: 100, maximum: 300 }),
          ),
          predictivePercent: optional(count("The same, counted over the whole backend.", { minimum: 100 })),
        },
        { description: "Connect before there is a request." },
      ),
    ),
  },
  { description: "Connections to the backend." },
);

const dns = object(
  {
    dnsRefreshRate: optional(duration("How often to resolve.")),
    respectDnsTtl: optional(flag({ description: "Resolve when the DNS answer expires." })),
    lookupFamily: optional(
      choice(["IPv4", "IPv6", "IPv4Preferred", "IPv6Preferred", "IPv4AndIPv6"], { description: "Which addresses to ask for." }),
    ),
  },
  { description: "DNS resolution of the backend." },
);

export const http2Settings = object(
  {
    initialStreamWindowSize: optional(byteQuantity("First flow-control window of a stream.")),
    initialConnectionWindowSize: optional(byteQuantity("First flow-control window of a connection.")),
    maxConcurrentStreams: optional(count("Streams on one connection.", { minimum: 1, maximum: 2147483647 })),
    onInvalidMessage: optional(text({ description: "TerminateConnection or TerminateStream." })),
  },
  { description: "HTTP/2 settings." },
);

export const tcpKeepalive = object(
  {
    probes: optional(count("Unanswered probes before the connection counts as dead.")),
    idleTime: optional(duration("Idle time before the first probe.")),
    interval: optional(duration("Time between probes.")),
  },
  { description: "TCP keepalive." },
);

/** The fields, for kinds that have them in their spec beside others. */
export const clusterSettingsFields = {
  loadBalancer: optional(loadBalancer),
  retry: optional(retry),
  proxyProtocol: optional(
    object({ version: choice(["V1", "V2"], { description: "Version to send." }) }, { description: "PROXY protocol." }),
  ),
  tcpKeepalive: optional(tcpKeepalive),
  healthCheck: optional(healthCheck),
  circuitBreaker: optional(circuitBreaker),
  timeout: optional(timeout),
  connection: optional(connection),
  dns: optional(dns),
  http2: optional(http2Settings),
};

export const preconnectRule = {
  rule: "!((has(self.connection) && has(self.connection.preconnect) && has(self.connection.preconnect.predictivePercent)) && !(has(self.loadBalancer) && has(self.loadBalancer.type) && self.loadBalancer.type in ['Random', 'RoundRobin']))",
  message: "predictivePercent needs load balancing by Random or RoundRobin",
};

export const clusterSettings = object(clusterSettingsFields, {
  rules: [preconnectRule],
  description: "How to connect to the backend.",
});
export type ClusterSettings = Static<typeof clusterSettings>;
