// Who writes: one replica at a time, by a lease that it must renew. Time is our own clock's only: of the record of another replica we believe that
// it changed, never when. Does not know where the lease is kept.

import type { Clock } from "./clock.ts";
import { messageOf } from "./host/folder.ts";

/** The record of a lease; `holder` empty: nobody's. */
export interface LeaseRecord {
  readonly holder: string;
  /** How long others wait before they take it. */
  readonly durationSeconds: number;
  readonly transitions: number;
  /** Changes whenever the record does. */
  readonly version: string;
}

export interface LeaseStore {
  /** Undefined: there is none yet. */
  read(): Promise<LeaseRecord | undefined>;
  /** Writes it if nobody has since; undefined: somebody has. */
  write(lease: Omit<LeaseRecord, "version">, over: LeaseRecord | undefined): Promise<LeaseRecord | undefined>;
}

/** In milliseconds. */
export interface LeaseTiming {
  readonly lease: number;
  /** Without a renewal for so long we lead no more. Less than `lease`. */
  readonly renewDeadline: number;
  readonly retryPeriod: number;
}

export interface LeaderOptions {
  readonly store: LeaseStore;
  readonly identity: string;
  readonly timing: LeaseTiming;
  readonly clock: Clock;
  readonly onStarted: () => void;
  readonly onStopped: () => void;
  readonly log: (message: string) => void;
}

export interface LeaderElection {
  /** Asked before every write: looks at the clock, so that a process that was asleep does not write with a lease it has lost. */
  isLeader(): boolean;
  /** Gives the lease back, so that another replica need not wait. */
  stop(): Promise<void>;
}

export function createLeaderElection(options: LeaderOptions): LeaderElection {
  const { store, identity, timing, clock, onStarted, onStopped, log } = options;
  let record: LeaseRecord | undefined;
  /** When the record that we see was first seen. */
  let seenAt = clock.now();
  let renewedAt = -Infinity;
  let leads = false;
  let stopped = false;
  let cancel = (): void => undefined;
  let working: Promise<void> = Promise.resolve();

  const holds = (): boolean => clock.now() - renewedAt < timing.renewDeadline;

  function settle(): void {
    if (leads === holds()) return;
    leads = !leads;
    log(leads ? `${identity} leads` : `${identity} leads no more`);
    if (leads) onStarted();
    else onStopped();
  }

  async function round(): Promise<void> {
    const asked = clock.now();
    try {
      const found = await store.read();
      if (found?.version !== record?.version) seenAt = clock.now();
      record = found;
      const free = found === undefined || found.holder === "" || found.holder === identity;
      const expired = found !== undefined && clock.now() - seenAt >= Math.max(timing.lease, found.durationSeconds * 1000);
      if (!stopped && (free || expired)) {
        const written = await store.write(next(found), found);
        if (written !== undefined) {
          record = written;
          seenAt = clock.now();
          renewedAt = asked; // before the question: the lease may be as old as that
        }
      }
    } catch (cause) {
      if (leads) log(`the lease is not renewed: ${messageOf(cause)}`);
    }
    settle();
  }

  function next(found: LeaseRecord | undefined): Omit<LeaseRecord, "version"> {
    const transitions = (found?.transitions ?? 0) + (found !== undefined && found.holder !== identity ? 1 : 0);
    return { holder: identity, durationSeconds: Math.ceil(timing.lease / 1000), transitions };
  }

  function loop(): void {
    working = round().then(() => {
      if (stopped) return;
      // Also wakes when the deadline passes, so that `onStopped` is told in time.
      cancel = clock.after(timing.retryPeriod, loop);
    });
  }
  loop();

  return {
    isLeader: () => !stopped && leads && holds(),
    async stop() {
      stopped = true;
      cancel();
      await working;
      if (record?.holder !== identity) return;
      renewedAt = -Infinity;
      await store.write({ ...next(record), holder: "" }, record).catch(() => undefined); // it runs out by itself
      settle();
    },
  };
}
