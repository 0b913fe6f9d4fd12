// Clusters, assignments, secrets and listeners as resources: one message each, in shards that are encoded once.

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { config_cluster_v3, config_endpoint_v3, config_listener_v3, extensions_transport_sockets_tls_v3 } from "#envoy";
import { certificateTrouble } from "../check/certificate.ts";
import { cluster as clusterMessage } from "../envoy/cluster.ts";
import { loadAssignment as assignmentMessage } from "../envoy/endpoint.ts";
import { listener as listenerMessage } from "../envoy/listener.ts";
import { secret as secretMessage } from "../envoy/secret.ts";
import type { Cluster, LoadAssignment } from "../model/backend.ts";
import type { Listener } from "../model/listener.ts";
import type { Origin } from "../model/origin.ts";
import { shardCount, shardOf } from "../model/shards.ts";
import type { Secret } from "../model/tls.ts";
import { madeFrom } from "../origins.ts";
import type { Resource, TypeUrl } from "../resource.ts";
import { partsOf } from "../scopes.ts";
import { typeUrls } from "../type-urls.ts";
import { checked, contentHash } from "./checked.ts";
import { perValue } from "./memo.ts";
import type { Refusal } from "./refusal.ts";

export type Encoding = { readonly resource: Resource } | { readonly refusal: Refusal };

export const encodedCluster = perValue((cluster: Cluster) =>
  encoding(config_cluster_v3.ClusterSchema, {
    typeUrl: typeUrls.cluster,
    name: cluster.name,
    origins: [cluster.origin],
    build: () => clusterMessage(cluster),
    // Names must resolve and secrets arrive before it takes requests.
    extra: cluster.discovery.type === "dns" || secretsOf(cluster).length > 0 ? { warms: true } : {},
  }),
);

/** SDS names that a cluster cannot do without. */
export function secretsOf({ tls }: Cluster): readonly string[] {
  return [tls?.trust.type === "secret" ? tls.trust.name : undefined, tls?.clientCertificate].filter((name) => name !== undefined);
}

export const encodedAssignment = perValue((assignment: LoadAssignment) =>
  encoding(config_endpoint_v3.ClusterLoadAssignmentSchema, {
    typeUrl: typeUrls.loadAssignment,
    name: assignment.cluster,
    origins: [],
    build: () => assignmentMessage(assignment),
  }),
);

/** Clusters that a listener sends to by itself; those of its route tables are on them. */
export function clustersOf(listener: Listener): ReadonlySet<string> {
  if (listener.transport === "udp") return new Set(listener.cluster === undefined ? [] : [listener.cluster]);
  return new Set(
    listener.chains.flatMap(({ handler }) =>
      handler.type === "tcp" ? handler.shares.flatMap(({ cluster }) => cluster ?? []) : [],
    ),
  );
}

/** The objects that a listener was made from. */
function originsOf(listener: Listener): readonly Origin[] {
  if (listener.transport === "udp") return [...listener.origins, ...listener.senders];
  return listener.chains.flatMap(({ origins, handler }) => [...origins, ...(handler.type === "tcp" ? handler.senders : [])]);
}

export const encodedListener = perValue((listener: Listener) =>
  encoding(config_listener_v3.ListenerSchema, {
    typeUrl: typeUrls.listener,
    name: listener.name,
    origins: originsOf(listener),
    build: () => listenerMessage(listener),
    extra: { needs: clustersOf(listener), ...awaitedBy(listener) },
  }),
);

/** Envoy 1.37.0 warms a new listener for its routes, not for its scopes: it would answer 404 until they are there. */
function awaitedBy(listener: Listener): Pick<Resource, "awaits"> {
  if (listener.transport === "udp") return {};
  const parts = listener.chains.flatMap(({ handler }) =>
    handler.type === "http" && handler.scoped ? [partsOf(handler.routeTable)] : [],
  );
  if (parts.length === 0) return {};
  return {
    awaits: new Map([
      [typeUrls.scopedRouteConfiguration, parts.flatMap(({ scopes }) => scopes)],
      [typeUrls.routeConfiguration, parts.flatMap(({ buckets }) => buckets)],
    ]),
  };
}

export const encodedSecret = perValue((secret: Secret): Encoding => {
  const trouble = certificateTrouble(secret);
  if (trouble !== undefined) return refused(typeUrls.secret, secret.name, { origins: secret.origins, message: trouble });
  return encoding(extensions_transport_sockets_tls_v3.SecretSchema, {
    typeUrl: typeUrls.secret,
    name: secret.name,
    origins: secret.origins,
    build: () => secretMessage(secret),
  });
});

interface Wanted<Desc extends DescMessage> {
  readonly typeUrl: TypeUrl;
  readonly name: string;
  readonly origins: readonly Origin[];
  readonly build: () => MessageShape<Desc>;
  readonly extra?: Pick<Resource, "warms" | "needs" | "awaits">;
}

function encoding<Desc extends DescMessage>(schema: Desc, { typeUrl, name, origins, build, extra }: Wanted<Desc>): Encoding {
  const result = checked(schema, build);
  if (!result.ok) return refused(typeUrl, name, { origins, message: result.message });
  const resource = { name, version: contentHash(result.bytes), bytes: result.bytes, ...extra };
  return { resource: madeFrom(resource, () => origins) };
}

function refused(typeUrl: TypeUrl, name: string, { origins, message }: Pick<Refusal, "origins" | "message">): Encoding {
  return { refusal: { typeUrl, resource: name, origins, message: `${name} is left out: ${message}` } };
}

/** The values of one shard as resources; of two with one name the first. */
export interface EncodedShard {
  readonly resources: ReadonlyMap<string, Resource>;
  readonly refusals: readonly Refusal[];
}

export function encodedShard<Value extends object>(values: readonly Value[], encode: (value: Value) => Encoding): EncodedShard {
  const resources = new Map<string, Resource>();
  const refusals: Refusal[] = [];
  for (const value of values) {
    const encoded = encode(value);
    if ("refusal" in encoded) refusals.push(encoded.refusal);
    else if (!resources.has(encoded.resource.name)) resources.set(encoded.resource.name, encoded.resource);
  }
  return { resources, refusals };
}

/** The model's shards when every name stands in the shard that it hashes to, else the same values dealt anew. */
export function dealt<Value>(
  shards: readonly (readonly Value[])[],
  nameOf: (value: Value) => string,
): readonly (readonly Value[])[] {
  if (shards.length === shardCount) return shards;
  const result = Array.from({ length: shardCount }, (): Value[] => []);
  for (const value of shards.flat()) result[shardOf(nameOf(value))]!.push(value);
  return result;
}
