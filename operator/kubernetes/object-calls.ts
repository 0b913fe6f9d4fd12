// The few calls to the API server that owned objects need, for objects as they are. Decides nothing.

import type { OwnedObject } from "../../reconcilers/reconciler.ts";
import type { Clock } from "../clock.ts";
import { hasStatus, type KubernetesClient } from "./client.ts";
import { fieldManager, type LiveObject, ownedKinds, pathOf, titleOf } from "./owned-object.ts";
import { resourcePath } from "./resources.ts";

export interface ApplyOptions {
  readonly manager?: string;
  /** Only asks whether it could be. */
  readonly dryRun?: boolean;
}

export interface ObjectCalls {
  /** Undefined: there is none. */
  read(object: OwnedObject): Promise<LiveObject | undefined>;
  /** Server-side apply; takes our fields from whoever had them. */
  apply(object: OwnedObject, options?: ApplyOptions): Promise<LiveObject>;
  /** Deletes this very object, not one that has taken its name, and resolves when it is gone, or when the signal aborts. */
  remove(object: LiveObject, signal?: AbortSignal): Promise<void>;
  /** All objects of the kinds that proxies consist of, with these labels. */
  list(labelSelector: string): Promise<readonly LiveObject[]>;
}

export interface CallOptions {
  readonly client: Pick<KubernetesClient, "call">;
  readonly clock: Clock;
  /** Where we may look; undefined: everywhere. */
  readonly namespaces: readonly string[] | undefined;
}

const pageSize = 500;
/** A load balancer's finalizer may take its time. */
const goneMs = 60_000;
const longestPauseMs = 1000;

export function createObjectCalls({ client, clock, namespaces }: CallOptions): ObjectCalls {
  async function read(object: OwnedObject): Promise<LiveObject | undefined> {
    try {
      return (await client.call({ path: pathOf(object) })) as LiveObject;
    } catch (cause) {
      if (hasStatus(cause, 404)) return undefined;
      throw cause;
    }
  }

  async function gone(object: LiveObject, signal: AbortSignal | undefined): Promise<void> {
    const end = clock.now() + goneMs;
    for (let pauseMs = 20; signal?.aborted !== true; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const found = await read(object);
      if (found === undefined || found.metadata.uid !== object.metadata.uid) return;
      if (clock.now() > end) throw new Error(`${titleOf(object)} is being deleted, but something keeps it`);
      await pause(clock, pauseMs, signal);
    }
  }

  async function pages(path: string, labelSelector: string): Promise<readonly LiveObject[]> {
    const found: LiveObject[] = [];
    let from: string | undefined;
    do {
      const query = { labelSelector, limit: pageSize, continue: from };
      const page = (await client.call({ path, query })) as Page;
      found.push(...page.items);
      from = page.metadata.continue;
    } while (from !== undefined && from !== "");
    return found;
  }

  return {
    read,
    apply: async (object, { manager = fieldManager, dryRun = false } = {}) =>
      (await client.call({
        method: "PATCH",
        patch: "apply",
        path: pathOf(object),
        query: { fieldManager: manager, force: true, ...(dryRun ? { dryRun: "All" } : {}) },
        body: object,
      })) as LiveObject,
    async remove(object, signal) {
      const { uid } = object.metadata;
      const body = { propagationPolicy: "Background", ...(uid === undefined ? {} : { preconditions: { uid } }) };
      try {
        await client.call({ method: "DELETE", path: pathOf(object), body });
      } catch (cause) {
        if (!hasStatus(cause, 404, 409)) throw cause; // 409: another one has its name
      }
      await gone(object, signal);
    },
    async list(labelSelector) {
      const paths = ownedKinds.flatMap((resource) =>
        (namespaces ?? [undefined]).map((namespace) => ({ resource, path: resourcePath(resource, { namespace }) })),
      );
      const lists = await Promise.all(
        paths.map(async ({ resource: { apiVersion, kind }, path }) => {
          const items = await pages(path, labelSelector).catch(unlessNotServed);
          return items.map((item): LiveObject => ({ ...item, apiVersion, kind })); // items of a list do not say what they are
        }),
      );
      return lists.flat();
    },
  };
}

interface Page {
  readonly metadata: { readonly continue?: string };
  readonly items: readonly LiveObject[];
}

/** A cluster without autoscaling has no autoscalers. */
function unlessNotServed(cause: unknown): readonly LiveObject[] {
  if (hasStatus(cause, 404)) return [];
  throw cause;
}

/** Resolves after a while, or when the signal aborts. */
export async function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  await new Promise<void>((resolve) => {
    const cancel = clock.after(ms, resolve);
    signal?.addEventListener("abort", () => (cancel(), resolve()), { once: true });
  });
}
