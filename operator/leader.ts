// Who writes: one replica at a time, by a lease that it must renew. Time is our own clock's only: of the record of another replica we believe that
// it changed, never when. Does not know where the lease is kept.

import type { WallClock } from "./clock.ts";
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
  readonly clock: WallClock;
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
  let renewedAt: Moment | undefined;
  let leads = false;
  let stopped = false;
  let cancel = (): void => undefined;
  let working: Promise<void> = Promise.resolve();

  const holds = (): boolean => renewedAt !== undefined && since(renewedAt, clock) < timing.renewDeadline;

  function settle(): void {
    if (leads === holds()) return;
    leads = !leads;
    log(leads ? `${identity} leads` : `${identity} leads no more`);
    if (leads) onStarted();
    else onStopped();
  }

  function saw(found: LeaseRecord | undefined): void {
    if (found?.version !== record?.version) seenAt = clock.now();
    record = found;
  }

  /** Takes or renews the lease, unless somebody else has written it. */
  async function write(): Promise<boolean> {
    const asked = momentOf(clock); // before the question: the lease may be as old as that
    const written = await store.write(next(record), record);
    if (written === undefined) return false;
    saw(written);
    settle(); // a lease that has run out meanwhile is lost first, and then won again: what was not written in between is looked at again
    renewedAt = asked;
    return true;
  }

  async function round(): Promise<void> {
    try {
      // Whose lease is ours knows the record already.
      if (holds() && record?.holder === identity && (await write())) return;
      saw(await store.read());
      const free = record === undefined || record.holder === "" || record.holder === identity;
      const expired = record !== undefined && clock.now() - seenAt >= Math.max(timing.lease, record.durationSeconds * 1000);
      if (!stopped && (free || expired)) await write();
    } catch (cause) {
      if (leads) log(`the lease is not renewed: ${messageOf(cause)}`);
    } finally {
      settle();
    }
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
      renewedAt = undefined;
      settle();
      try {
        // Twice: the answer to our last write may have been lost.
        for (let attempt = 0; attempt < 2 && record?.holder === identity; attempt++)
          record = (await store.write({ ...next(record), holder: "" }, record)) ?? (await store.read());
      } catch (cause) {
        log(`the lease is not given back and runs out by itself: ${messageOf(cause)}`);
      }
    },
  };
}

interface Moment {
  readonly now: number;
  readonly today: number;
}

function momentOf(clock: WallClock): Moment {
  return { now: clock.now(), today: clock.today().getTime() };
}

/**
 * Milliseconds, by clock or calendar, whichever says more: the clock stands still while a machine sleeps. For our own lease only, which is lost
 * too early rather than too late; when others have lost theirs the clock alone says, because a calendar may be set forward.
 */
function since({ now, today }: Moment, clock: WallClock): number {
  return Math.max(clock.now() - now, clock.today().getTime() - today);
}
