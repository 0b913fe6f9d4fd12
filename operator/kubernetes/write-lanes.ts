// Turns for writing to an API server: so many at a time, the urgent ones first, and a pause for all while it does not answer. Not so many a
// second: API priority and fairness counts what is in flight too, and says 429 when that is too much.

import type { Clock } from "../clock.ts";

export interface Lanes {
  /** `task` is run in its turn; it must not throw. */
  add(task: () => Promise<void>, isUrgent: boolean): void;
  /** No task begins for so long. */
  pause(ms: number): void;
  /** What waits is forgotten; resolves when what is under way has ended. */
  close(): Promise<void>;
}

export function createLanes(clock: Clock, lanes: number): Lanes {
  const urgent: (() => Promise<void>)[] = [];
  const ordinary: (() => Promise<void>)[] = [];
  const running = new Set<Promise<void>>();
  let pausedUntil = -Infinity;
  let closed = false;

  function pump(): void {
    if (clock.now() < pausedUntil) return;
    while (running.size < lanes) {
      const task = urgent.shift() ?? ordinary.shift();
      if (task === undefined) return;
      const run = task().finally(() => {
        running.delete(run);
        pump();
      });
      running.add(run);
    }
  }

  return {
    add(task, isUrgent) {
      if (closed) return;
      (isUrgent ? urgent : ordinary).push(task);
      pump();
    },
    pause(ms) {
      pausedUntil = Math.max(pausedUntil, clock.now() + ms);
      clock.after(ms, pump);
    },
    async close() {
      closed = true;
      urgent.length = ordinary.length = 0;
      await Promise.all(running);
    },
  };
}
