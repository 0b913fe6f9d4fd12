// A snapshot as a static bootstrap, for `envoy --mode validate`: it does not look at what xDS would bring, so routes go inline into their
// listeners, assignments into their clusters, and secrets to the static ones. Test code.

import { create, fromBinary, fromJson, type JsonObject, type JsonValue, toBinary } from "@bufbuild/protobuf";
import { type Any, anyPack, anyUnpack } from "@bufbuild/protobuf/wkt";
import {
  config_bootstrap_v3,
  config_cluster_v3,
  config_core_v3,
  config_endpoint_v3,
  config_listener_v3,
  config_route_v3,
  extensions_filters_network_http_connection_manager_v3,
  extensions_transport_sockets_tls_v3,
  registry,
} from "#envoy";
import { messageJson } from "../proto-json.ts";
import type { Snapshot, TypeUrl } from "../resource.ts";
import { typeUrls } from "../type-urls.ts";

const { HttpConnectionManagerSchema } = extensions_filters_network_http_connection_manager_v3;
const { DownstreamTlsContextSchema, SecretSchema, UpstreamTlsContextSchema } = extensions_transport_sockets_tls_v3;
const { BootstrapSchema } = config_bootstrap_v3;

/** The bootstrap as JSON that Envoy reads; secrets are inside, so it goes to a test's own folder only. */
export function staticBootstrap(snapshot: Snapshot): JsonValue {
  const tables = new Map(
    bytesOf(snapshot, typeUrls.routeConfiguration).map((bytes) =>
      named(fromBinary(config_route_v3.RouteConfigurationSchema, bytes)),
    ),
  );
  const assignments = new Map(
    bytesOf(snapshot, typeUrls.loadAssignment).map((bytes) => {
      const assignment = fromBinary(config_endpoint_v3.ClusterLoadAssignmentSchema, bytes);
      return [assignment.clusterName, assignment] as const;
    }),
  );
  return messageJson(
    create(BootstrapSchema, {
      staticResources: {
        listeners: bytesOf(snapshot, typeUrls.listener).map((bytes) =>
          inlineRoutes(fromBinary(config_listener_v3.ListenerSchema, bytes), tables),
        ),
        clusters: bytesOf(snapshot, typeUrls.cluster).map((bytes) =>
          inlineEndpoints(fromBinary(config_cluster_v3.ClusterSchema, bytes), assignments),
        ),
        secrets: bytesOf(snapshot, typeUrls.secret).map((bytes) => fromBinary(SecretSchema, bytes)),
      },
    }),
  );
}

function bytesOf(snapshot: Snapshot, typeUrl: TypeUrl): readonly Uint8Array[] {
  return (snapshot.resources.get(typeUrl)?.shards ?? []).flatMap((shard) => [...shard.values()].map(({ bytes }) => bytes));
}

function named<Value extends { readonly name: string }>(value: Value): readonly [string, Value] {
  return [value.name, value];
}

function inlineRoutes(
  listener: config_listener_v3.Listener,
  tables: ReadonlyMap<string, config_route_v3.RouteConfiguration>,
): config_listener_v3.Listener {
  const chains = [...listener.filterChains, ...(listener.defaultFilterChain === undefined ? [] : [listener.defaultFilterChain])];
  for (const chain of chains) {
    for (const filter of chain.filters) {
      if (filter.configType.case !== "typedConfig") continue;
      const manager = anyUnpack(filter.configType.value, HttpConnectionManagerSchema);
      if (manager?.routeSpecifier.case !== "rds") continue;
      const table = tables.get(manager.routeSpecifier.value.routeConfigName);
      if (table === undefined) throw new Error(`${listener.name} names a route table that is not in the snapshot`);
      // By RDS a route may name a cluster that is not there; inline it may not, unless it says so.
      manager.routeSpecifier = { case: "routeConfig", value: { ...table, validateClusters: false } };
      filter.configType = { case: "typedConfig", value: anyPack(HttpConnectionManagerSchema, manager) };
    }
    staticTls(chain.transportSocket);
  }
  return listener;
}

function inlineEndpoints(
  cluster: config_cluster_v3.Cluster,
  assignments: ReadonlyMap<string, config_endpoint_v3.ClusterLoadAssignment>,
): config_cluster_v3.Cluster {
  staticTls(cluster.transportSocket);
  if (cluster.edsClusterConfig === undefined) return cluster;
  const assignment = assignments.get(cluster.name);
  if (assignment === undefined) throw new Error(`${cluster.name} has no assignment in the snapshot`);
  delete cluster.edsClusterConfig;
  cluster.clusterDiscoveryType = { case: "type", value: config_cluster_v3.Cluster_DiscoveryType.STATIC };
  cluster.loadAssignment = assignment;
  return cluster;
}

/** Secrets by name and without a source: Envoy takes them from the static ones. */
function staticTls(socket: config_core_v3.TransportSocket | undefined): void {
  if (socket?.configType.case !== "typedConfig") return;
  socket.configType = { case: "typedConfig", value: withStaticSecrets(socket.configType.value) };
}

function withStaticSecrets(context: Any): Any {
  const schema = [DownstreamTlsContextSchema, UpstreamTlsContextSchema].find(({ typeName }) =>
    context.typeUrl.endsWith(`/${typeName}`),
  );
  if (schema === undefined) return context;
  const json = toStatic(messageJson(fromBinary(schema, context.value)));
  return { ...context, value: toBinary(schema, fromJson(schema, json, { registry })) };
}

function toStatic(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(toStatic);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).filter(([name]) => name !== "sds_config");
  return Object.fromEntries(fields.map(([name, inner]) => [name, toStatic(inner)])) satisfies JsonObject;
}
