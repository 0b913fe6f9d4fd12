// Secrets and ConfigMaps: a cluster has thousands, and few concern us. Only their metadata is watched; the contents of those that some query has
// asked for are fetched, before what asked for them is published, and again whenever they change.

import type { Change } from "../../store/db.ts";
import { keyOf, type ObjectKey, nameOf, namespaceOf } from "../../store/key.ts";
import type { Store } from "../../store/store.ts";
import type { Clock } from "../clock.ts";
import { messageOf } from "../host/folder.ts";
import { createBackoff } from "./backoff.ts";
import { ApiError, hasStatus, type KubernetesClient } from "./client.ts";
import { gone, judged } from "./judged.ts";
import type { ApiObject, ObjectEvent } from "./api-object.ts";
import { pause } from "./object-calls.ts";
import { type ApiResource, resourcePath } from "./resources.ts";

/** Kinds of which only what is asked for is read. */
export const referencedKinds = ["Secret", "ConfigMap"] as const;
export type ReferencedKind = (typeof referencedKinds)[number];

const resources: Readonly<Record<ReferencedKind, ApiResource>> = {
  Secret: { apiVersion: "v1", kind: "Secret", plural: "secrets", namespaced: true },
  ConfigMap: { apiVersion: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true },
};

export interface ReferencesOptions {
  readonly client: Pick<KubernetesClient, "call">;
  readonly clock: Clock;
  /** For what was fetched later than anyone waited for. */
  readonly push: (change: Change) => void;
  readonly log: (message: string) => void;
  /** Nothing is fetched after it. */
  readonly signal: AbortSignal;
  readonly random?: () => number;
}

export interface References {
  /** What the watch of metadata tells. */
  heard(kind: ReferencedKind, event: ObjectEvent): void;
  /**
   * What queries of the store have asked for and was not there: fetched, as changes. Waits for the API server, but after the
   * first time not for long. */
  complete(store: Pick<Store, "asked">): Promise<readonly Change[]>;
}

interface Held {
  /** resourceVersion of what the store has, or is about to have. */
  version: string | undefined;
  /** It is being fetched. */
  busy: boolean;
  /** It changed while it was being fetched. */
  stale: boolean;
}

function unknown(): Held {
  return { version: undefined, busy: false, stale: false };
}

const waitMs = 2000;
const firstRetryMs = 500;
const longestRetryMs = 5000;
/** What we may not read we are not likely to be allowed to soon. */
const forbiddenMs = 10_000;

export function createReferences(options: ReferencesOptions): References {
  const { client, clock, push, log, signal, random = Math.random } = options;
  const tables = Object.fromEntries(
    referencedKinds.map((kind) => [kind, { exists: new Map<ObjectKey, string>(), held: new Map<ObjectKey, Held>() }]),
  ) as Record<ReferencedKind, { exists: Map<ObjectKey, string>; held: Map<ObjectKey, Held> }>;

  /** The object as it is now. Undefined: we may not read it, or nobody wants it any more. Tries until it knows. */
  async function attempts(kind: ReferencedKind, key: ObjectKey, entry: Held): Promise<Change | undefined> {
    const { held } = tables[kind];
    const path = resourcePath(resources[kind], { namespace: namespaceOf(key), name: nameOf(key) });
    const backoff = createBackoff({ firstMs: firstRetryMs, longestMs: longestRetryMs, random });
    let told = false;
    while (held.get(key) === entry && !signal.aborted) {
      try {
        const object = (await client.call({ path, signal })) as ApiObject;
        if (held.get(key) !== entry) return undefined;
        entry.version = object.metadata.resourceVersion;
        return judged(kind, object, log);
      } catch (error) {
        if (held.get(key) !== entry || signal.aborted) return undefined;
        if (hasStatus(error, 404)) {
          held.delete(key);
          return gone(kind, key);
        }
        if (!told) log(`${kind} ${key} cannot be read at present: ${messageOf(error)}`);
        told = true;
        if (hasStatus(error, 403)) {
          clock.after(forbiddenMs, () => void fetchLater(kind, key, entry));
          return undefined;
        }
        const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
        await pause(clock, Math.max(asked, backoff.next()), signal);
      }
    }
    return undefined;
  }

  /** One at a time for each key: of two answers the older might come last. */
  async function fetched(kind: ReferencedKind, key: ObjectKey, entry: Held): Promise<Change | undefined> {
    entry.busy = true;
    entry.stale = false;
    const change = await attempts(kind, key, entry);
    entry.busy = false;
    if (entry.stale && tables[kind].exists.get(key) !== entry.version) void fetchLater(kind, key, entry);
    return change;
  }

  async function fetchLater(kind: ReferencedKind, key: ObjectKey, entry: Held): Promise<void> {
    if (entry.busy || tables[kind].held.get(key) !== entry) return;
    const change = await fetched(kind, key, entry);
    if (change !== undefined) push(change);
  }

  /** Asked for, existing, and not held yet: held from now on. */
  function missing(kind: ReferencedKind, asked: ReadonlySet<ObjectKey>): readonly (readonly [ObjectKey, Held])[] {
    const { exists, held } = tables[kind];
    const found = [...asked].filter((key) => exists.has(key) && !held.has(key)).map((key) => [key, unknown()] as const);
    for (const [key, entry] of found) held.set(key, entry);
    return found;
  }

  /** Held, and asked for no more: the store need not keep it. */
  function dropped(kind: ReferencedKind, asked: ReadonlySet<ObjectKey>): readonly Change[] {
    const { held } = tables[kind];
    const keys = [...held.keys()].filter((key) => !asked.has(key));
    for (const key of keys) held.delete(key);
    return keys.map((key) => gone(kind, key));
  }

  let asking: Pick<Store, "asked"> | undefined;
  /** Once nothing was missing. Before, nothing is published half-known, however long it takes. */
  let complete = false;

  return {
    heard(kind, event) {
      if (event.type === "synced") return;
      const { exists, held } = tables[kind];
      const key = keyOf(event.object);
      if (event.type === "deleted") {
        exists.delete(key);
        if (held.delete(key)) push(gone(kind, key));
        return;
      }
      const version = event.object.metadata.resourceVersion ?? "";
      exists.set(key, version);
      if (!held.has(key) && asking?.asked(kind).includes(key) === true) held.set(key, unknown());
      const entry = held.get(key);
      if (entry === undefined || entry.version === version) return;
      if (entry.busy) entry.stale = true;
      else void fetchLater(kind, key, entry);
    },
    async complete(store) {
      asking = store;
      const changes: Change[] = [];
      const waits: Promise<Change | undefined>[] = [];
      for (const kind of referencedKinds) {
        const asked = new Set(store.asked(kind));
        changes.push(...dropped(kind, asked));
        waits.push(...missing(kind, asked).map(([key, entry]) => fetched(kind, key, entry)));
      }
      if (waits.length === 0) {
        complete = true;
        return changes;
      }
      let open = true;
      for (const wait of waits) {
        void wait.then((change) => {
          if (change === undefined) return;
          if (open) changes.push(change);
          else push(change);
        });
      }
      await (complete ? Promise.race([Promise.all(waits), pause(clock, waitMs, signal)]) : Promise.all(waits));
      open = false;
      return changes;
    },
  };
}
