// Structural sharing: an equal value keeps its old identity, also deep inside. Identity is the change signal everywhere above the store.
// Knows plain data only (objects, arrays, Maps, Sets, bytes); anything else is compared by identity.

/** Values that are not looked into: whoever made them has shared them already, so that they differ when their identities do. */
export type Opaque = Pick<WeakSet<object>, "has">;

/**
 * `next`, with every part that equals the same part of `old` replaced by that part; `old` itself when all is equal.
 * Neither argument is modified. Map and Set order counts: outputs must be deterministic.
 */
export function share<Value>(old: unknown, next: Value, opaque: Opaque = new WeakSet()): Value {
  if (!comparable(old, next)) return next;
  return shareObject(old, next, opaque) as Value;
}

function comparable(old: unknown, next: unknown): next is object {
  return typeof old === "object" && typeof next === "object" && old !== null && next !== null;
}

function shareAny(old: unknown, next: unknown, opaque: Opaque): unknown {
  if (Object.is(old, next)) return old;
  if (!comparable(old, next) || opaque.has(next)) return next;
  return shareObject(old, next, opaque);
}

function shareObject(old: unknown, next: object, opaque: Opaque): unknown {
  if (Object.is(old, next)) return old;
  const prototype: unknown = Object.getPrototypeOf(next);
  if (prototype !== Object.getPrototypeOf(old)) return next;
  if (Array.isArray(next)) return shareArray(old as readonly unknown[], next, opaque);
  if (next instanceof Map) return shareMap(old as ReadonlyMap<unknown, unknown>, next, opaque);
  if (next instanceof Set) return sameSet(old as ReadonlySet<unknown>, next) ? old : next;
  if (next instanceof Uint8Array) return Buffer.compare(old as Uint8Array, next) === 0 ? old : next;
  if (prototype === Object.prototype || prototype === null) return shareRecord(old as Fields, next as Fields, opaque);
  return next;
}

type Fields = Readonly<Record<string, unknown>>;

function shareArray(old: readonly unknown[], next: readonly unknown[], opaque: Opaque): readonly unknown[] {
  // An insertion moves what follows it: items that moved are recognised by identity, and only new ones are looked at.
  let known: ReadonlySet<unknown> | undefined;
  const shared = next.map((item, i) => {
    if (i >= old.length || Object.is(old[i], item)) return item;
    known ??= new Set(old);
    return known.has(item) ? item : shareAny(old[i], item, opaque);
  });
  if (old.length === next.length && shared.every((item, i) => Object.is(item, old[i]))) return old;
  return shared;
}

function shareMap(
  old: ReadonlyMap<unknown, unknown>,
  next: ReadonlyMap<unknown, unknown>,
  opaque: Opaque,
): ReadonlyMap<unknown, unknown> {
  const shared = new Map<unknown, unknown>();
  for (const [key, value] of next) shared.set(key, shareAny(old.get(key), value, opaque));
  if (old.size !== shared.size) return shared;
  const entries = old.entries();
  for (const [key, value] of shared) {
    const [oldKey, oldValue] = entries.next().value as [unknown, unknown];
    if (!Object.is(oldKey, key) || !Object.is(oldValue, value)) return shared;
  }
  return old;
}

function sameSet(old: ReadonlySet<unknown>, next: ReadonlySet<unknown>): boolean {
  if (old.size !== next.size) return false;
  const items = old.values();
  for (const item of next) if (!Object.is(items.next().value, item)) return false;
  return true;
}

function shareRecord(old: Fields, next: Fields, opaque: Opaque): Fields {
  const keys = Object.keys(next);
  const shared: Record<string, unknown> = {};
  let same = keys.length === Object.keys(old).length;
  for (const key of keys) {
    const value = shareAny(old[key], next[key], opaque);
    shared[key] = value;
    same &&= Object.is(value, old[key]) && key in old;
  }
  return same ? old : shared;
}
