// One kind of object, followed for ever: a paginated list, then a watch from there, and again from the beginning when the API server no longer
// knows where we were. Never gives up, never ends by itself. Says what there is and what changed; knows no meaning.

import type { Clock } from "../clock.ts";
import { messageOf } from "../host/folder.ts";
import { createBackoff } from "./backoff.ts";
import { createChannel } from "./channel.ts";
import { differences, type ObjectEvent, remembered, type Remembered } from "./api-object.ts";
import { ApiError, hasStatus } from "./client.ts";
import { list, type Place, preferredServed, SilentWatch, type Subject, watch } from "./list-watch.ts";
import { pause } from "./object-calls.ts";

/** How it goes with one kind, for metrics and health. */
export interface ReflectorState {
  synced: boolean;
  /** The API server does not serve the kind (its CRD is not installed). */
  absent: boolean;
  /** What is in the way at present. */
  problem: string | undefined;
  /** Those that we know of. */
  objects: number;
  /** Clock milliseconds of the last word from the API server. */
  heardAt: number;
  /** Where we are in the history of the kind. */
  resourceVersion: string | undefined;
  /** Lists that succeeded, and watches that began. */
  relists: number;
  restarts: number;
}

export interface ReflectorOptions extends Subject {
  readonly clock: Clock;
  readonly random?: () => number;
  readonly timing?: Partial<ReflectorTiming>;
  readonly log: (message: string) => void;
  readonly state?: ReflectorState;
}

/** All in milliseconds. */
export interface ReflectorTiming {
  /** A watch that says nothing for so long, not even a bookmark (about once a minute), is dead. */
  readonly silence: number;
  /** The API server ends a watch after this, and up to as long again. */
  readonly watch: number;
  /** Between two looks whether a kind is served. */
  readonly absent: number;
  readonly firstRetry: number;
  readonly longestRetry: number;
}

const defaultTiming: ReflectorTiming = { silence: 100_000, watch: 300_000, absent: 3000, firstRetry: 800, longestRetry: 10_000 };

export function newReflectorState(clock: Clock): ReflectorState {
  return {
    synced: false,
    absent: false,
    problem: undefined,
    objects: 0,
    heardAt: clock.now(),
    resourceVersion: undefined,
    relists: 0,
    restarts: 0,
  };
}

/** Until the signal aborts. */
export async function* reflect(options: ReflectorOptions, signal: AbortSignal): AsyncGenerator<ObjectEvent, void, void> {
  const { clock, log, random = Math.random, state = newReflectorState(options.clock) } = options;
  const timing = { ...defaultTiming, ...options.timing };
  const backoff = createBackoff({ firstMs: timing.firstRetry, longestMs: timing.longestRetry, random });
  const memory = new Map<string, Remembered>();
  const what = options.resources[0]?.plural ?? "";
  let place: Place | undefined;
  /** The last look found no version of the kind. */
  let missed = false;
  let told: string | undefined;

  const recovered = (): void => {
    if (told !== undefined) log(`${what} can be read again`);
    told = undefined;
    backoff.reset();
  };

  const betweenWatches = (): number => timing.firstRetry * random() * 0.25;

  /** What to do about an error, and how long to wait before. */
  const recover = (error: unknown): number => {
    // Whether anything is wrong, the next one tells.
    if (error instanceof SilentWatch) return betweenWatches();
    state.problem = messageOf(error);
    if (error instanceof ApiError) state.heardAt = clock.now();
    // 410: nobody remembers where we were. 404: the kind itself went away. 400 and 504: the history is another one (data came from a backup).
    if (hasStatus(error, 400, 404, 410, 504)) {
      place = undefined;
      return backoff.next();
    }
    const kind = hasStatus(error, 401, 403) ? `we may not read ${what}` : `${what} cannot be read at present`;
    if (told !== kind) log(`${kind}: ${state.problem}`);
    told = kind;
    const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    // Also 403 is tried again soon at first: an API server that has just started knows of no roles yet, and refuses everybody.
    return Math.max(asked, backoff.next());
  };

  const breathe = breather(clock);
  while (!signal.aborted) {
    let begunAt: number | undefined;
    try {
      // A new version of a CRD ends the watches of the old ones, also of those that stay.
      if (place !== undefined && (await preferredServed(options, place, signal))) place = undefined;
      if (place === undefined) {
        const listed = await list(options, signal);
        if (listed === undefined && !state.absent) {
          // Something in between may answer 404 to everything; a kind is absent only when an API server says so.
          await options.client.call({ path: "/version", signal });
          // And says so twice: while a CRD is replaced, one of several API servers may not serve the new version yet, and another no more the old one.
          if (memory.size > 0 && !missed) {
            missed = true;
            await pause(clock, timing.firstRetry, signal);
            continue;
          }
        }
        missed = listed === undefined;
        state.absent = listed === undefined;
        state.heardAt = clock.now();
        state.problem = undefined;
        for (const event of differences(memory, listed?.objects ?? [])) {
          state.objects = memory.size;
          yield event;
          // Not between a deletion and what may take its place.
          if (event.type === "applied") await breathe();
        }
        if (!state.synced) {
          state.synced = true;
          yield { type: "synced" };
        }
        if (listed === undefined) {
          recovered();
          await pause(clock, timing.absent * (1 + random()), signal);
          continue;
        }
        state.relists++;
        place = listed.place;
        state.resourceVersion = place.resourceVersion;
      }
      const seconds = Math.ceil((timing.watch / 1000) * (1 + random()));
      const began = clock.now();
      let lines = 0;
      const onBegun = (): void => {
        begunAt = clock.now();
        state.restarts++;
        state.problem = undefined;
      };
      const onHeard = (): void => void (state.heardAt = clock.now());
      const watching = { clock, seconds, silenceMs: timing.silence, onBegun, onHeard, signal };
      for await (const event of watch(options, place, watching)) {
        if (lines++ === 0) recovered();
        state.resourceVersion = place.resourceVersion;
        if (event.type === "bookmark") continue;
        yield* remembered(memory, event);
        state.objects = memory.size;
        await breathe();
      }
      if (lines === 0 && clock.now() - began < shortestWatchMs) throw new Error(`the watch of ${what} ended at once`);
      recovered();
      // It has ended as it should: on from where we are.
      await pause(clock, betweenWatches(), signal);
    } catch (error) {
      // Nothing need happen to a kind for minutes: that a watch has lasted also shows that all was well.
      if (begunAt !== undefined && clock.now() - begunAt >= steadyMs) backoff.reset();
      if (!signal.aborted) await pause(clock, recover(error), signal);
    }
  }
}

/** The API server ends none so soon; something in between does. */
const shortestWatchMs = 1000;
/** A watch that has lasted so long was a good one, even if it said nothing. */
const steadyMs = 5000;
const sliceMs = 5;

/** Awaited between pieces of work, leaves time for other work now and then. */
function breather(clock: Clock): () => Promise<void> {
  let since = clock.now();
  return async () => {
    if (clock.now() - since < sliceMs) return;
    await new Promise(setImmediate);
    since = clock.now();
  };
}

/** The same in several namespaces, as one; undefined: everywhere. */
export function reflectIn(
  namespaces: readonly string[] | undefined,
  options: Omit<ReflectorOptions, "namespace" | "state"> & { readonly stateOf: (namespace?: string) => ReflectorState },
  signal: AbortSignal,
): AsyncIterable<ObjectEvent> {
  if (namespaces === undefined) return reflect({ ...options, state: options.stateOf() }, signal);
  const channel = createChannel<ObjectEvent>();
  let unsynced = namespaces.length;
  for (const namespace of namespaces) {
    void (async () => {
      for await (const event of reflect({ ...options, namespace, state: options.stateOf(namespace) }, signal)) {
        if (event.type !== "synced" || --unsynced === 0) channel.push(event);
      }
    })();
  }
  signal.addEventListener("abort", () => channel.close());
  return channel;
}
