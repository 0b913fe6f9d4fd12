// A clock whose time passes when a test says so. Not part of the product.

import type { WallClock } from "../clock.ts";

export interface FakeClock extends WallClock {
  /** Lets so many milliseconds pass and runs what is due, in order. */
  pass(ms: number): void;
}

export function createFakeClock(start = "2026-06-01T00:00:00Z"): FakeClock {
  let now = 0;
  let tasks: { readonly at: number; readonly task: () => void }[] = [];
  return {
    now: () => now,
    today: () => new Date(Date.parse(start) + now),
    after(ms, task) {
      const entry = { at: now + ms, task };
      tasks.push(entry);
      return () => void (tasks = tasks.filter((each) => each !== entry));
    },
    pass(ms) {
      const end = now + ms;
      for (;;) {
        const next = tasks.toSorted((a, b) => a.at - b.at).find(({ at }) => at <= end);
        if (next === undefined) break;
        tasks = tasks.filter((each) => each !== next);
        now = Math.max(now, next.at);
        next.task();
      }
      now = end;
    },
  };
}
