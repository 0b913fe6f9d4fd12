// Removes what a proxy no longer consists of, make before break: what took its place must serve first, however long that takes. Works beside
// the owner's next changes, and is begun anew after each of them.

import type { ObjectKey } from "../../store/key.ts";
import type { OwnedObject } from "../../reconcilers/reconciler.ts";
import type { Clock } from "../clock.ts";
import { messageOf } from "../host/folder.ts";
import { type ObjectCalls, pause } from "./object-calls.ts";
import { belongingOf, field, isAppliedByUs, type LiveObject, rankOf, titleOf } from "./owned-object.ts";

export interface Sweeper {
  /** Removes the leftovers when the workload serves; `onDone` when all are gone. */
  sweep(owner: ObjectKey, task: SweepTask): void;
  /** Resolves when nothing is under way for the owner; what is left then stays. */
  stop(owner: ObjectKey): Promise<void>;
  close(): Promise<void>;
}

export interface SweepTask {
  readonly leftovers: readonly OwnedObject[];
  readonly workload: OwnedObject | undefined;
  readonly onDone: () => void;
}

export interface SweeperOptions {
  readonly calls: ObjectCalls;
  readonly clock: Clock;
  readonly writes: () => boolean;
  readonly log: (message: string) => void;
}

const firstPauseMs = 250;
const longestPauseMs = 5000;

export function createSweeper({ calls, clock, log, writes }: SweeperOptions): Sweeper {
  const running = new Map<ObjectKey, { readonly abort: AbortController; readonly end: Promise<void> }>();

  async function removeOurs(objects: readonly OwnedObject[], signal: AbortSignal): Promise<void> {
    for (const object of objects.toSorted((a, b) => rankOf(b) - rankOf(a))) {
      const live = await calls.read(object);
      if (live === undefined || !isAppliedByUs(live) || belongingOf(live) !== belongingOf(object)) continue;
      await calls.remove(live, signal);
    }
  }

  async function run({ leftovers, workload, onDone }: SweepTask, signal: AbortSignal): Promise<void> {
    // They act on what stays, and would still do so.
    const at = Object.groupBy(leftovers, ({ kind }) => (/Autoscaler|Budget/.test(kind) ? "now" : "later"));
    for (let pauseMs = firstPauseMs; !signal.aborted && writes(); pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        await removeOurs(at.now ?? [], signal);
        if (at.later === undefined || workload === undefined || serves(await calls.read(workload))) {
          await removeOurs(at.later ?? [], signal);
          if (!signal.aborted) onDone();
          return;
        }
      } catch (cause) {
        log(`${leftovers.map(titleOf).join(", ")}: not removed yet: ${messageOf(cause)}`);
      }
      await pause(clock, pauseMs, signal);
    }
  }

  async function stop(owner: ObjectKey): Promise<void> {
    const known = running.get(owner);
    known?.abort.abort();
    await known?.end;
  }

  let closed = false;
  return {
    sweep(owner, task) {
      // Work that was under way when we closed may end with this: what is left is found again by the next process.
      if (closed) return;
      if (task.leftovers.length === 0) return task.onDone();
      const abort = new AbortController();
      const end = run(task, abort.signal).finally(() => running.delete(owner));
      running.set(owner, { abort, end });
    },
    stop,
    async close() {
      closed = true;
      await Promise.all([...running.keys()].map(stop));
    },
  };
}

/** Does a workload run what was last asked of it, with every pod ready? */
function serves(workload: LiveObject | undefined): boolean {
  if (workload === undefined) return false;
  const status = (name: string): number => Number(field(workload, "status", name) ?? 0);
  if (status("observedGeneration") < (workload.metadata.generation ?? 0)) return false;
  if (workload.kind === "DaemonSet") {
    const wanted = status("desiredNumberScheduled");
    return wanted > 0 && status("numberReady") >= wanted && status("updatedNumberScheduled") >= wanted;
  }
  const wanted = Number(field(workload, "spec", "replicas") ?? 1);
  return status("readyReplicas") >= wanted && status("updatedReplicas") >= wanted;
}
