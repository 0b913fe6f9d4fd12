// Statuses on their way to the API server. Level-triggered: for each object the last status wanted is remembered, and written when what the API
// server has differs, however often that takes. Only by the replica that leads; the others remember, and write when they lead.
// With a resourceVersion and not by server-side apply: `parents` is one atomic list that several controllers write to, so the last one to apply
// would take the others' entries away.

import { isDeepStrictEqual } from "node:util";
import { kindDefinition } from "../../api/kinds.ts";
import { type ObjectKey, nameOf, namespaceOf } from "../../store/key.ts";
import type { Kind } from "../../store/kinds.ts";
import type { Store } from "../../store/store.ts";
import type { Clock } from "../clock.ts";
import { messageOf } from "../host/folder.ts";
import type { StatusWriter } from "../status.ts";
import { createBackoff, type Backoff } from "./backoff.ts";
import { hasStatus, type KubernetesClient } from "./client.ts";
import { mergedStatus } from "./merged-status.ts";
import { resourceOf, resourcePath } from "./resources.ts";

export interface ClusterStatusOptions {
  readonly client: Pick<KubernetesClient, "call">;
  readonly store: Pick<Store, "seenStatus" | "seenVersion">;
  readonly controllerName: string;
  readonly isLeader: () => boolean;
  readonly clock: Clock;
  readonly random?: () => number;
  readonly log: (message: string) => void;
  /** A status was written over another one. */
  readonly onWritten?: (kind: Kind, key: ObjectKey, statuses: { readonly before: unknown; readonly after: unknown }) => void;
}

export interface ClusterStatusWriter extends StatusWriter {
  seen(kind: Kind, key: ObjectKey): void;
  /** We lead from now on: whatever differs is written. */
  resume(): void;
  /** Resolves when nothing waits or is under way. */
  idle(): Promise<void>;
  close(): void;
}

interface Entry {
  readonly kind: Kind;
  readonly key: ObjectKey;
  wanted: unknown;
  /** Asked for while a write was under way. */
  again: boolean;
  state: "rest" | "waiting" | "writing";
  /** Milliseconds; grows while the status keeps changing, so that a Gateway is not written for each of a thousand routes. */
  delay: number;
  wroteAt: number;
  /** What our last write made of it, until the source tells of it: it is newer than what was seen. */
  written: { readonly version: string; readonly status: unknown } | undefined;
  readonly backoff: Backoff;
}

const mostWrites = 16;
const calmMs = 1000;
const firstDelayMs = 50;

export function createClusterStatusWriter(options: ClusterStatusOptions): ClusterStatusWriter {
  const { client, store, controllerName, isLeader, clock, random = Math.random, log } = options;
  const entries = new Map<string, Entry>();
  const due: Entry[] = [];
  let writing = 0;
  let closed = false;
  let idlers: (() => void)[] = [];

  function wanted(
    entry: Entry,
  ): { readonly status: unknown; readonly before: unknown; readonly version: string | undefined } | undefined {
    const before = entry.written?.status ?? store.seenStatus(entry.kind, entry.key);
    const version = entry.written?.version ?? store.seenVersion(entry.kind, entry.key);
    const status = mergedStatus(before, entry.wanted, controllerName);
    return isDeepStrictEqual(status, before ?? {}) ? undefined : { status, before, version };
  }

  function schedule(entry: Entry, atLeastMs = 0): void {
    if (closed || !isLeader()) return;
    if (entry.state === "writing") entry.again = true;
    if (entry.state !== "rest") return;
    if (wanted(entry) === undefined) return settle(entry);
    const rested = clock.now() - entry.wroteAt >= calmMs;
    entry.delay = rested ? 0 : Math.min(calmMs, Math.max(firstDelayMs, entry.delay * 2));
    entry.state = "waiting";
    const wait = Math.max(atLeastMs, entry.delay);
    if (wait === 0) enqueue(entry);
    else clock.after(wait, () => enqueue(entry));
  }

  /** An object without anything of ours is forgotten. */
  function settle(entry: Entry): void {
    if (entry.wanted === undefined) entries.delete(idOf(entry.kind, entry.key));
  }

  function enqueue(entry: Entry): void {
    due.push(entry);
    pump();
  }

  function pump(): void {
    while (writing < mostWrites && due.length > 0) {
      writing++;
      void write(due.shift()!).finally(() => {
        writing--;
        pump();
      });
    }
    if (writing > 0 || due.length > 0 || entries.values().some(({ state }) => state !== "rest")) return;
    for (const resolve of idlers.splice(0)) resolve();
  }

  async function write(entry: Entry): Promise<void> {
    entry.state = "writing";
    let retryMs: number | undefined;
    try {
      const change = closed || !isLeader() ? undefined : wanted(entry);
      if (change !== undefined) await put(entry, change);
      entry.backoff.reset();
    } catch (error) {
      retryMs = await recover(entry, error);
    }
    entry.state = "rest";
    const again = entry.again;
    entry.again = false;
    if (retryMs !== undefined) schedule(entry, retryMs);
    else if (again) schedule(entry);
  }

  async function put(entry: Entry, { status, before, version }: NonNullable<ReturnType<typeof wanted>>): Promise<void> {
    const body = { metadata: { ...(version !== undefined && { resourceVersion: version }) }, status };
    const query = { fieldManager: "envoy-gateway-operator" };
    const answer = (await client.call({
      method: "PATCH",
      patch: "merge",
      path: `${pathOf(entry)}/status`,
      query,
      body,
    })) as Answer;
    entry.wroteAt = clock.now();
    entry.written = { version: answer.metadata.resourceVersion, status: answer.status };
    options.onWritten?.(entry.kind, entry.key, { before, after: answer.status });
  }

  /** How long to wait; undefined: never mind. */
  async function recover(entry: Entry, error: unknown): Promise<number | undefined> {
    const { kind, key } = entry;
    if (hasStatus(error, 404)) {
      // Gone. Should it come back, it has a generation of its own and is asked for again.
      entries.delete(idOf(kind, key));
      return undefined;
    }
    if (hasStatus(error, 409)) {
      // Somebody was faster: look at what is there now.
      const answer = await client.call({ path: pathOf(entry) }).catch(() => undefined);
      if (answer !== undefined) {
        const { metadata, status } = answer as Answer;
        entry.written = { version: metadata.resourceVersion, status };
        return 0;
      }
    }
    const wait = Math.max(entry.backoff.next(), hasStatus(error, 429, 503) ? (error.retryAfterMs ?? 0) : 0);
    if (!hasStatus(error, 409)) log(`status of ${kind} ${key} is not written yet: ${messageOf(error)}`);
    return wait;
  }

  return {
    async write(kind, key, status) {
      const id = idOf(kind, key);
      const entry = entries.get(id) ?? newEntry(kind, key, random);
      entry.wanted = status;
      entries.set(id, entry);
      schedule(entry);
    },
    seen(kind, key) {
      const entry = entries.get(idOf(kind, key));
      if (entry === undefined) return;
      if (entry.written !== undefined && !isOlder(store.seenVersion(kind, key), entry.written.version)) entry.written = undefined;
      schedule(entry);
    },
    resume() {
      for (const entry of entries.values()) {
        entry.written = undefined;
        schedule(entry);
      }
    },
    idle: () =>
      new Promise((resolve) => {
        idlers.push(resolve);
        pump();
      }),
    close() {
      closed = true;
      due.length = 0;
    },
  };
}

interface Answer {
  readonly metadata: { readonly resourceVersion: string };
  readonly status?: unknown;
}

function newEntry(kind: Kind, key: ObjectKey, random: () => number): Entry {
  const backoff = createBackoff({ firstMs: 200, longestMs: 30_000, random });
  return { kind, key, wanted: undefined, again: false, state: "rest", delay: 0, wroteAt: -Infinity, written: undefined, backoff };
}

/** Resource versions are numbers that grow (KEP-5504); one that is not is taken for newer. */
function isOlder(version: string | undefined, than: string): boolean {
  return version !== undefined && /^\d+$/.test(version) && /^\d+$/.test(than) && BigInt(version) < BigInt(than);
}

function idOf(kind: Kind, key: ObjectKey): string {
  return `${kind} ${key}`;
}

function pathOf({ kind, key }: Entry): string {
  const definition = kindDefinition(kind);
  if (definition === undefined) throw new Error(`${kind} is no kind of the API`);
  return resourcePath(resourceOf(definition), { namespace: namespaceOf(key), name: nameOf(key) });
}
