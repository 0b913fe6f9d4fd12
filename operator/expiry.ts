// Time as queries see it: the Clock cell, written at start and when the next certificate in use expires. No query has a clock of its own.

import { proxies } from "../reconcilers/gateway/proxies.ts";
import { nextExpiry } from "../reconcilers/gateway/proxy-listeners.ts";
import type { Change } from "../store/db.ts";
import type { Store } from "../store/store.ts";
import { createAlarm, type WallClock } from "./clock.ts";

export interface ExpiryWatch {
  /** Writes what time it is. */
  tell(): void;
  /** Finds out anew which certificate expires next: after every batch. */
  look(): void;
  stop(): void;
}

export function createExpiryWatch(options: {
  readonly store: Store;
  readonly clock: WallClock;
  readonly push: (change: Change) => void;
}): ExpiryWatch {
  const { store, clock, push } = options;
  const tell = (): void => {
    push({ type: "applied", kind: "Clock", object: { metadata: { name: "clock" }, now: clock.today().toISOString() } });
  };
  const alarm = createAlarm(clock, tell);
  return {
    tell,
    look() {
      const times = proxies(store).flatMap((proxy) => nextExpiry(store, proxy) ?? []);
      const earliest = times.toSorted()[0];
      alarm.set(earliest === undefined ? undefined : Date.parse(earliest));
    },
    stop: () => alarm.set(undefined),
  };
}
