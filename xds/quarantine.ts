// Versions that a proxy refused, and what its Envoys get instead: the last version that one of them accepted, or nothing. One per proxy,
// shared by all its streams, so that an Envoy that starts later is never sent what another refused. Knows no stream and no clock.

import { lookup, noResourceSet } from "./diff.ts";
import { shardOf } from "./model/shards.ts";
import type { Resource, ResourceSet, Snapshot, TypeUrl } from "./resource.ts";

/** A version that an Envoy refused, in Envoy's words. */
export interface RefusedVersion {
  readonly typeUrl: TypeUrl;
  readonly resource: string;
  readonly version: string;
  readonly message: string;
}

export interface Quarantine {
  /** The resources of a type as Envoys shall have them: the snapshot's, with refused versions replaced. Untouched shards keep their identity. */
  view(snapshot: Snapshot, typeUrl: TypeUrl): ResourceSet;
  /** An Envoy accepted these. True when that lifts a quarantine, which changes view(). */
  accepted(typeUrl: TypeUrl, resources: readonly Resource[]): boolean;
  /** An Envoy refused this one, alone. False when another Envoy accepted it: then it stays, and only that Envoy goes without. */
  refused(typeUrl: TypeUrl, resource: Resource, message: string): boolean;
  /** Lets a refused version through once more. False when it is not refused. */
  forgive(typeUrl: TypeUrl, resource: string): boolean;
  /** Forgets what left the snapshot, and refused versions that were replaced. Costs as much as the difference of the two. */
  follow(previous: Snapshot | undefined, next: Snapshot): void;
  /** What is refused at present, by type and name. */
  list(): readonly RefusedVersion[];
}

/** What is remembered of one type. */
interface Memory {
  readonly lastGood: Map<string, Resource>;
  readonly refused: Map<string, RefusedVersion>;
  /** The last view and what it was made of; undefined = make it again. */
  view: { readonly from: ResourceSet; readonly made: ResourceSet } | undefined;
}

export function createQuarantine(): Quarantine {
  const memories = new Map<TypeUrl, Memory>();
  const memory = (typeUrl: TypeUrl): Memory => {
    const known = memories.get(typeUrl);
    if (known) return known;
    const made: Memory = { lastGood: new Map(), refused: new Map(), view: undefined };
    memories.set(typeUrl, made);
    return made;
  };
  return {
    view(snapshot, typeUrl) {
      const from = snapshot.resources.get(typeUrl) ?? noResourceSet;
      const known = memories.get(typeUrl);
      if (known === undefined || known.refused.size === 0) return from;
      if (known.view?.from !== from) known.view = { from, made: replaceRefused(from, known) };
      return known.view.made;
    },
    accepted(typeUrl, resources) {
      const { lastGood, refused } = memory(typeUrl);
      let lifted = false;
      for (const resource of resources) {
        lastGood.set(resource.name, resource);
        if (refused.get(resource.name)?.version !== resource.version) continue;
        refused.delete(resource.name);
        lifted = true;
      }
      if (lifted) memory(typeUrl).view = undefined;
      return lifted;
    },
    refused(typeUrl, resource, message) {
      const known = memory(typeUrl);
      if (known.lastGood.get(resource.name)?.version === resource.version) return false;
      known.refused.set(resource.name, { typeUrl, resource: resource.name, version: resource.version, message });
      known.view = undefined;
      return true;
    },
    forgive(typeUrl, resource) {
      const known = memory(typeUrl);
      known.view = undefined;
      return known.refused.delete(resource);
    },
    follow(previous, next) {
      for (const [typeUrl, known] of memories) {
        const before = previous?.resources.get(typeUrl) ?? noResourceSet;
        forget(known, before, next.resources.get(typeUrl) ?? noResourceSet);
      }
    },
    list: () => [...memories.values()].flatMap(({ refused }) => [...refused.values()]),
  };
}

/** Only shards with a refused version in them are copied. */
function replaceRefused(from: ResourceSet, { refused, lastGood }: Memory): ResourceSet {
  const shards = [...from.shards];
  const copied = new Map<number, Map<string, Resource>>();
  for (const { resource: name, version } of refused.values()) {
    if (lookup(from, name)?.version !== version) continue;
    const index = shardOf(name);
    const shard = copied.get(index) ?? new Map(shards[index]);
    copied.set(index, shard);
    const substitute = lastGood.get(name);
    if (substitute) shard.set(name, substitute);
    else shard.delete(name);
  }
  for (const [index, shard] of copied) shards[index] = shard;
  return { shards };
}

function forget({ lastGood, refused }: Memory, before: ResourceSet, next: ResourceSet): void {
  before.shards.forEach((shard, index) => {
    const now = next.shards[index];
    if (shard === now) return;
    for (const name of shard.keys()) if (!now?.has(name)) lastGood.delete(name);
  });
  for (const { resource: name, version } of refused.values()) if (lookup(next, name)?.version !== version) refused.delete(name);
}
