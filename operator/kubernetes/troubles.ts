// What to do when a write fails: an API server that does not answer, or asks for patience, makes all writes wait together and is told of once; a
// write that it refuses waits alone.

import type { Clock } from "../clock.ts";
import { messageOf } from "../host/folder.ts";
import { type Backoff, createBackoff } from "./backoff.ts";
import { ApiError, hasStatus } from "./client.ts";

export interface TroublesOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: (message: string) => void;
  /** Makes all writes wait. */
  readonly pause: (ms: number) => void;
}

export interface Troubles {
  /** How long this write should wait at least. */
  met(what: string, error: unknown, own: Backoff): number;
  /** A write went well. */
  over(): void;
}

export function createTroubles({ clock, random, log, pause }: TroublesOptions): Troubles {
  const common = createBackoff({ firstMs: 200, longestMs: 5000, random });
  let pausedUntil = -Infinity;
  let away = false;
  return {
    met(what, error, own) {
      if (error instanceof ApiError && !hasStatus(error, 401, 429, 502, 503, 504)) {
        log(`${what} is not written yet: ${messageOf(error)}`);
        return own.next();
      }
      if (!away) log(`nothing can be written: ${messageOf(error)}`);
      away = true;
      // Those under way at the same time fail for the same reason: one step of patience for all of them.
      if (clock.now() >= pausedUntil) {
        const ms = Math.max(common.next(), error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0);
        pausedUntil = clock.now() + ms;
        pause(ms);
      }
      return 0;
    },
    over() {
      if (away) log("writing works again");
      away = false;
      common.reset();
    },
  };
}
