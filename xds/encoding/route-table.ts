// A route table as bytes: virtual hosts into shards, shards into RouteConfigurations, each put together from what is below it
// (host-part.ts, route-part.ts). What is large stays in pieces until it is written to a stream. Into how many is the layout's business.

import { toBinary } from "@bufbuild/protobuf";
import { config_route_v3 } from "#envoy";
import { routeConfigurationHead, routeConfigurationTail } from "../envoy/virtual-host.ts";
import { shardOf } from "../model/shards.ts";
import type { RouteTable, VirtualHost } from "../model/route.ts";
import { madeFrom } from "../origins.ts";
import type { ClusterNames, Resource } from "../resource.ts";
import { typeUrls } from "../type-urls.ts";
import { contentHash, digest } from "./checked.ts";
import { encodedHost, originsOfHost, type HostPart } from "./host-part.ts";
import { perValue } from "./memo.ts";
import type { Refusal } from "./refusal.ts";
import { joinedFacts, type Facts, type Trouble } from "./route-part.ts";
import { coalesced, concatenated } from "./splice.ts";

const { RouteConfigurationSchema } = config_route_v3;

export interface HostShard extends Facts {
  readonly hosts: readonly HostPart[];
  readonly chunks: readonly Uint8Array[];
  readonly digest: Uint8Array;
}

/** What a table has that can be served, and what is wrong with the rest. */
export interface SoundTable {
  readonly shards: readonly HostShard[];
  readonly refusals: readonly Refusal[];
}

/** One encoding per table value; of a new value only the shards that are new, of those only the hosts that are new, and so on. */
export const soundTable = perValue((table: RouteTable): SoundTable => {
  const { kept, troubles } = withoutDuplicates(table.shards.map(hostShard));
  const all = [...kept.flatMap((shard) => shard.troubles), ...troubles];
  return {
    shards: kept,
    refusals: all.map((trouble) => ({ typeUrl: typeUrls.routeConfiguration, resource: table.name, ...trouble })),
  };
});

/** A RouteConfiguration of these hosts; `unsent` are request headers that stay in the proxy. */
export function routeConfiguration(name: string, shards: readonly HostShard[], unsent: readonly string[] = []): Resource {
  const largestBody = Math.max(0, ...shards.map((shard) => shard.largestBody));
  const head = toBinary(RouteConfigurationSchema, routeConfigurationHead(name));
  const tail = toBinary(RouteConfigurationSchema, routeConfigurationTail(largestBody, unsent));
  const resource = inPieces({
    name,
    version: contentHash(head, tail, ...shards.map((shard) => shard.digest)),
    needs: clustersOf(shards),
    chunks: [head, ...shards.flatMap((shard) => shard.chunks), tail],
  });
  return madeFrom(resource, () => shards.flatMap(({ hosts }) => hosts.flatMap(({ host }) => originsOfHost(host))));
}

/** A resource whose bytes are joined when somebody asks for them: the xDS server does not. */
function inPieces(resource: Omit<Resource, "bytes"> & { readonly chunks: readonly Uint8Array[] }): Resource {
  let bytes: Uint8Array | undefined;
  return {
    ...resource,
    get bytes() {
      return (bytes ??= concatenated(resource.chunks));
    },
  };
}

/** The union of what the shards send to, without making it: an edit would cost as much as all clusters. */
function clustersOf(shards: readonly HostShard[]): ClusterNames {
  const sets = shards.map(({ clusters }) => clusters).filter(({ size }) => size > 0);
  return {
    has: (name) => sets.some((set) => set.has(name)),
    *[Symbol.iterator]() {
      for (const set of sets) yield* set;
    },
  };
}

const hostShard = perValue((hosts: readonly VirtualHost[]): HostShard => shardFrom(hosts.map(encodedHost)));

/** Bytes; a smaller piece is joined with its neighbours. */
const largePiece = 8192;

export function shardFrom(hosts: readonly HostPart[]): HostShard {
  return {
    ...joinedFacts(hosts),
    hosts,
    chunks: coalesced(
      hosts.flatMap(({ chunks }) => chunks),
      largePiece,
    ),
    digest: digest(...hosts.map((host) => host.digest)),
  };
}

/**
 * Envoy refuses a whole table for one domain or virtual host name that stands twice; the later host is left out instead.
 * Names of one shard hash to it, so hosts can only clash inside their shard, unless one has a domain that hashes elsewhere.
 */
function withoutDuplicates(shards: readonly HostShard[]): {
  readonly kept: readonly HostShard[];
  readonly troubles: readonly Trouble[];
} {
  if (!shards.some((shard, position) => clashes(shard).value || strays(shard, position))) return { kept: shards, troubles: [] };
  const seen = new Map<string, string>();
  const troubles: Trouble[] = [];
  const kept = shards.map((shard) => {
    const hosts = shard.hosts.filter(({ host, chunks }) => {
      if (chunks.length === 0) return true; // left out already; its trouble stays
      const keys = keysOf(host);
      const clash = keys.find((key) => seen.has(key));
      if (clash === undefined) for (const key of keys) seen.set(key, host.name);
      else
        troubles.push({
          origins: originsOfHost(host),
          message: `virtual host ${host.name} is left out: ${clash} is taken by ${seen.get(clash)}`,
        });
      return clash === undefined;
    });
    return hosts.length === shard.hosts.length ? shard : shardFrom(hosts);
  });
  return { kept, troubles };
}

function keysOf(host: VirtualHost): readonly string[] {
  return [`name ${host.name}`, ...new Set(host.domains.map((domain) => `domain ${domain.toLowerCase()}`))];
}

const clashes = perValue((shard: HostShard) => {
  const keys = shard.hosts.flatMap(({ host }) => keysOf(host));
  return { value: new Set(keys).size !== keys.length };
});

const homes = perValue((shard: HostShard) => [...new Set(shard.hosts.flatMap(({ host }) => host.domains.map(shardOf)))]);

function strays(shard: HostShard, position: number): boolean {
  return homes(shard).some((home) => home !== position);
}
