// The shared debounced queue: turns single changes into batches, one flush at a time. Knows nothing of what it carries.

import { systemClock, type Clock } from "./clock.ts";

export interface Timing {
  /** After a flush, a batch closes when nothing came for this long. */
  readonly quietMs: number;
  /** The longest time that an item waits for others. */
  readonly maxMs: number;
}

export interface Queue<Item> {
  push(item: Item): void;
  /** Items pushed before this are held: nothing is flushed before the first sync. Flushes what there is, even if that is nothing. */
  start(): void;
  /** Resolves once everything pushed so far was flushed. */
  idle(): Promise<void>;
  /** Items that wait for the next flush. */
  size(): number;
  /** Flushes nothing any more. */
  close(): void;
}

/**
 * Flushes at once when it was at rest, then gathers: until `quietMs` of silence, or `maxMs` at the latest.
 * `flush` should not reject; when it does, the queue goes on and the rejection surfaces as an unhandled one.
 */
export function debounced<Item>(
  flush: (batch: readonly Item[]) => Promise<void>,
  timing: Timing,
  clock: Clock = systemClock,
): Queue<Item> {
  let waiting: Item[] = [];
  let state: "held" | "resting" | "due" | "gathering" | "flushing" | "closed" = "held";
  let firstAt = 0;
  let cancel = (): void => undefined;
  let idlers: (() => void)[] = [];

  async function run(): Promise<void> {
    if (state === "closed") return;
    cancel();
    state = "flushing";
    const batch = waiting;
    waiting = [];
    try {
      await flush(batch);
    } finally {
      gather();
    }
  }

  /** Opens the window after a flush; with nothing in it when it closes, the queue rests again. */
  function gather(): void {
    if (state === "closed") return;
    cancel();
    state = "gathering";
    const now = clock.now();
    const wait = waiting.length === 0 ? timing.quietMs : Math.min(timing.quietMs, firstAt + timing.maxMs - now);
    cancel = clock.after(Math.max(0, wait), () => (waiting.length > 0 ? void run() : rest()));
    if (waiting.length === 0) releaseIdlers();
  }

  function rest(): void {
    state = "resting";
    releaseIdlers();
  }

  function releaseIdlers(): void {
    const ready = idlers;
    idlers = [];
    for (const resolve of ready) resolve();
  }

  return {
    push(item) {
      if (waiting.length === 0) firstAt = clock.now();
      waiting.push(item);
      if (state === "gathering") gather();
      if (state === "resting") {
        // Items pushed in the same turn (one file with ten objects) still share the first batch.
        state = "due";
        cancel = clock.after(0, () => void run());
      }
    },
    start() {
      if (state === "held") void run();
    },
    size: () => waiting.length,
    close() {
      state = "closed";
      cancel();
    },
    idle() {
      const settled = waiting.length === 0 && (state === "resting" || state === "gathering");
      return settled ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve));
    },
  };
}
