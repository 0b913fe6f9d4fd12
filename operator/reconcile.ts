// The effect loop: after a flush, makes infrastructure what the reconcilers say it should be. One owner at a time does one thing at a time;
// a failed one is tried again. Status has a loop of its own (status.ts).

import { reconcilers } from "../reconcilers/index.ts";
import type { OwnedObject } from "../reconcilers/reconciler.ts";
import type { ObjectKey } from "../store/key.ts";
import type { Store } from "../store/store.ts";
import { systemClock, type Clock } from "./clock.ts";
import { messageOf } from "./host/folder.ts";
import type { Infrastructure } from "./infrastructure.ts";

const retryMs = 5_000;
const nothing: readonly OwnedObject[] = [];

export interface OwnedLoop {
  /** Looks again at what every owner calls for. Not before the first sync: who is not there then has been deleted. */
  wake(): void;
  /** What was made for this owner may be gone or changed by somebody else: makes it again. */
  again(owner: ObjectKey): void;
  /** Stops looking, and resolves when nothing is under way. */
  close(): Promise<void>;
}

export interface OwnedLoopOptions {
  readonly store: Store;
  readonly infrastructure: Infrastructure;
  /** Whether the writes are ours to make now (a replica that does not lead makes none). Default: always. */
  readonly writes?: () => boolean;
  readonly complain: (message: string) => void;
  readonly clock?: Clock;
}

interface Owner {
  readonly key: ObjectKey;
  wanted: readonly OwnedObject[];
  /** What infrastructure has made exist; undefined: not known, it failed. */
  done: readonly OwnedObject[] | undefined;
  work: Promise<void> | undefined;
  /** What was complained of last, so that it is said once. */
  complaint?: string;
}

export function createOwnedLoop(options: OwnedLoopOptions): OwnedLoop {
  const { store, infrastructure, writes = () => true, complain, clock = systemClock } = options;
  const makers = reconcilers.filter((reconciler) => reconciler.owned !== undefined);
  const owners = new Map<string, Owner>();
  let closed = false;
  let cancelRetry = (): void => undefined;
  let leads = false;

  /** Applies until what is done is what is wanted; what comes meanwhile is taken up when the present work has ended. */
  async function pursue(id: string, owner: Owner): Promise<void> {
    while (!closed && writes() && owner.done !== owner.wanted) {
      const { wanted } = owner;
      try {
        owner.done = wanted; // before: what disturbs it meanwhile makes it undefined again
        await infrastructure.apply(owner.key, wanted);
        delete owner.complaint;
      } catch (cause) {
        owner.done = undefined;
        const complaint = `${id}: ${messageOf(cause)}`;
        if (owner.complaint !== complaint) complain(complaint);
        owner.complaint = complaint;
        retryLater();
        break;
      }
    }
    owner.work = undefined;
    if (owner.done === nothing && owner.wanted === nothing) owners.delete(id);
  }

  function retryLater(): void {
    cancelRetry();
    cancelRetry = clock.after(retryMs, wake);
  }

  /** We write from now on: what others did before is not known. */
  function begin(): void {
    leads = true;
    for (const owner of owners.values()) owner.done = undefined;
    void inherit();
  }

  /** Owners that went while no process of ours was there to see it. */
  async function inherit(): Promise<void> {
    try {
      for (const key of await infrastructure.leftBehind()) {
        const id = idOf(key);
        if (!owners.has(id)) owners.set(id, { key, wanted: nothing, done: undefined, work: undefined });
      }
    } catch (cause) {
      if (closed) return;
      leads = false;
      complain(`what is left of an earlier process: ${messageOf(cause)}`);
      return retryLater();
    }
    wake();
  }

  function want(id: string, key: ObjectKey, wanted: readonly OwnedObject[]): void {
    const owner = owners.get(id) ?? { key, wanted: nothing, done: nothing, work: undefined };
    // Identity is sameness: the query gives the old list back when nothing has changed. All empty lists are alike.
    owner.wanted = wanted.length === 0 ? nothing : wanted;
    if (owner.done === owner.wanted || owner.work !== undefined) return;
    owners.set(id, owner);
    owner.work = pursue(id, owner);
  }

  function wake(): void {
    if (closed) return;
    if (!writes()) return void (leads = false);
    if (!leads) begin();
    const seen = new Set<string>();
    for (const reconciler of makers) {
      for (const key of store.keys(reconciler.kind)) {
        const id = `${reconciler.kind} ${key}`;
        seen.add(id);
        const objects = reconciler.owned?.(store, key);
        if (objects !== undefined) want(id, key, objects); // undefined: leave what runs as it is
      }
    }
    for (const [id, { key }] of owners) if (!seen.has(id)) want(id, key, nothing);
  }

  return {
    wake,
    again(key) {
      const owner = owners.get(idOf(key));
      if (owner === undefined) return;
      owner.done = undefined;
      wake();
    },
    async close() {
      closed = true;
      cancelRetry();
      await Promise.all([...owners.values()].flatMap(({ work }) => work ?? []));
    },
  };
}

/** Gateways and the classes that merge theirs own objects. */
function idOf(key: ObjectKey): string {
  return `${key.startsWith("/") ? "GatewayClass" : "Gateway"} ${key}`;
}
