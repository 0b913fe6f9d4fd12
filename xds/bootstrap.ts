// What an Envoy is started with: who it is, where its configuration comes from, how it shows that it is ready, and its limits.
// Pure and in plain JSON: reconcilers put it on a command line, so nothing here may need the generated messages.

import { assignment, socketAddress, xdsCluster, type SocketAddress, type XdsServer } from "./bootstrap-cluster.ts";
import type { JsonValue } from "./json.ts";

export type { XdsCredentials } from "./bootstrap-cluster.ts";

export interface BootstrapOptions {
  /** Absent: given on the command line (--service-node, --service-cluster). */
  readonly node?: { readonly id: string; readonly cluster: string };
  readonly zone?: string;
  /** Loopback only: whoever reaches it may stop the proxy. Port 0 = any free one. */
  readonly admin: SocketAddress;
  readonly xds: XdsServer;
  /** GET /ready answers 200 once the first configuration has been taken and the proxy does not drain. */
  readonly readiness: SocketAddress;
  /** GET /stats/prometheus, and nothing else, for whoever reaches it; needs a fixed admin port. */
  readonly metrics?: SocketAddress;
  /** Absent: lean. */
  readonly stats?: StatsSelection;
  /** Connections that all listeners together accept; absent: 50,000. */
  readonly maxConnections?: number;
  /** Bytes of memory that the proxy may use; near the limit it frees memory, then refuses requests. Absent: no watch on memory. */
  readonly maxHeapBytes?: number;
}

export type StatsSelection =
  /** Those of docs and dashboards: a tenth of Envoy's statistics, which at 10,000 clusters saves 280 MiB and most of the start-up time. */
  { readonly type: "lean" } | { readonly type: "all" } | { readonly type: "matching"; readonly matches: readonly StatsMatch[] };

export interface StatsMatch {
  readonly type: "exact" | "prefix" | "suffix" | "regex";
  readonly value: string;
}

/** An envoy.config.bootstrap.v3.Bootstrap in JSON, by proto field names. */
export function bootstrap(options: BootstrapOptions): JsonValue {
  return {
    ...nodeOf(options),
    admin: { address: socketAddress(options.admin) },
    dynamic_resources: dynamicResources,
    static_resources: {
      listeners: [
        readinessListener(options.readiness),
        ...(options.metrics === undefined ? [] : [metricsListener(options.metrics)]),
      ],
      clusters: [xdsCluster(options.xds), ...(options.metrics === undefined ? [] : [adminCluster(options.admin)])],
    },
    layered_runtime: layeredRuntime,
    overload_manager: overloadManager(options),
    ...statistics(options.stats ?? { type: "lean" }),
  };
}

function nodeOf({ node, zone }: BootstrapOptions): { readonly node?: JsonValue } {
  if (node === undefined && zone === undefined) return {};
  return { node: { ...node, ...(zone === undefined ? {} : { locality: { zone } }) } };
}

const overAds = { ads: {}, resource_api_version: "V3", initial_fetch_timeout: "0s" }; // 0 = wait: never serve without configuration

/** Envoy's default goes up to 30 s, during which nothing reaches a proxy whose operators are all back. */
const reconnecting = { retry_policy: { retry_back_off: { base_interval: "0.5s", max_interval: "5s" } } };

const dynamicResources: JsonValue = {
  ads_config: {
    api_type: "DELTA_GRPC",
    transport_api_version: "V3",
    set_node_on_first_message_only: true,
    grpc_services: [{ envoy_grpc: { cluster_name: "xds_cluster", ...reconnecting } }],
  },
  lds_config: overAds,
  cds_config: overAds,
};

const layeredRuntime: JsonValue = {
  layers: [
    {
      name: "global_config",
      static_layer: {
        // Without it every acknowledgement carries the whole node: 52 kB.
        "envoy.reloadable_features.unified_mux": true,
        "envoy.restart_features.use_eds_cache_for_ads": true,
        // Regular expressions are checked before they are published; Envoy's default would refuse long ones.
        "re2.max_program_size.error_level": 4_294_967_295,
        "re2.max_program_size.warn_level": 1000,
      },
    },
  ],
};

function adminCluster(admin: SocketAddress): JsonValue {
  return {
    name: "prometheus_stats",
    type: "STATIC",
    connect_timeout: "0.25s",
    load_assignment: assignment("prometheus_stats", admin),
  };
}

/**
 * Static listeners start after the first LDS and CDS answers, so that an answer here means that the configuration was taken.
 * This listener is also the anchor of scoped routes: Envoy 1.37.0 starts SRDS only for a listener that it had from the beginning, and all
 * listeners share the subscription. The filter answers before any route is looked for; what it does not answer is 404.
 */
export function readinessListener(address: SocketAddress): JsonValue {
  const health = {
    name: "envoy.filters.http.health_check",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.filters.http.health_check.v3.HealthCheck",
      pass_through_mode: false,
      headers: [{ name: ":path", string_match: { exact: "/ready" } }],
    },
  };
  return httpListener({ name: "readiness", address, filters: [health], routes: { scoped_routes: scopedRoutes } });
}

/** `scoped_rds` as dynamic listeners have it (xds/envoy/scope.ts). No request has the header, so none finds a scope. */
const scopedRoutes: JsonValue = {
  name: "anchor",
  scope_key_builder: { fragments: [{ header_value_extractor: { name: "x-envoy-gateway-scope", index: 0 } }] },
  rds_config_source: overAds,
  scoped_rds: { scoped_rds_config_source: overAds },
};

function metricsListener(address: SocketAddress): JsonValue {
  const scrape = { match: { path: "/stats/prometheus" }, route: { cluster: "prometheus_stats" } };
  const table = { name: "metrics", virtual_hosts: [{ name: "metrics", domains: ["*"], routes: [scrape, notFound] }] };
  return httpListener({ name: "metrics", address, filters: [], routes: { route_config: table } });
}

const notFound: JsonValue = { match: { prefix: "/" }, direct_response: { status: 404 } };

interface StaticListener {
  readonly name: string;
  readonly address: SocketAddress;
  readonly filters: readonly JsonValue[];
  /** Its route specifier. */
  readonly routes: { readonly [field: string]: JsonValue };
}

function httpListener({ name, address, filters, routes }: StaticListener): JsonValue {
  const router = {
    name: "envoy.filters.http.router",
    typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
  };
  const manager = {
    "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: name,
    ...routes,
    http_filters: [...filters, router],
  };
  return {
    name: `envoy-gateway-proxy-${name}`,
    address: socketAddress(address),
    bypass_overload_manager: true, // a busy proxy is not a dead one
    filter_chains: [{ filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] }],
  };
}

function overloadManager({ maxConnections = 50_000, maxHeapBytes }: BootstrapOptions): JsonValue {
  const connections = {
    name: "envoy.resource_monitors.global_downstream_max_connections",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
      max_active_downstream_connections: maxConnections,
    },
  };
  if (maxHeapBytes === undefined) return { refresh_interval: "0.25s", resource_monitors: [connections] };
  const heapMonitor = "envoy.resource_monitors.fixed_heap";
  const heap = {
    name: heapMonitor,
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
      max_heap_size_bytes: maxHeapBytes,
    },
  };
  const action = (name: string, value: number): JsonValue => ({
    name: `envoy.overload_actions.${name}`,
    triggers: [{ name: heapMonitor, threshold: { value } }],
  });
  return {
    refresh_interval: "0.25s",
    resource_monitors: [heap, connections],
    actions: [action("shrink_heap", 0.95), action("stop_accepting_requests", 0.98)],
  };
}

const leanStats: readonly StatsMatch[] = [
  ...["server.", "http.", "listener.", "listener_manager.", "cluster_manager.", "control_plane.", "overload."].map(
    (value): StatsMatch => ({ type: "prefix", value }),
  ),
  { type: "prefix", value: "cluster.xds_cluster." },
  {
    type: "regex",
    value: String.raw`cluster\..*\.(upstream_rq_(total|active|time|timeout|retry|pending_overflow|[1-5]xx)|upstream_cx_(total|active|connect_fail|connect_timeout)|membership_(total|healthy)|ssl\.(fail_verify_.*|connection_error))`,
  },
];

/** Whoever waits for a proxy to be idle counts them, whatever else is wanted. */
const connectionsOfListeners: StatsMatch = { type: "suffix", value: ".downstream_cx_active" };

function statistics(selection: StatsSelection): { readonly [field: string]: JsonValue } {
  // Statistics of a cluster come to life with its first request.
  const deferred = { deferred_stat_options: { enable_deferred_creation_stats: true } };
  if (selection.type === "all") return deferred;
  const matches = selection.type === "lean" ? leanStats : [...selection.matches, connectionsOfListeners];
  const patterns = matches.map(({ type, value }) => (type === "regex" ? { safe_regex: { regex: value } } : { [type]: value }));
  return { ...deferred, stats_config: { stats_matcher: { inclusion_list: { patterns } } } };
}
