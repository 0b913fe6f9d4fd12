// Statuses on their way to the API server. Level-triggered: for each object the last status wanted is remembered, and written when what the API
// server has differs, however often that takes. Only by the replica that leads; the others remember, and write when they lead.
// With a resourceVersion and not by server-side apply: `parents` is one atomic list that several controllers write to, so the last one to apply
// would take the others' entries away.

import { isDeepStrictEqual } from "node:util";
import { type ObjectKey, nameOf, namespaceOf } from "../../store/key.ts";
import type { Kind } from "../../store/kinds.ts";
import type { Store } from "../../store/store.ts";
import type { Clock } from "../clock.ts";
import type { StatusWriter } from "../status.ts";
import { createBackoff, type Backoff } from "./backoff.ts";
import { hasStatus, type KubernetesClient } from "./client.ts";
import { mergedStatus } from "./merged-status.ts";
import { type Cause, createPace, type Pace } from "./pace.ts";
import { apiResource, resourcePath } from "./resources.ts";
import { createTroubles } from "./troubles.ts";
import { createLanes } from "./write-lanes.ts";

export interface ClusterStatusOptions {
  readonly client: Pick<KubernetesClient, "call">;
  readonly store: Pick<Store, "get" | "seenStatus" | "seenVersion">;
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
  /** Begins no write any more; resolves when those under way have ended. */
  close(): Promise<void>;
}

interface Entry {
  readonly kind: Kind;
  readonly key: ObjectKey;
  wanted: unknown;
  state: "rest" | "waiting" | "writing";
  /** Why to look again when the write that is under way has ended. */
  again: Cause | undefined;
  /** What the API server answered last, until the source tells of it: it is newer than what was seen. */
  answered: Known | undefined;
  readonly pace: Pace;
  readonly backoff: Backoff;
}

interface Known {
  readonly version: string | undefined;
  readonly status: unknown;
}

/** What is there, and what should be. */
interface Change extends Known {
  readonly after: Readonly<Record<string, unknown>>;
}

const mostWrites = 16;
const callMs = 10_000;
const urgent = new Set<Kind>(["GatewayClass", "Gateway"]);

export function createClusterStatusWriter(options: ClusterStatusOptions): ClusterStatusWriter {
  const { store, controllerName, isLeader, clock, random = Math.random } = options;
  const calls = createStatusCalls(options);
  const entries = new Map<string, Entry>();
  const lanes = createLanes(clock, mostWrites);
  const troubles = createTroubles({ ...options, random, pause: lanes.pause });
  let idlers: (() => void)[] = [];
  let closed = false;

  /** What the API server has, as far as we know, and what it should have instead; undefined: that already. */
  function change({ kind, key, wanted, answered }: Entry): Change | undefined {
    const known = answered ?? { version: store.seenVersion(kind, key), status: store.seenStatus(kind, key) };
    const after = mergedStatus(known.status, wanted, controllerName);
    return isDeepStrictEqual(after, known.status ?? {}) ? undefined : { ...known, after };
  }

  function schedule(entry: Entry, cause: Cause, atLeastMs = 0): void {
    if (entry.state === "writing") entry.again = cause === "wanted" ? cause : (entry.again ?? cause);
    if (entry.state !== "rest") return;
    if (change(entry) === undefined) return settle(entry);
    if (closed || !isLeader()) return;
    entry.state = "waiting";
    const wait = Math.max(atLeastMs, entry.pace.next(cause));
    const enqueue = (): void => lanes.add(() => write(entry), urgent.has(entry.kind));
    if (wait === 0) enqueue();
    else clock.after(wait, enqueue);
  }

  /** An object without anything of ours is forgotten. */
  function settle(entry: Entry): void {
    if (entry.wanted === undefined) entries.delete(idOf(entry.kind, entry.key));
  }

  async function write(entry: Entry): Promise<void> {
    entry.state = "writing";
    let retryMs: number | undefined;
    try {
      const needed = change(entry);
      if (needed === undefined) settle(entry);
      else if (isLeader()) await put(entry, needed);
    } catch (error) {
      retryMs = recover(entry, error);
    }
    const { again } = entry;
    entry.again = undefined;
    entry.state = "rest";
    if (retryMs !== undefined) schedule(entry, again ?? "seen", retryMs);
    else if (again !== undefined) schedule(entry, again);
    rest();
  }

  async function put(entry: Entry, needed: Change): Promise<void> {
    const written = needed.version === undefined ? undefined : await calls.write(entry, needed).catch(unlessRaced);
    // Somebody was faster, or we do not know what to write over: look at what is there now.
    const { metadata, status } = written ?? (await calls.read(entry));
    troubles.over();
    entry.backoff.reset();
    entry.answered = { version: metadata.resourceVersion, status };
    if (written === undefined) return void (entry.again ??= "raced");
    entry.pace.wrote();
    options.onWritten?.(entry.kind, entry.key, { before: needed.status, after: status });
  }

  /** How long to wait; undefined: never mind. */
  function recover(entry: Entry, error: unknown): number | undefined {
    const { kind, key } = entry;
    if (!hasStatus(error, 404)) return troubles.met(`status of ${kind} ${key}`, error, entry.backoff);
    // An API server that has just started may not know of its kinds yet: an object is gone when the source says so too.
    if (store.seenVersion(kind, key) !== undefined) return entry.backoff.next();
    entries.delete(idOf(kind, key));
    return undefined;
  }

  function rest(): void {
    // Looked at by nobody, as a rule: there are as many entries as objects, and this is asked after each write.
    if (idlers.length === 0 || entries.values().some(({ state }) => state !== "rest")) return;
    for (const resolve of idlers.splice(0)) resolve();
  }

  return {
    async write(kind, key, status) {
      const id = idOf(kind, key);
      const entry = entries.get(id) ?? newEntry(kind, key, { clock, random });
      entry.wanted = status;
      entries.set(id, entry);
      schedule(entry, "wanted");
    },
    seen(kind, key) {
      const entry = entries.get(idOf(kind, key));
      if (entry === undefined) return;
      if (!isOlder(store.seenVersion(kind, key), entry.answered?.version)) entry.answered = undefined;
      schedule(entry, "seen");
    },
    resume() {
      for (const entry of entries.values()) {
        entry.answered = undefined;
        schedule(entry, "wanted");
      }
    },
    idle: () => new Promise((resolve) => (idlers.push(resolve), rest())),
    async close() {
      closed = true;
      await lanes.close();
    },
  };
}

function unlessRaced(error: unknown): undefined {
  if (!hasStatus(error, 409)) throw error;
}

interface Answer {
  readonly metadata: { readonly resourceVersion: string };
  readonly status?: unknown;
}

function createStatusCalls({ client: { call }, store }: Pick<ClusterStatusOptions, "client" | "store">) {
  /** In the version in which the object was read: the only one of which we know that it is served. */
  function pathOf({ kind, key }: Entry, subresource?: string): string {
    const { apiVersion = "" } = (store.get(kind, key) ?? {}) as { readonly apiVersion?: string };
    const resource = apiResource(apiVersion, kind);
    if (resource === undefined) throw new Error(`${kind} is no kind of the API`);
    const at = { namespace: namespaceOf(key), name: nameOf(key) };
    return resourcePath(resource, { ...at, ...(subresource !== undefined && { subresource }) });
  }
  return {
    read: async (entry: Entry) => (await call({ path: pathOf(entry), timeoutMs: callMs })) as Answer,
    write: async (entry: Entry, { status, version, after }: Change) =>
      (await call({
        method: "PATCH",
        patch: "merge",
        path: pathOf(entry, "status"),
        query: { fieldManager: "envoy-gateway-operator" },
        body: { metadata: { resourceVersion: version }, status: { ...nothingOf(status), ...after } },
        timeoutMs: callMs,
      })) as Answer,
  };
}

/** RFC 7386: null takes a field away. Below the fields of a status there are lists only, which a patch replaces. */
function nothingOf(status: unknown): Readonly<Record<string, null>> {
  return Object.fromEntries(Object.keys(status ?? {}).map((name) => [name, null]));
}

function newEntry(
  kind: Kind,
  key: ObjectKey,
  { clock, random }: { readonly clock: Clock; readonly random: () => number },
): Entry {
  const backoff = createBackoff({ firstMs: 200, longestMs: 10_000, random });
  return { kind, key, wanted: undefined, state: "rest", again: undefined, answered: undefined, pace: createPace(clock), backoff };
}

/** Resource versions are numbers that grow (KEP-5504); one that is not is taken for newer. */
function isOlder(version: string | undefined, than: string | undefined): boolean {
  if (version === undefined || than === undefined) return false;
  return /^\d+$/.test(version) && /^\d+$/.test(than) && BigInt(version) < BigInt(than);
}

function idOf(kind: Kind, key: ObjectKey): string {
  return `${kind} ${key}`;
}
