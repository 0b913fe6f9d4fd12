// Ground truth: tables of objects with indexes, one revision per batch of changes, and the memory of every query over them.
// Knows no reconciler and no xDS. Effects hold the Store; queries see only its Db side.

import type { Change, Db, DerivedIndex, Index } from "./db.ts";
import { createEngine, describe, type Engine, type Node } from "./engine.ts";
import { createBuckets, withKey, without, type Buckets } from "./index-state.ts";
import { keyOf, type ObjectKey } from "./key.ts";
import type { Kind, Kinds } from "./kinds.ts";
import { remember, type Definition, type RememberingDb } from "./memo.ts";
import { normalise } from "./normalise.ts";
import { share } from "./share.ts";

/** The writable side, held by operator/ alone. */
export interface Store extends Db {
  readonly revision: number;
  /** One revision per batch. Returns the changes that were relevant: an object equal to what the store holds is none. */
  apply(changes: Iterable<Change>): readonly Change[];
  /** What ran since the last batch, e.g. "httpRules(default/app)": tests assert on it. */
  readonly computed: readonly string[];
  /** Queries pulled from outside before, that a batch may have changed since: what an effect must look at again. */
  staleRoots(): readonly { readonly name: string; readonly keys: readonly string[] }[];
  /** The status an object carried when it was last seen; untracked, for the status writer to compare with. */
  seenStatus(kind: Kind, key: ObjectKey): unknown;
  /** The resourceVersion that came with it; undefined for objects from files. */
  seenVersion(kind: Kind, key: ObjectKey): string | undefined;
  /** Objects of this kind that some query has read, also those that do not exist: all that a source need bring of a kind that is large. */
  asked(kind: Kind): readonly ObjectKey[];
  /** Bugs: derived indexes whose query threw; they keep their last good entry. Cleared by each batch. */
  readonly faults: readonly Error[];
}

type AnyObject = Kinds[Kind];

/** Objects of one kind, and the nodes of those that some query has asked for. */
interface Table {
  readonly objects: Map<ObjectKey, AnyObject>;
  readonly status: Map<ObjectKey, unknown>;
  readonly versions: Map<ObjectKey, string>;
  readonly nodes: Map<ObjectKey, Node>;
  keys: readonly ObjectKey[];
  keysNode: Node | undefined;
}

interface IndexState {
  readonly index: Index<Kind> | DerivedIndex<Kind>;
  /** Present for a derived index: one root query per object. */
  readonly perKey: Map<ObjectKey, Node> | undefined;
  readonly buckets: Buckets;
  readonly nodes: Map<string, Node>;
}

/** A root that nobody pulled for this many moments after it went stale belongs to an object that is gone. */
const rootsKeptFor = 64;

export function createStore(): Store {
  return new TableStore();
}

class TableStore implements Store, RememberingDb {
  revision = 0;
  faults: Error[] = [];
  readonly #engine: Engine = createEngine();
  readonly #tables = new Map<Kind, Table>();
  readonly #indexes = new Map<object, IndexState>();
  readonly #indexOf = new Map<Node, { readonly state: IndexState; readonly key: ObjectKey }>();
  readonly #queries = new Map<Definition, Map<string, Node>>();

  get computed(): readonly string[] {
    return this.#engine.ran.map(describe);
  }

  get<K extends Kind>(kind: K, key: ObjectKey): Kinds[K] | undefined {
    const table = this.#table(kind);
    let node = table.nodes.get(key);
    if (node === undefined) {
      node = this.#engine.input({ value: table.objects.get(key), forget: () => table.nodes.delete(key) });
      table.nodes.set(key, node);
    }
    return this.#engine.read(node) as Kinds[K] | undefined;
  }

  keys(kind: Kind): readonly ObjectKey[] {
    const table = this.#table(kind);
    table.keysNode ??= this.#engine.input({ value: table.keys, forget: () => (table.keysNode = undefined) });
    return this.#engine.read(table.keysNode) as readonly ObjectKey[];
  }

  lookup<K extends Kind>(index: Index<K> | DerivedIndex<K>, value: string): readonly ObjectKey[] {
    const state = this.#indexes.get(index) ?? this.#build(index as unknown as Index<Kind>);
    let node = state.nodes.get(value);
    if (node === undefined) {
      node = this.#engine.input({ value: state.buckets.get(value), forget: () => state.nodes.delete(value) });
      state.nodes.set(value, node);
    }
    return this.#engine.read(node) as readonly ObjectKey[];
  }

  [remember](definition: Definition, keys: readonly string[]): unknown {
    let nodes = this.#queries.get(definition);
    if (nodes === undefined) this.#queries.set(definition, (nodes = new Map()));
    const id = keys.length === 1 ? keys[0]! : keys.join("\n");
    let node = nodes.get(id);
    if (node === undefined) {
      node = this.#engine.query({
        label: definition.name,
        keys,
        compute: () => definition.compute(this, ...keys),
        forget: () => nodes.delete(id),
      });
      nodes.set(id, node);
    }
    return this.#engine.read(node);
  }

  apply(changes: Iterable<Change>): readonly Change[] {
    this.revision++;
    this.faults = [];
    this.#engine.forgetRan();
    this.#engine.tick();
    const relevant: Change[] = [];
    for (const change of changes) if (this.#applyOne(change)) relevant.push(change);
    this.#settle();
    const old = this.#engine.rootsStaleSince(this.#engine.clock - rootsKeptFor).filter((node) => !this.#indexOf.has(node));
    if (old.length > 0) this.#engine.drop(old);
    return relevant;
  }

  staleRoots(): readonly { readonly name: string; readonly keys: readonly string[] }[] {
    return [...this.#engine.staleRoots()]
      .filter((node) => !this.#indexOf.has(node))
      .map((node) => ({ name: node.label, keys: node.keys }));
  }

  seenStatus(kind: Kind, key: ObjectKey): unknown {
    return this.#tables.get(kind)?.status.get(key);
  }

  seenVersion(kind: Kind, key: ObjectKey): string | undefined {
    return this.#tables.get(kind)?.versions.get(key);
  }

  asked(kind: Kind): readonly ObjectKey[] {
    return [...(this.#tables.get(kind)?.nodes.keys() ?? [])];
  }

  #table(kind: Kind): Table {
    let table = this.#tables.get(kind);
    if (table === undefined) {
      table = { objects: new Map(), status: new Map(), versions: new Map(), nodes: new Map(), keys: [], keysNode: undefined };
      this.#tables.set(kind, table);
    }
    return table;
  }

  #applyOne(change: Change): boolean {
    const table = this.#table(change.kind);
    const key = change.type === "applied" ? keyOf(change.object) : change.key;
    const old = table.objects.get(key);
    if (change.type === "deleted") {
      table.status.delete(key);
      table.versions.delete(key);
      if (old === undefined) return false;
      table.objects.delete(key);
      this.#writeKeys(table, without(table.keys, key));
      this.#written(change.kind, key, undefined);
      return true;
    }
    const { resourceVersion } = change.object.metadata as { readonly resourceVersion?: string };
    if (resourceVersion !== undefined) table.versions.set(key, resourceVersion);
    // An API server that tells of no status says that there is none; a file says nothing.
    if ("status" in change.object || resourceVersion !== undefined)
      table.status.set(key, (change.object as { readonly status?: unknown }).status);
    const object = share(old, normalise(change.object));
    if (object === old) return false;
    table.objects.set(key, object);
    if (old === undefined) this.#writeKeys(table, withKey(table.keys, key));
    this.#written(change.kind, key, object);
    return true;
  }

  #writeKeys(table: Table, keys: readonly ObjectKey[]): void {
    table.keys = keys;
    if (table.keysNode !== undefined) this.#engine.write(table.keysNode, keys);
  }

  #written(kind: Kind, key: ObjectKey, object: AnyObject | undefined): void {
    const node = this.#tables.get(kind)?.nodes.get(key);
    if (node !== undefined) this.#engine.write(node, object);
    for (const state of this.#indexes.values()) {
      if (state.index.kind !== kind) continue;
      if (state.perKey === undefined) {
        const values = object === undefined ? [] : (state.index as Index<Kind>).values(object);
        this.#writeBuckets(state, state.buckets.set(key, values));
      } else if (object === undefined) {
        this.#dropEntry(state, key);
      } else if (!state.perKey.has(key)) {
        this.#newEntry(state, key);
      }
    }
  }

  #writeBuckets(state: IndexState, values: readonly string[]): void {
    for (const value of values) {
      const node = state.nodes.get(value);
      if (node !== undefined) this.#engine.write(node, state.buckets.get(value));
    }
  }

  // ── derived indexes ─────────────────────────────────────────────────────────────────────────────

  #build(index: Index<Kind> | DerivedIndex<Kind>): IndexState {
    const derived = "derived" in index;
    const state: IndexState = { index, perKey: derived ? new Map() : undefined, buckets: createBuckets(), nodes: new Map() };
    this.#indexes.set(index, state);
    for (const [key, object] of this.#table(index.kind).objects) {
      if (derived) this.#pullEntry(state, key, this.#newEntry(state, key));
      else state.buckets.set(key, index.values(object));
    }
    return state;
  }

  #newEntry(state: IndexState, key: ObjectKey): Node {
    const node = this.#engine.query({
      label: state.index.name,
      keys: [key],
      compute: () => (state.index as DerivedIndex<Kind>).values(this, key),
      forget: () => {},
    });
    state.perKey!.set(key, node);
    this.#indexOf.set(node, { state, key });
    this.#fresh.push(node);
    return node;
  }

  /** Entries made by this batch; they have never run, so nothing could mark them. */
  readonly #fresh: Node[] = [];

  #dropEntry(state: IndexState, key: ObjectKey): void {
    const node = state.perKey!.get(key);
    if (node === undefined) return;
    state.perKey!.delete(key);
    this.#indexOf.delete(node);
    this.#engine.drop([node]);
    this.#writeBuckets(state, state.buckets.set(key, []));
  }

  #pullEntry(state: IndexState, key: ObjectKey, node: Node): readonly string[] {
    try {
      return state.buckets.set(key, this.#engine.pull(node) as readonly string[]);
    } catch (cause) {
      this.faults.push(new Error(`index ${describe(node)}`, { cause }));
      return [];
    }
  }

  /**
   * Brings every derived index up to date, so that only buckets that really changed mark their readers. An entry may read buckets of
   * another index: then the round repeats, each round being a new moment for the engine.
   */
  #settle(): void {
    const failed = new Set<Node>();
    for (;;) {
      const candidates = new Set([...this.#fresh.splice(0), ...this.#engine.staleRoots()]);
      const stale = [...candidates].filter((node) => node.stale && this.#indexOf.has(node) && !failed.has(node));
      if (stale.length === 0) return;
      const changed: { readonly state: IndexState; readonly values: readonly string[] }[] = [];
      for (const node of stale) {
        const { state, key } = this.#indexOf.get(node)!;
        changed.push({ state, values: this.#pullEntry(state, key, node) });
        if (node.stale) failed.add(node);
      }
      this.#engine.tick();
      for (const { state, values } of changed) this.#writeBuckets(state, values);
    }
  }
}
