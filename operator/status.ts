// Status, level-triggered: after a batch, the status of whatever the batch may have reached is computed and, when it differs, written. Costs
// as much as the batch reached. Where it is written is the writer's business: here to memory, in a cluster to the API server.

import { reconcilers } from "../reconcilers/index.ts";
import type { Change } from "../store/db.ts";
import { keyOf, type ObjectKey } from "../store/key.ts";
import type { Kind } from "../store/kinds.ts";
import { memo } from "../store/memo.ts";
import type { Store } from "../store/store.ts";
import { completed } from "./conditions.ts";

export interface StatusWriter {
  /** Makes this the status of the object; undefined: it has none of ours, or is gone. */
  write(kind: Kind, key: ObjectKey, status: unknown): Promise<void>;
  /** The source told of this object, perhaps of nothing but its status: somebody else may have written over ours. */
  seen?(kind: Kind, key: ObjectKey): void;
}

export interface StatusLoop {
  /** Writes the status of all that these changes may have reached; returns how many were written. */
  settle(changes: readonly Change[]): Promise<number>;
}

const rootName = "wantedStatus";
const wantedStatus = memo(rootName, (db, kind: string, key: string): unknown =>
  reconcilers.find((each) => each.kind === kind)?.status(db, key as ObjectKey),
);

interface Written {
  readonly wanted: unknown;
  readonly generation: number | undefined;
  readonly status: unknown;
}

export function createStatusLoop(store: Store, writer: StatusWriter, today: () => Date): StatusLoop {
  const kinds = new Set<Kind>(reconcilers.map(({ kind }) => kind));
  const written = new Map<string, Written>();

  /** Objects that changed, and objects whose status read something that changed. */
  function reached(changes: readonly Change[]): ReadonlyMap<string, readonly [Kind, ObjectKey]> {
    const all = new Map<string, readonly [Kind, ObjectKey]>();
    const add = (kind: Kind, key: ObjectKey): unknown => kinds.has(kind) && all.set(`${kind} ${key}`, [kind, key]);
    for (const change of changes) add(change.kind, change.type === "applied" ? keyOf(change.object) : change.key);
    for (const { name, keys } of store.staleRoots()) if (name === rootName) add(keys[0] as Kind, keys[1] as ObjectKey);
    return all;
  }

  /** The new status, or undefined when there is nothing to write. */
  function renewed(id: string, kind: Kind, key: ObjectKey): { readonly status: unknown } | undefined {
    const object = store.get(kind, key);
    const before = written.get(id);
    if (object === undefined) return written.delete(id) ? { status: undefined } : undefined;
    const wanted = wantedStatus(store, kind, key);
    const { generation } = object.metadata as { readonly generation?: number };
    // Identity is sameness: the query gives the old value back when nothing has changed.
    if (before !== undefined && before.wanted === wanted && before.generation === generation) return undefined;
    const earlier = before?.status ?? store.seenStatus(kind, key);
    const status = wanted === undefined ? undefined : completed(wanted, earlier, { generation, now: today() });
    written.set(id, { wanted, generation, status });
    // What an earlier process wrote of an object that is not ours any more is taken back.
    return status === undefined && (before === undefined ? earlier : before.status) === undefined ? undefined : { status };
  }

  return {
    async settle(changes) {
      let count = 0;
      for (const [id, [kind, key]] of reached(changes)) {
        const result = renewed(id, kind, key);
        if (result === undefined) continue;
        count++;
        await writer.write(kind, key, result.status);
      }
      return count;
    },
  };
}

export interface StatusMemory extends StatusWriter {
  /** Every object of a kind with its status. */
  all(kind: Kind): readonly unknown[];
}

/** With an API server, the statuses are where everybody sees them: these are those it told us of last. */
export function createSeenStatuses(store: Store): Pick<StatusMemory, "all"> {
  return {
    all: (kind) =>
      store.keys(kind).map((key) => {
        const status = store.seenStatus(kind, key);
        const object = store.get(kind, key);
        return status === undefined ? object : { ...object, status };
      }),
  };
}

/** A process without an API server keeps statuses for whoever asks. */
export function createStatusMemory(store: Store): StatusMemory {
  const statuses = new Map<string, unknown>();
  return {
    async write(kind, key, status) {
      if (status === undefined) statuses.delete(`${kind} ${key}`);
      else statuses.set(`${kind} ${key}`, status);
    },
    all: (kind) =>
      store.keys(kind).map((key) => {
        const status = statuses.get(`${kind} ${key}`);
        const object = store.get(kind, key);
        return status === undefined ? object : { ...object, status };
      }),
  };
}
