// Snapshots and clocks made by hand, for tests of the xDS server: no model and no translation. Not part of the product.

import { createHash } from "node:crypto";
import type { Clock } from "../clock.ts";
import { shardCount, shardOf } from "../model/shards.ts";
import type { Resource, ResourceSet, Snapshot, TypeUrl } from "../resource.ts";

/** A resource whose version is a hash of its bytes, as in the product. */
export function resource(
  name: string,
  body: string | Uint8Array,
  extra: Pick<Resource, "warms" | "needs" | "awaits"> = {},
): Resource {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return { name, version: createHash("sha256").update(bytes).digest("hex").slice(0, 12), bytes, ...extra };
}

export function setOf(resources: readonly Resource[], previous?: ResourceSet): ResourceSet {
  const shards = Array.from({ length: shardCount }, () => new Map<string, Resource>());
  for (const each of resources) shards[shardOf(each.name)]!.set(each.name, each);
  return { shards: shards.map((shard, index) => (equal(shard, previous?.shards[index]) ? previous!.shards[index]! : shard)) };
}

/** A snapshot that follows `previous` as the product's do: an unchanged resource or shard is the same object. */
export function snapshotOf(resources: ReadonlyMap<TypeUrl, readonly Resource[]>, previous?: Snapshot): Snapshot {
  const sets = [...resources].map(([typeUrl, list]) => [typeUrl, setOf(list, previous?.resources.get(typeUrl))] as const);
  return { proxy: "default/test", version: (previous?.version ?? 0) + 1, resources: new Map(sets) };
}

function equal(shard: ReadonlyMap<string, Resource>, other: ReadonlyMap<string, Resource> | undefined): boolean {
  return other?.size === shard.size && [...shard].every(([name, { version }]) => other.get(name)?.version === version);
}

/** Time that passes when told to; with `leak`, a little also whenever somebody looks at the clock. */
export function createFakeClock(): Clock & { pass(ms: number): void; leak(ms: number): void } {
  let now = 1000;
  let leaking = 0;
  const tasks = new Set<{ readonly at: number; readonly task: () => void }>();
  return {
    now: () => (now += leaking),
    leak: (ms) => void (leaking = ms),
    after(ms, task) {
      const entry = { at: now + ms, task };
      tasks.add(entry);
      return () => void tasks.delete(entry);
    },
    pass(ms) {
      const end = now + ms;
      for (;;) {
        const next = [...tasks].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        tasks.delete(next);
        now = Math.max(now, next.at);
        next.task();
      }
      now = end;
    },
  };
}

export const realClock: Clock = {
  now: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};
