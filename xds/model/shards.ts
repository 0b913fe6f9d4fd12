// Shards: how large collections are cut so that one change touches a small, stable part of them.

/** Fixed: a change of the number would move everything. 64 keeps a shard under 200 entries at 10,000. */
export const shardCount = 64;

/** The shard of a name (FNV-1a of its UTF-16 units): equal on every replica and in every run. */
export function shardOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % shardCount;
}
