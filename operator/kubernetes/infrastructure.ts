// Runs the proxies' Envoys in a cluster: the objects that reconcilers call for are applied there (server-side apply), and what is called for no
// more goes when what replaces it serves. What is of somebody else is neither touched nor taken over. Level-triggered: everything is found
// again after a restart by the labels on the objects themselves.

import { type ObjectKey } from "../../store/key.ts";
import type { OwnedObject } from "../../reconcilers/reconciler.ts";
import type { Clock } from "../clock.ts";
import type { Infrastructure } from "../infrastructure.ts";
import { ApiError, hasStatus, type KubernetesClient } from "./client.ts";
import { createObjectCalls, type ObjectCalls } from "./object-calls.ts";
import {
  belongingOf,
  field,
  fieldManager,
  isAppliedBy,
  isAppliedByUs,
  isLent,
  isWorkload,
  type LiveObject,
  ownerOfProxy,
  ownsReplicas,
  proxyOfObject,
  proxyOfOwner,
  proxySelector,
  rankOf,
  selectorOf,
  titleOf,
} from "./owned-object.ts";
import { createSweeper } from "./sweeper.ts";

export interface ClusterInfrastructureOptions {
  readonly client: Pick<KubernetesClient, "call">;
  readonly clock: Clock;
  readonly log: (message: string) => void;
  /** Where we may look; undefined: everywhere. */
  readonly namespaces: readonly string[] | undefined;
  /** Whether the writes are ours to make now. */
  readonly writes: () => boolean;
  /** Why the objects of a proxy are not as they should be, in one sentence; undefined: they are. */
  readonly onTrouble: (proxy: string, trouble: string | undefined) => void;
}

/** The field manager of Envoy Gateway. */
const predecessor = "envoy-gateway";

type Known = ReadonlyMap<string, OwnedObject>;
const nothing: Known = new Map();

export function createClusterInfrastructure(options: ClusterInfrastructureOptions): Infrastructure {
  const { clock, log, writes } = options;
  const calls = createObjectCalls(options);
  const sweeper = createSweeper({ calls, clock, log, writes });
  /** What exists of each owner, or may; what an earlier process left is in `found` until its owner is first looked at. */
  const present = new Map<ObjectKey, Known>();
  let found: Promise<Map<string, Known>> | undefined;

  async function inventory(): Promise<Map<string, Known>> {
    found ??= calls.list(proxySelector).then(byProxy);
    try {
      return await found;
    } catch (cause) {
      found = undefined;
      throw cause;
    }
  }

  async function presentOf(owner: ObjectKey): Promise<Known> {
    const known = present.get(owner);
    if (known !== undefined) return known;
    const all = await inventory();
    const proxy = proxyOfOwner(owner);
    const left = all.get(proxy) ?? nothing;
    all.delete(proxy);
    present.set(owner, left);
    return left;
  }

  async function make(owner: ObjectKey, objects: readonly OwnedObject[]): Promise<void> {
    const before = await presentOf(owner);
    const places = await placesOf(calls, objects);
    const wanted: Known = new Map(places.map(({ object }) => [titleOf(object), object]));
    present.set(owner, new Map([...before, ...wanted]));
    await putAll(places, { calls, log });
    const leftovers = [...before].flatMap(([title, object]) => (wanted.has(title) ? [] : [object]));
    sweeper.sweep(owner, { leftovers, workload: objects.find(isWorkload), onDone: () => present.set(owner, wanted) });
  }

  async function unmake(owner: ObjectKey): Promise<void> {
    const proxy = proxyOfOwner(owner);
    const all = await calls.list(selectorOf(proxy));
    const ours = all.filter((object) => isAppliedByUs(object) && proxyOfObject(object) === proxy);
    for (const object of ours.toSorted((a, b) => rankOf(b) - rankOf(a))) await calls.remove(object);
    present.delete(owner);
    (await found)?.delete(proxy);
  }

  return {
    async apply(owner, objects) {
      await sweeper.stop(owner);
      const proxy = proxyOfOwner(owner);
      try {
        await (objects.length === 0 ? unmake(owner) : make(owner, objects));
        options.onTrouble(proxy, undefined);
      } catch (cause) {
        if (cause instanceof Refused) options.onTrouble(proxy, cause.message);
        throw cause;
      }
    },
    async leftBehind() {
      found = undefined; // others may have written since we looked
      present.clear();
      return [...(await inventory()).keys()].map(ownerOfProxy);
    },
    close: () => sweeper.close(),
  };
}

/** Something about the objects themselves is in the way, and stays so until somebody changes it. */
class Refused extends Error {}

function byProxy(all: readonly LiveObject[]): Map<string, Known> {
  const groups = Map.groupBy(all.filter(isAppliedByUs), (object) => proxyOfObject(object) ?? "");
  return new Map([...groups].map(([proxy, objects]) => [proxy, new Map(objects.map((each) => [titleOf(each), each]))]));
}

interface Place {
  readonly object: OwnedObject;
  /** What stands where it is to be. */
  readonly live: LiveObject | undefined;
}

/**
 * Where objects are to be put, without those that somebody else lends; waits for what is on its way out. All are looked at before the first is
 * touched. */
async function placesOf(calls: ObjectCalls, objects: readonly OwnedObject[]): Promise<readonly Place[]> {
  const all = await Promise.all(objects.map(async (object): Promise<Place> => ({ object, live: await calls.read(object) })));
  const places = all.filter(({ object, live }) => !isLent(live, object));
  const foreign = places.filter(({ object, live }) => live !== undefined && belongingOf(live) !== belongingOf(object));
  if (foreign.length > 0) {
    const names = foreign.map(({ object }) => titleOf(object)).join(", ");
    throw new Refused(
      `${names} exists and does not belong to this proxy: it must be removed, or the proxy's be named otherwise.`,
    );
  }
  return await Promise.all(
    places.map(async ({ object, live }): Promise<Place> => {
      if (live?.metadata.deletionTimestamp === undefined) return { object, live };
      await calls.remove(live);
      return { object, live: undefined };
    }),
  );
}

interface Putting {
  readonly calls: ObjectCalls;
  readonly log: (message: string) => void;
}

/** Applies all that can be: what one object is refused for concerns no other. */
async function putAll(places: readonly Place[], putting: Putting): Promise<void> {
  const refused: string[] = [];
  for (const { object, live } of places) {
    try {
      await put(object, live, putting);
    } catch (cause) {
      const words = refusalIn(cause);
      if (words === undefined) throw cause;
      refused.push(`${titleOf(object)} was refused: ${words}`);
    }
  }
  if (refused.length > 0) throw new Refused(refused.join("; "));
}

async function put(object: OwnedObject, live: LiveObject | undefined, putting: Putting): Promise<void> {
  const { calls } = putting;
  if (live === undefined) return void (await calls.apply(object));
  if (isWorkload(object) && field(object, "spec", "replicas") === undefined && ownsReplicas(live))
    await keepReplicas(live, calls);
  try {
    // With its uid: not another object that has taken the name since we looked.
    await calls.apply({ ...object, metadata: { ...object.metadata, uid: live.metadata.uid } as OwnedObject["metadata"] });
  } catch (cause) {
    if (!isImmutable(cause)) throw cause;
    return await replace(object, live, { ...putting, why: refusalIn(cause) ?? "" });
  }
  // An object of Envoy Gateway itself, which we replace: what only that wanted must not stay.
  if (isAppliedBy(live, predecessor)) await calls.apply(bare(live), { manager: predecessor });
}

/** The old one must go first, since the name is the same; but not before it is sure that the new one will be taken. */
async function replace(
  object: OwnedObject,
  live: LiveObject,
  { calls, log, why }: Putting & { readonly why: string },
): Promise<void> {
  const name = `${object.metadata.name.slice(0, 59)}-new`;
  await calls.apply({ ...object, metadata: { ...object.metadata, name } }, { dryRun: true });
  log(`${titleOf(object)} is deleted and made again: ${why}`);
  await calls.remove(live);
  await calls.apply(object);
}

/**
 * Applying an object without a field that only we applied before removes the field, and the number of pods would become 1. So somebody else
 * says the present number first (Kubernetes documentation, "Server-Side Apply", on transferring ownership).
 */
async function keepReplicas(live: LiveObject, calls: ObjectCalls): Promise<void> {
  const spec = { replicas: field(live, "spec", "replicas") };
  await calls.apply({ ...bare(live), spec }, { manager: `${fieldManager}-replicas` });
}

/** An object of which nothing is said. */
function bare({ apiVersion, kind, metadata: { name, namespace } }: LiveObject): OwnedObject {
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}

function isImmutable(cause: unknown): boolean {
  return hasStatus(cause, 422) && /immutable|may not change once set/i.test(cause.message);
}

/** The API server's words when it will not take an object; undefined when it just could not be asked. */
function refusalIn(cause: unknown): string | undefined {
  if (!(cause instanceof ApiError)) return undefined;
  const { status, message } = cause;
  const passing = status === 401 || status === 409 || status === 429 || (status >= 500 && !message.includes("webhook"));
  return passing ? undefined : message.replace(/^[A-Z]+ \S+: \d+ /, "");
}
