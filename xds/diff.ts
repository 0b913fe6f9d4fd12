// What to send: a subscription compared with the resources of its type. Costs as much as their difference, because a shard that is the
// same object as last time is skipped. Decides neither when to send nor in which order.

import { shardOf } from "./model/shards.ts";
import type { Resource, ResourceSet, Snapshot, TypeUrl } from "./resource.ts";
import { covers, drafts, type Subscription } from "./subscription.ts";

export interface Delta {
  readonly updated: readonly Resource[];
  /** Names that were asked for and do not exist: the client must be told at once, or it waits 15 s for them. */
  readonly absent: readonly string[];
  /** Names that the client holds and that are gone. `next` still counts them as held: the sender decides when they go, then calls record(). */
  readonly gone: readonly string[];
  /** Names that `holdBack` kept from being sent; the next diff offers them again. */
  readonly waiting: readonly string[];
  /** There is something to send, if only an empty answer. */
  readonly due: boolean;
  /** The subscription once `updated` and `absent` are sent. */
  readonly next: Subscription;
}

const noResources: ReadonlyMap<string, Resource> = new Map();

export function diff(
  subscription: Subscription,
  resources: ResourceSet,
  holdBack: (resource: Resource) => boolean = never,
): Delta {
  const updated: Resource[] = [];
  const gone: string[] = [];
  const waiting: string[] = [];
  const held = drafts(subscription.held, (shard) => new Map(shard));
  const seen = subscription.seen.map((last, index) => {
    const shard = resources.shards[index] ?? noResources;
    if (last === shard) return last;
    const before = subscription.held[index]!;
    let complete = true;
    for (const resource of shard.values()) {
      if (before.get(resource.name) === resource.version || subscription.asked.has(resource.name)) continue;
      if (!covers(subscription, resource.name)) continue;
      if (holdBack(resource)) {
        waiting.push(resource.name);
        complete = false;
        continue;
      }
      updated.push(resource);
      held.at(index).set(resource.name, resource.version);
    }
    for (const name of before.keys()) if (!shard.has(name)) gone.push(name);
    return complete ? shard : undefined;
  });
  const absent: string[] = [];
  const stillAsked = new Set<string>();
  for (const name of subscription.asked) {
    const resource = lookup(resources, name);
    if (resource === undefined) {
      absent.push(name);
      held.at(shardOf(name)).delete(name);
    } else if (holdBack(resource)) {
      waiting.push(name);
      stillAsked.add(name);
    } else {
      updated.push(resource);
      held.at(shardOf(name)).set(name, resource.version);
    }
  }
  return {
    updated,
    absent,
    gone: absent.length === 0 ? gone : gone.filter((name) => !subscription.asked.has(name)),
    waiting,
    due: updated.length > 0 || absent.length > 0 || (subscription.unanswered && waiting.length === 0),
    next: {
      ...subscription,
      held: held.done(),
      asked: stillAsked,
      seen,
      unanswered: subscription.unanswered && waiting.length > 0,
    },
  };
}

/** One resource by name. */
export const lookup = (resources: ResourceSet, name: string): Resource | undefined => resources.shards[shardOf(name)]?.get(name);

export const noResourceSet: ResourceSet = { shards: [] };

const never = (): boolean => false;

/** Whether the snapshot has a resource of this type and name. */
export function inSnapshot(snapshot: Snapshot, { typeUrl }: { readonly typeUrl: TypeUrl }, name: string): boolean {
  return lookup(snapshot.resources.get(typeUrl) ?? noResourceSet, name) !== undefined;
}
