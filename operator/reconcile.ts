// The effect loop: after a flush, makes infrastructure what the reconcilers say it should be; a failed one is tried again. Status is read on
// demand from the same queries (status.ts).

import { reconcilers } from "../reconcilers/index.ts";
import type { OwnedObject } from "../reconcilers/reconciler.ts";
import type { ObjectKey } from "../store/key.ts";
import type { Store } from "../store/store.ts";
import type { Infrastructure } from "./infrastructure.ts";

const retryMs = 5_000;

export interface OwnedLoop {
  /** Looks again, soon. */
  wake(): void;
  close(): Promise<void>;
}

export function createOwnedLoop(
  store: Store,
  infrastructure: Infrastructure,
  complain: (message: string, fields?: object) => void,
): OwnedLoop {
  const owners = reconcilers.filter((reconciler) => reconciler.owned !== undefined);
  const done = new Map<string, readonly OwnedObject[]>();
  const busy = new Map<string, Promise<void>>();
  let closed = false;
  let retry: NodeJS.Timeout | undefined;

  function visit(id: string, key: ObjectKey, objects: readonly OwnedObject[]): void {
    // Identity is sameness: the query gives the old list back when nothing has changed.
    if (done.get(id) === objects || busy.has(id)) return;
    if (objects.length === 0 && !done.has(id)) return;
    const work = infrastructure.apply(key, objects).then(
      () => void done.set(id, objects),
      (cause: unknown) => {
        complain(`${id}: ${cause instanceof Error ? cause.message : String(cause)}`);
        clearTimeout(retry);
        retry = setTimeout(wake, retryMs);
      },
    );
    busy.set(
      id,
      work.then(() => void busy.delete(id)).then(() => (done.get(id) === objects ? wake() : undefined)),
    );
  }

  function wake(): void {
    if (closed) return;
    const seen = new Set<string>();
    for (const reconciler of owners) {
      for (const key of store.keys(reconciler.kind)) {
        const id = `${reconciler.kind} ${key}`;
        seen.add(id);
        const objects = reconciler.owned?.(store, key);
        if (objects !== undefined) visit(id, key, objects);
      }
    }
    for (const id of done.keys()) if (!seen.has(id)) void remove(id);
  }

  async function remove(id: string): Promise<void> {
    done.delete(id);
    await infrastructure.apply(id.slice(id.indexOf(" ") + 1) as ObjectKey, []);
  }

  return {
    wake,
    async close() {
      closed = true;
      clearTimeout(retry);
      await Promise.all(busy.values());
    },
  };
}
