// The bucketed layout: a RouteConfiguration per bucket, with the hosts that hash to it and all wildcard hosts, so that Envoy's own matching
// decides inside each. The bytes are those of the plain layout, dealt anew; a bucket that has the same hosts as before is the same object.

import type { VirtualHost } from "../model/route.ts";
import type { Resource } from "../resource.ts";
import { bucketCount, bucketName, bucketOf, scopeOf } from "../scopes.ts";
import { scopeHeader } from "../envoy/scope.ts";
import type { HostPart } from "./host-part.ts";
import { perValue } from "./memo.ts";
import { routeConfiguration, shardFrom, type HostShard } from "./route-table.ts";

export function buckets(table: string, shards: readonly HostShard[]): readonly Resource[] {
  const dealt = shards.map(dealtShard);
  const everywhere = dealt.flatMap((shard) => shard.everywhere);
  return Array.from({ length: bucketCount }, (_, bucket) => {
    const parts = [...dealt.flatMap(({ own }) => own[bucket] ?? []), ...everywhere];
    return sameBucket(bucketName(table, bucket), parts);
  });
}

interface Dealt {
  /** By bucket; undefined = no host. */
  readonly own: readonly (HostShard | undefined)[];
  /** Hosts that answer in every bucket. None or one. */
  readonly everywhere: readonly HostShard[];
}

const dealtShard = perValue((shard: HostShard): Dealt => {
  const own = Array.from({ length: bucketCount }, (): HostPart[] => []);
  const everywhere: HostPart[] = [];
  for (const part of shard.hosts) {
    const homes = bucketsOf(part.host);
    if (homes === "all") everywhere.push(part);
    else for (const bucket of homes) own[bucket]!.push(part);
  }
  return {
    own: own.map((parts) => (parts.length === 0 ? undefined : sameShard(parts))),
    everywhere: everywhere.length === 0 ? [] : [sameShard(everywhere)],
  };
});

function bucketsOf({ domains }: VirtualHost): ReadonlySet<number> | "all" {
  return domains.some((domain) => domain.includes("*")) ? "all" : new Set(domains.map((domain) => bucketOf(scopeOf(domain))));
}

// ── What is made of the same pieces is the same object. The last of those that begin with a piece is remembered for as long as the piece is. ──

const shardsByFirst = new WeakMap<HostPart, { readonly parts: readonly HostPart[]; readonly shard: HostShard }>();

function sameShard(parts: readonly HostPart[]): HostShard {
  const [first] = parts;
  const known = first && shardsByFirst.get(first);
  if (known !== undefined && sameItems(known.parts, parts)) return known.shard;
  const shard = shardFrom(parts);
  if (first !== undefined) shardsByFirst.set(first, { parts, shard });
  return shard;
}

/** By name too: empty buckets all begin with the same wildcard hosts. */
const bucketsByFirst = new WeakMap<HostShard, Map<string, { readonly parts: readonly HostShard[]; readonly bucket: Resource }>>();

function sameBucket(name: string, parts: readonly HostShard[]): Resource {
  const [first] = parts;
  if (first === undefined) return routeConfiguration(name, parts, [scopeHeader]);
  const byName = bucketsByFirst.get(first) ?? new Map();
  bucketsByFirst.set(first, byName);
  const known = byName.get(name);
  if (known !== undefined && sameItems(known.parts, parts)) return known.bucket;
  const bucket = routeConfiguration(name, parts, [scopeHeader]);
  byName.set(name, { parts, bucket });
  return bucket;
}

function sameItems<Item>(one: readonly Item[], other: readonly Item[]): boolean {
  return one.length === other.length && one.every((item, position) => item === other[position]);
}
