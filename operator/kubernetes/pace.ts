// How soon the status of one object may be written again: at once when it has been calm, later and later while it keeps changing.

import type { Clock } from "../clock.ts";

/** "wanted": we want another status. "seen": somebody has written over ours. "raced": somebody wrote before us. */
export type Cause = "wanted" | "seen" | "raced";

export interface Pace {
  /** Milliseconds to wait. */
  next(cause: Cause): number;
  wrote(): void;
}

const firstMs = 50;
/** Our own changes: a Gateway to which a thousand routes attach is written a few times at once, then once a second. */
const longestMs = { wanted: 1000, seen: 5000 };
/** Without a write for so long it is calm. With somebody who always writes over ours it never is. */
const calmMs = { wanted: 1000, seen: 10_000 };

export function createPace(clock: Clock): Pace {
  let delay = 0;
  let wroteAt = -Infinity;
  return {
    next(cause) {
      if (cause === "raced") return 0;
      if (clock.now() - wroteAt >= calmMs[cause]) delay = 0;
      else delay = Math.min(longestMs[cause], Math.max(firstMs, delay * 2));
      return delay;
    },
    wrote: () => void (wroteAt = clock.now()),
  };
}
