// memo(): gives a query a memory. Where results are kept, and when they are still true, is the engine's business (engine.ts).

import type { Db, Query } from "./db.ts";

/** How a memoised query asks its store for a remembered result. Every Db of this package has it. */
export const remember: unique symbol = Symbol("remember");

/** One memoised query: its name for people, and what computes it. Identity is its key in the engine. */
export interface Definition {
  readonly name: string;
  readonly compute: (db: Db, ...keys: string[]) => unknown;
}

/** A Db that remembers. */
export interface RememberingDb extends Db {
  readonly [remember]: (definition: Definition, keys: readonly string[]) => unknown;
}

/**
 * Remembers results per keys; recomputes only what a change reached; keeps the old value (and its identity, also of its parts) when the
 * new one is equal. Without memo() the program gives the same answers, only slower.
 */
export function memo<Keys extends readonly string[], Value>(name: string, compute: Query<Keys, Value>): Query<Keys, Value> {
  const definition: Definition = { name, compute: compute as unknown as Definition["compute"] };
  const query = (db: Db, ...keys: Keys): unknown => (db as RememberingDb)[remember](definition, keys);
  return query as Query<Keys, Value>;
}
