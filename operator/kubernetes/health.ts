// Whether a replica knows enough to serve, and whether it still hears from the API server: /readyz and /healthz.

import type { Clock } from "../clock.ts";
import { newReflectorState, type ReflectorState } from "./reflector.ts";

export interface Health {
  /** By what is watched: "HTTPRoute", "Service team-a". Filled in by the source. */
  readonly reflectors: Map<string, ReflectorState>;
  /** One more. */
  follow(what: string): ReflectorState;
  /** Something else that must be known before the first batch; `what` names it, and what is in its way. */
  waitFor(what: () => string, known: Promise<unknown>): void;
  /** Resolves when all of that is known; rejects when it never will be. */
  ready(): Promise<void>;
  /** A batch was published: the first one holds everything. */
  flushed(): void;
  /** The xDS server answers. */
  listening(): void;
  readonly synced: Promise<void>;
  isSynced(): boolean;
  /** What is waited for before proxies are served, one sentence each; nothing: they are. */
  waits(): readonly string[];
  /**
   * False when the API server has said nothing of a kind for ten minutes, though it speaks of others: a new process may fare better. While it says
   * nothing at all it would not, and would be kept from starting for minutes after the API server is back. */
  isLive(): boolean;
  /** What is in the way at present, one sentence each. */
  problems(): readonly string[];
}

const deafMs = 600_000;

export function createHealth(clock: Clock): Health {
  const reflectors = new Map<string, ReflectorState>();
  const known: Promise<unknown>[] = [];
  const missing = new Set<() => string>();
  let synced = false;
  let listening = false;
  let tell = (): void => undefined;
  const promise = new Promise<void>((resolve) => (tell = resolve));
  const isDeaf = ({ problem, heardAt }: ReflectorState): boolean => problem !== undefined && clock.now() - heardAt >= deafMs;

  function waits(): readonly string[] {
    const unlisted = [...reflectors].flatMap(([name, { synced: listed, problem }]) =>
      listed ? [] : [problem === undefined ? `the list of ${name}` : `the list of ${name}: ${problem}`],
    );
    const all = [...[...missing].map((what) => what()), ...unlisted];
    if (all.length === 0 && !synced) all.push("the first batch");
    if (all.length === 0 && !listening) all.push("the port of the xDS server");
    return synced && listening ? [] : all;
  }

  return {
    reflectors,
    follow(what) {
      const state = newReflectorState(clock);
      reflectors.set(what, state);
      return state;
    },
    waitFor(what, wait) {
      missing.add(what);
      known.push(wait);
      wait.then(
        () => missing.delete(what),
        () => undefined, // ready() says so
      );
    },
    ready: async () => void (await Promise.all(known)),
    flushed() {
      synced = true;
      tell();
    },
    listening: () => void (listening = true),
    synced: promise,
    isSynced: () => synced,
    waits,
    isLive: () => reflectors.values().every((state) => !isDeaf(state)) || reflectors.values().every(isDeaf),
    problems: () => [...reflectors].flatMap(([name, { problem }]) => (problem === undefined ? [] : [`${name}: ${problem}`])),
  };
}
