// Buckets of an index: value -> sorted keys, edited in place of one key at a time. Says which buckets really changed.

import type { ObjectKey } from "./key.ts";

export interface Buckets {
  /** The keys under a value, sorted; a new array whenever it changed. */
  get(value: string): readonly ObjectKey[];
  /** Replaces the values under which a key is found; returns the values whose bucket changed. */
  set(key: ObjectKey, values: readonly string[]): readonly string[];
}

const none: readonly ObjectKey[] = [];

export function createBuckets(): Buckets {
  const buckets = new Map<string, readonly ObjectKey[]>();
  const valuesOf = new Map<ObjectKey, readonly string[]>();
  return {
    get: (value) => buckets.get(value) ?? none,
    set(key, values) {
      const before = valuesOf.get(key) ?? [];
      if (before === values) return [];
      if (values.length === 0) valuesOf.delete(key);
      else valuesOf.set(key, values);
      const removed = before.filter((value) => !values.includes(value));
      const added = [...new Set(values)].filter((value) => !before.includes(value));
      for (const value of removed) {
        const rest = without(buckets.get(value) ?? none, key);
        if (rest.length === 0) buckets.delete(value);
        else buckets.set(value, rest);
      }
      for (const value of added) buckets.set(value, withKey(buckets.get(value) ?? none, key));
      return [...removed, ...added];
    },
  };
}

/** A sorted array with one more key. */
export function withKey(keys: readonly ObjectKey[], key: ObjectKey): readonly ObjectKey[] {
  return keys.toSpliced(position(keys, key), 0, key);
}

/** A sorted array without one of its keys. */
export function without(keys: readonly ObjectKey[], key: ObjectKey): readonly ObjectKey[] {
  return keys.toSpliced(position(keys, key), 1);
}

function position(keys: readonly ObjectKey[], key: ObjectKey): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
