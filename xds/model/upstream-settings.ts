// How a proxy treats the endpoints of a cluster, in Envoy-free words. What is absent is left to the proxy's defaults. Types only.

export interface UpstreamSettings {
  readonly connectTimeoutMs?: number;
  /** Time without requests before a connection is closed; 0 = never. */
  readonly idleTimeoutMs?: number;
  readonly maxConnectionDurationMs?: number;
  readonly maxRequestsPerConnection?: number;
  readonly balancing?: Balancing;
  readonly limits?: UpstreamLimits;
  readonly activeCheck?: ActiveCheck;
  readonly ejection?: Ejection;
  readonly panicPercent?: number;
  readonly bufferLimitBytes?: number;
  /** Connections in relation to those needed, for each endpoint and over all. */
  readonly preconnect?: { readonly perEndpoint?: number; readonly predictive?: number };
  readonly dns?: { readonly refreshMs?: number; readonly respectTtl?: boolean; readonly family?: DnsFamily };
  readonly http2?: Http2Settings;
  readonly keepalive?: { readonly probes?: number; readonly idleSeconds?: number; readonly intervalSeconds?: number };
  readonly proxyProtocol?: "v1" | "v2";
  /** HTTP is spoken in the version that the client speaks. */
  readonly clientProtocol?: true;
}

/** Which addresses of a name are used. */
export type DnsFamily = "v4" | "v6" | "v4preferred" | "auto" | "all";

export type Balancing = { readonly override?: readonly string[] } & (
  | { readonly type: "leastRequest" | "roundRobin"; readonly slowStartMs?: number }
  | { readonly type: "random" }
  /** By the hash that the route makes of a request. */
  | { readonly type: "maglev"; readonly tableSize: number }
);

/** What each Envoy allows itself. */
export interface UpstreamLimits {
  readonly connections: number;
  readonly pendingRequests: number;
  readonly requests: number;
  readonly retries: number;
  readonly connectionsPerEndpoint?: number;
}

export interface Http2Settings {
  readonly streamWindowBytes?: number;
  readonly connectionWindowBytes?: number;
  readonly maxConcurrentStreams?: number;
  /** What an invalid message ends; absent = the connection. */
  readonly invalidEnds?: "stream" | "connection";
}

/** Asks endpoints whether they are well. */
export interface ActiveCheck {
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly initialJitterMs?: number;
  readonly unhealthyThreshold: number;
  readonly healthyThreshold: number;
  readonly probe:
    | {
        readonly type: "http";
        /** Absent: that of the cluster (`host` of its name), or the backend's own name. */
        readonly host?: string;
        readonly path: string;
        readonly method?: string;
        /** Sorted. */
        readonly statuses: readonly number[];
        readonly receive?: Payload;
      }
    | { readonly type: "tcp"; readonly send?: Payload; readonly receive?: Payload }
    | { readonly type: "grpc"; readonly service?: string };
}

export type Payload = { readonly type: "text"; readonly text: string } | { readonly type: "binary"; readonly base64: string };

/** Puts endpoints aside whose answers are bad. */
export interface Ejection {
  readonly splitLocalErrors: boolean;
  readonly intervalMs: number;
  readonly baseTimeMs: number;
  readonly consecutiveLocalFailures: number;
  readonly consecutiveGatewayErrors?: number;
  readonly consecutive5xx: number;
  readonly maxPercent: number;
  readonly failurePercent?: number;
}
