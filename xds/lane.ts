// One type on one stream: what was asked for, what is on its way, what was refused and what shall go. Owns that record and the questions
// one asks of it; what is sent when is the stream's business (xds/stream.ts).

import type { Resource, TypeUrl } from "./resource.ts";
import { heldVersion, type Subscription } from "./subscription.ts";
import { typeUrls } from "./type-urls.ts";

/** A response that the client has not answered yet. */
export interface Outstanding {
  readonly nonce: string;
  readonly updated: readonly Resource[];
  readonly removed: readonly string[];
  /** Names of `updated` that the client did not hold before. */
  readonly fresh: ReadonlySet<string>;
  /** When it was written, ms. */
  readonly since: number;
}

/** A name that the client holds and that has left the snapshot. */
export interface Removal {
  /** The snapshot version in which it was gone. */
  readonly goneIn: number;
  /** When it may be removed, ms; undefined until the client has acknowledged the routes of that snapshot. */
  readonly due: number | undefined;
}

export interface Lane {
  readonly typeUrl: TypeUrl;
  subscription: Subscription | undefined;
  /** In order of sending. One, except where acknowledgements are withheld for long (clusters) and for assignments that go with their clusters. */
  outstanding: readonly Outstanding[];
  /** Sets of names of refused responses, to be sent again, each by itself. */
  repairs: readonly (readonly string[])[];
  /** No repair before this moment, ms. */
  repairAt: number;
  readonly removals: Map<string, Removal>;
  /** Snapshot version whose changes are all written, except `waiting`. */
  written: number;
  /** Snapshot version whose changes are all written and answered. */
  settled: number;
  /** Resources that wait for a cluster. */
  waiting: readonly string[];
  /** Sent for the first time in a refused response, not yet sorted out. */
  readonly doubtful: Set<string>;
  /** Sent for the first time and warming on more than endpoints → when their clock runs out, ms. */
  readonly warming: Map<string, number>;
  /** Held back for what it awaits → until when, ms. */
  readonly held: Map<string, number>;
}

export function createLane(typeUrl: TypeUrl): Lane {
  return {
    typeUrl,
    subscription: undefined,
    outstanding: [],
    repairs: [],
    repairAt: 0,
    removals: new Map(),
    written: 0,
    settled: 0,
    waiting: [],
    doubtful: new Set(),
    warming: new Map(),
    held: new Map(),
  };
}

/** Envoy withholds the acknowledgements of all clusters while one warms (up to 15 s). This many responses may be on their way meanwhile. */
const mostUnanswered = 8;

/**
 * Whether another response may be written. One is on its way at a time: write() never refuses, so only the client's answers hold us back.
 * Clusters get a clock beside that, because one that warms must not keep back all the others.
 */
export function mayWrite(lane: Lane, now: number, warmingMs: number): boolean {
  const last = lane.outstanding.at(-1);
  if (last === undefined) return true;
  return lane.typeUrl === typeUrls.cluster && lane.outstanding.length < mostUnanswered && last.since + warmingMs <= now;
}

/** Snapshot versions start anew for a proxy that was withdrawn. */
export function forgetVersions(lane: Lane): void {
  lane.written = lane.settled = 0;
  lane.removals.clear();
}

/** Notes a response as sent; `before` is the subscription as it was when the client knew nothing of it. */
export function noteSent(lane: Lane, sent: Omit<Outstanding, "fresh">, before: Subscription | undefined): Outstanding {
  const isFresh = (name: string): boolean => before === undefined || !heldVersion(before, name);
  const fresh = new Set(sent.updated.map((resource) => resource.name).filter(isFresh));
  const noted = { ...sent, fresh };
  lane.outstanding = [...lane.outstanding, noted];
  for (const { name } of sent.updated) lane.held.delete(name);
  return noted;
}

/**
 * Takes the response with this nonce off the list, and those before it: a client answers in order. Undefined = the nonce is stale, which
 * says nothing about anything.
 */
export function takeAnswered(
  lane: Lane,
  nonce: string,
): { readonly answered: Outstanding; readonly earlier: readonly Outstanding[] } | undefined {
  const position = lane.outstanding.findIndex((response) => response.nonce === nonce);
  const answered = lane.outstanding[position];
  if (answered === undefined) return undefined;
  const earlier = lane.outstanding.slice(0, position);
  lane.outstanding = lane.outstanding.slice(position + 1);
  return { answered, earlier };
}

/** Everything in it is accepted. */
export function noteAccepted(lane: Lane, { updated }: Outstanding): void {
  for (const { name } of updated) {
    lane.doubtful.delete(name);
    lane.warming.delete(name);
  }
  forgetDoubts(lane);
}

/**
 * A refused response says that something in it is bad, not what; and what of it the client applied is unknown. Its names are sent again in
 * two halves, and so on, until the bad one stands alone: each set is smaller than the one it came from, so this ends.
 */
export function splitRefused(lane: Lane, { updated, removed, fresh }: Outstanding): void {
  const names = [...updated.map((resource) => resource.name), ...removed];
  const middle = Math.ceil(names.length / 2);
  lane.repairs = [names.slice(0, middle), names.slice(middle), ...lane.repairs];
  for (const name of fresh) lane.doubtful.add(name);
}

/** Once nothing is on its way and nothing to repair, no name is in doubt. */
export function forgetDoubts(lane: Lane): void {
  if (lane.outstanding.length === 0 && lane.repairs.length === 0) lane.doubtful.clear();
}

/**
 * Names whose grace is over. The grace of a name starts when the client has acknowledged the routes (`routed`: the snapshot version of those)
 * of the snapshot in which it was gone.
 */
export function dueRemovals(
  lane: Lane,
  at: { readonly routed: number; readonly now: number; readonly graceMs: number },
): readonly string[] {
  const ready: string[] = [];
  for (const [name, { goneIn, due }] of lane.removals) {
    if (due !== undefined && due <= at.now) ready.push(name);
    else if (due === undefined && at.routed >= goneIn) lane.removals.set(name, { goneIn, due: at.now + at.graceMs });
  }
  return ready;
}

/** The next moment at which something may become possible on one of these lanes although nothing happens. */
export function nextWake(lanes: Iterable<Lane>, now: number, warmingMs: number): number | undefined {
  const moments = [...lanes].flatMap((lane) => wakeMoments(lane, warmingMs)).filter((moment) => moment > now);
  return moments.length === 0 ? undefined : moments.reduce((least, moment) => Math.min(least, moment));
}

/** Of one lane; some may be past. */
function wakeMoments(lane: Lane, warmingMs: number): readonly number[] {
  const moments = [...lane.warming.values(), ...lane.held.values()];
  for (const { due } of lane.removals.values()) if (due !== undefined) moments.push(due);
  if (lane.repairs.length > 0) moments.push(lane.repairAt);
  const last = lane.outstanding.at(-1);
  if (last && lane.typeUrl === typeUrls.cluster) moments.push(last.since + warmingMs);
  return moments;
}

/** Whether the client has taken some version of this. */
export function acknowledged({ subscription, outstanding, doubtful }: Lane, name: string): boolean {
  if (subscription === undefined || heldVersion(subscription, name) === undefined || doubtful.has(name)) return false;
  return !outstanding.some(({ fresh }) => fresh.has(name));
}

/** Nothing is on its way, to be repaired or held back. */
export function isIdle(lane: Lane): boolean {
  return lane.outstanding.length === 0 && lane.repairs.length === 0 && lane.waiting.length === 0;
}
