// Resources into shards of stable identity: a shard with the same contents is the same Map object as in the previous snapshot.

import { shardCount, shardOf } from "../model/shards.ts";
import type { Resource, ResourceSet } from "../resource.ts";

/** Names must be unique: the caller has left out the second of two. */
export function resourceSet(resources: readonly Resource[], previous: ResourceSet | undefined): ResourceSet {
  const shards = Array.from({ length: shardCount }, () => new Map<string, Resource>());
  for (const resource of resources) shards[shardOf(resource.name)]!.set(resource.name, resource);
  return keepIdentity(shards, previous);
}

/** `shards`, with every Map that equals the previous one replaced by it; the previous set itself when all do. */
export function keepIdentity(shards: readonly ReadonlyMap<string, Resource>[], previous: ResourceSet | undefined): ResourceSet {
  if (previous === undefined) return { shards };
  const kept = shards.map((shard, position) => {
    const before = previous.shards[position];
    return before !== undefined && sameResources(shard, before) ? before : shard;
  });
  const unchanged =
    kept.length === previous.shards.length && kept.every((shard, position) => shard === previous.shards[position]);
  return unchanged ? previous : { shards: kept };
}

function sameResources(one: ReadonlyMap<string, Resource>, other: ReadonlyMap<string, Resource>): boolean {
  if (one === other) return true;
  if (one.size !== other.size) return false;
  return one.values().every(({ name, version }) => other.get(name)?.version === version);
}
