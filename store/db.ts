// What queries see of the store: reads that are recorded, and the types of changes and sources. No behaviour here.

import type { Kind, Kinds } from "./kinds.ts";
import type { ObjectKey } from "./key.ts";

/** One edit of the ground truth. Objects are complete: defaulted, validated, normalised at the door. */
export type Change =
  | { readonly [K in Kind]: { readonly type: "applied"; readonly kind: K; readonly object: Kinds[K] } }[Kind]
  | { readonly type: "deleted"; readonly kind: Kind; readonly key: ObjectKey };

/** Where objects come from. Kubernetes and a directory of YAML files are the two sources. */
export interface Source {
  /** Every object, then `synced` once, then every change, until the signal aborts. */
  watch(signal: AbortSignal): AsyncIterable<Change | { readonly type: "synced" }>;
}

/** An inverted view of one kind: under which values an object is found. Plain values of the object only. */
export interface Index<K extends Kind> {
  readonly kind: K;
  readonly name: string;
  readonly values: (object: Kinds[K]) => readonly string[];
}

/** An inverted view of a query over every object of one kind: under which values each key is found. */
export interface DerivedIndex<K extends Kind> {
  readonly derived: true;
  readonly kind: K;
  readonly name: string;
  readonly values: (db: Db, key: ObjectKey) => readonly string[];
}

/** The only thing a query may read. Each read is recorded as a dependency of the running query. */
export interface Db {
  /** The object, or undefined; absence is recorded too. */
  get<K extends Kind>(kind: K, key: ObjectKey): Kinds[K] | undefined;
  /** Keys of every object of a kind, sorted: membership, not contents. Prefer `lookup`. */
  keys(kind: Kind): readonly ObjectKey[];
  /** One bucket of one index, sorted. */
  lookup<K extends Kind>(index: Index<K> | DerivedIndex<K>, value: string): readonly ObjectKey[];
}

/** A pure function of the db and string keys. Synchronous by type: awaiting would lose the reads. */
export type Query<Keys extends readonly string[], Value> = (
  db: Db,
  ...keys: Keys
) => Value extends Promise<unknown> ? never : Value;
