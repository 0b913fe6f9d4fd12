// Secrets and ConfigMaps: a cluster has thousands, and few concern us. Only their metadata is watched; the contents of those that some query has
// asked for are fetched, before what asked for them is published, and again whenever they change.

import type { Change } from "../../store/db.ts";
import { keyOf, type ObjectKey, nameOf, namespaceOf } from "../../store/key.ts";
import type { Store } from "../../store/store.ts";
import { kindDefinition } from "../../api/kinds.ts";
import type { Clock } from "../clock.ts";
import { messageOf } from "../host/folder.ts";
import { hasStatus, type KubernetesClient } from "./client.ts";
import { gone, judged } from "./judged.ts";
import type { ApiObject, ObjectEvent } from "./api-object.ts";
import { resourceOf, resourcePath } from "./resources.ts";

/** Kinds of which only what is asked for is read. */
export const referencedKinds = ["Secret", "ConfigMap"] as const;
export type ReferencedKind = (typeof referencedKinds)[number];

export interface ReferencesOptions {
  readonly client: Pick<KubernetesClient, "call">;
  readonly clock: Clock;
  /** For what was fetched later than anyone waited for. */
  readonly push: (change: Change) => void;
  readonly log: (message: string) => void;
}

export interface References {
  /** What the watch of metadata tells. */
  heard(kind: ReferencedKind, event: ObjectEvent): void;
  /** What queries of the store have asked for and was not there: fetched, as changes. Waits for the API server, but not for long. */
  complete(store: Pick<Store, "asked">): Promise<readonly Change[]>;
}

interface Held {
  /** resourceVersion of what the store has, or is about to have. */
  version: string | undefined;
}

const waitMs = 2000;
const retryMs = 1000;

export function createReferences({ client, clock, push, log }: ReferencesOptions): References {
  const tables = Object.fromEntries(
    referencedKinds.map((kind) => [kind, { exists: new Map<ObjectKey, string>(), held: new Map<ObjectKey, Held>() }]),
  ) as Record<ReferencedKind, { exists: Map<ObjectKey, string>; held: Map<ObjectKey, Held> }>;

  /** The object as it is now; undefined when it failed: then it is tried again, and pushed. */
  async function fetched(kind: ReferencedKind, key: ObjectKey): Promise<Change | undefined> {
    const { held } = tables[kind];
    const definition = kindDefinition(kind);
    const entry = held.get(key);
    if (definition === undefined || entry === undefined) return undefined;
    const path = resourcePath(resourceOf(definition), { namespace: namespaceOf(key), name: nameOf(key) });
    try {
      const object = (await client.call({ path })) as ApiObject;
      if (held.get(key) !== entry) return undefined; // deleted or dropped meanwhile
      entry.version = object.metadata.resourceVersion;
      return judged(kind, object, log);
    } catch (error) {
      if (held.get(key) !== entry) return undefined;
      if (hasStatus(error, 404)) {
        held.delete(key);
        return gone(kind, key);
      }
      log(`${kind} ${key} cannot be read at present: ${messageOf(error)}`);
      clock.after(retryMs, () => void fetchLater(kind, key));
      return undefined;
    }
  }

  async function fetchLater(kind: ReferencedKind, key: ObjectKey): Promise<void> {
    const change = await fetched(kind, key);
    if (change !== undefined) push(change);
  }

  /** Asked for, existing, and not held yet: held from now on. */
  function missing(kind: ReferencedKind, asked: ReadonlySet<ObjectKey>): readonly ObjectKey[] {
    const { exists, held } = tables[kind];
    const keys = [...asked].filter((key) => exists.has(key) && !held.has(key));
    for (const key of keys) held.set(key, { version: undefined });
    return keys;
  }

  /** Held, and asked for no more: the store need not keep it. */
  function dropped(kind: ReferencedKind, asked: ReadonlySet<ObjectKey>): readonly Change[] {
    const { held } = tables[kind];
    const keys = [...held.keys()].filter((key) => !asked.has(key));
    for (const key of keys) held.delete(key);
    return keys.map((key) => gone(kind, key));
  }

  let asking: Pick<Store, "asked"> | undefined;

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
      if (!held.has(key) && asking?.asked(kind).includes(key) === true) held.set(key, { version: undefined });
      if (held.has(key) && held.get(key)?.version !== version) void fetchLater(kind, key);
    },
    async complete(store) {
      asking = store;
      const changes: Change[] = [];
      const waits: Promise<Change | undefined>[] = [];
      for (const kind of referencedKinds) {
        const asked = new Set(store.asked(kind));
        changes.push(...dropped(kind, asked));
        waits.push(...missing(kind, asked).map((key) => fetched(kind, key)));
      }
      if (waits.length === 0) return changes;
      let open = true;
      for (const wait of waits) {
        void wait.then((change) => {
          if (change === undefined) return;
          if (open) changes.push(change);
          else push(change);
        });
      }
      await Promise.race([Promise.all(waits), new Promise<void>((resolve) => clock.after(waitMs, resolve))]);
      open = false;
      return changes;
    },
  };
}
