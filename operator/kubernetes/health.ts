// Whether a replica knows enough to serve, and whether it still hears from the API server: /readyz and /healthz.

import type { Clock } from "../clock.ts";
import type { ReflectorState } from "./reflector.ts";

export interface Health {
  /** Filled in by the source. */
  readonly reflectors: Map<string, ReflectorState>;
  /** Something else that must be known before the first batch. */
  waitFor(known: Promise<unknown>): void;
  /** Resolves when all of that is known. */
  ready(): Promise<void>;
  /** A batch was published: the first one holds everything. */
  flushed(): void;
  /** The xDS server answers. */
  listening(): void;
  readonly synced: Promise<void>;
  isSynced(): boolean;
  isReady(): boolean;
  /** False when a kind could not be read for ten minutes: a new process may fare better. */
  isLive(): boolean;
  /** What is in the way at present, one sentence each. */
  problems(): readonly string[];
}

const deafMs = 600_000;

export function createHealth(clock: Clock): Health {
  const reflectors = new Map<string, ReflectorState>();
  const waits: Promise<unknown>[] = [];
  let synced = false;
  let listening = false;
  let tell = (): void => undefined;
  const promise = new Promise<void>((resolve) => (tell = resolve));
  return {
    reflectors,
    waitFor: (known) => void waits.push(known),
    ready: async () => void (await Promise.all(waits)),
    flushed() {
      synced = true;
      tell();
    },
    listening: () => void (listening = true),
    synced: promise,
    isSynced: () => synced,
    isReady: () => synced && listening,
    isLive: () => reflectors.values().every(({ problem, heardAt }) => problem === undefined || clock.now() - heardAt < deafMs),
    problems: () => [...reflectors].flatMap(([name, { problem }]) => (problem === undefined ? [] : [`${name}: ${problem}`])),
  };
}
