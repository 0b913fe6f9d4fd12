// What one client wants of one type and what it holds: a value, and the two pure functions that move it on. subscribe() is the protocol's
// rules (wildcard, names, unsubscribing, initial versions); diff() in diff.ts compares it with a snapshot. Knows no nonce and no order.
// All collections are cut into the shards of xds/model/shards.ts, so that a step copies one small shard and never all names.

import { shardCount, shardOf } from "./model/shards.ts";
import type { Resource } from "./resource.ts";
import type { DeltaRequest } from "./wire.ts";

export interface Subscription {
  readonly wildcard: boolean;
  /** Names asked for one by one, per shard. */
  readonly names: readonly ReadonlySet<string>[];
  /** Name → version that was sent last (or that the client said it holds), per shard. */
  readonly held: readonly ReadonlyMap<string, string>[];
  /** Names that must be answered, whatever the client holds. */
  readonly asked: ReadonlySet<string>;
  /** Per shard of the resources: the one that `held` was last compared with completely; undefined = compare. */
  readonly seen: readonly (ReadonlyMap<string, Resource> | undefined)[];
  /** A wildcard that must be answered even when there is nothing to send: Envoy waits for its first answer. */
  readonly unanswered: boolean;
}

type Wanted = Pick<DeltaRequest, "subscribe" | "unsubscribe" | "initialVersions" | "nonce">;

const nothing: Subscription = {
  wildcard: false,
  names: Array.from({ length: shardCount }, () => new Set<string>()),
  held: Array.from({ length: shardCount }, () => new Map<string, string>()),
  asked: new Set(),
  seen: Array.from({ length: shardCount }, () => undefined),
  unanswered: false,
};

/** The subscription after a request; `current` is undefined for the first request of a type on a stream. Which nonce is stale is the caller's business. */
export function subscribe(current: Subscription | undefined, request: Wanted): Subscription {
  const wanted = current === undefined ? first(request) : add(current, request.subscribe);
  return request.unsubscribe.length === 0 ? wanted : remove(wanted, request.unsubscribe);
}

/** The subscription after `updated` and `removed` were sent outside diff(). A resource that the client did not ask for does not count as held. */
export function record(subscription: Subscription, updated: readonly Resource[], removed: readonly string[]): Subscription {
  const held = drafts(subscription.held, (shard) => new Map(shard));
  for (const { name, version } of updated) if (covers(subscription, name)) held.at(shardOf(name)).set(name, version);
  for (const name of removed) held.at(shardOf(name)).delete(name);
  return { ...subscription, held: held.done() };
}

/** The same subscription, where it is not known which version of these names the client holds, if any: should they be wanted again, they are sent. */
export function doubt(subscription: Subscription, names: Iterable<string>): Subscription {
  const held = drafts(subscription.held, (shard) => new Map(shard));
  for (const name of names) if (heldVersion(subscription, name) !== undefined) held.at(shardOf(name)).set(name, "");
  return { ...subscription, held: held.done() };
}

/** Whether the client wants this name. */
export function covers(subscription: Subscription, name: string): boolean {
  return subscription.wildcard || subscription.names[shardOf(name)]!.has(name);
}

/** The version of this name that the client holds as far as we know; empty = it may hold one, we do not know which. */
export function heldVersion(subscription: Subscription, name: string): string | undefined {
  return subscription.held[shardOf(name)]!.get(name);
}

/** Copies of shards, made when a shard is first written to. */
export function drafts<Shard extends object, Draft extends Shard>(shards: readonly Shard[], copy: (shard: Shard) => Draft) {
  const copies = new Map<number, Draft>();
  return {
    at(shard: number): Draft {
      const known = copies.get(shard);
      if (known) return known;
      const made = copy(shards[shard]!);
      copies.set(shard, made);
      return made;
    },
    done: (): readonly Shard[] => (copies.size === 0 ? shards : shards.map((shard, index) => copies.get(index) ?? shard)),
  };
}

/**
 * xDS protocol, "How the client specifies what resources to return": a first request without names is a wildcard, as is the name "*".
 * What the client says it holds is believed, so that a reconnect resends nothing; what it holds and does not want is forgotten.
 */
function first(request: Wanted): Subscription {
  // A first request that answers something we pushed unasked is an acknowledgement, not a wish for everything.
  const legacy = request.subscribe.length === 0 && request.nonce === "";
  const wanted = add({ ...nothing, wildcard: legacy, unanswered: legacy }, request.subscribe);
  if (request.initialVersions.size === 0) return wanted;
  const held = drafts(wanted.held, (shard) => new Map(shard));
  const asked = new Set(wanted.asked);
  for (const [name, version] of request.initialVersions) {
    if (!covers(wanted, name)) continue;
    held.at(shardOf(name)).set(name, version);
    asked.delete(name);
  }
  return { ...wanted, held: held.done(), asked, unanswered: false };
}

/** A name that is asked for again must be sent again, even if the client seems to hold it (xDS protocol, "Subscribing to Resources"). */
function add(current: Subscription, subscribed: readonly string[]): Subscription {
  if (subscribed.length === 0) return current;
  const names = drafts(current.names, (shard) => new Set(shard));
  const asked = new Set(current.asked);
  let wildcard = current.wildcard;
  for (const name of subscribed) {
    if (name === "*") {
      wildcard = true;
      continue;
    }
    names.at(shardOf(name)).add(name);
    asked.add(name);
  }
  const widened = wildcard && !current.wildcard;
  return {
    ...current,
    wildcard,
    names: names.done(),
    asked,
    seen: widened ? nothing.seen : current.seen,
    unanswered: current.unanswered || widened,
  };
}

/**
 * Unsubscribing a name while the wildcard stands must answer it again: the client may have dropped it (xDS protocol, "Unsubscribing From
 * Resources"). Unsubscribing the wildcard forgets everything that was not asked for by name.
 */
function remove(current: Subscription, unsubscribed: readonly string[]): Subscription {
  const narrowed = current.wildcard && unsubscribed.includes("*");
  const wildcard = current.wildcard && !narrowed;
  const names = drafts(current.names, (shard) => new Set(shard));
  const held = drafts(current.held, (shard) => new Map(shard));
  const asked = new Set(current.asked);
  for (const name of unsubscribed) {
    const shard = shardOf(name);
    if (name === "*") continue;
    names.at(shard).delete(name);
    if (wildcard) asked.add(name);
    else {
      asked.delete(name);
      held.at(shard).delete(name);
    }
  }
  const kept = { ...current, wildcard, names: names.done(), held: held.done(), asked };
  return narrowed ? onlyNames(kept) : kept;
}

function onlyNames(subscription: Subscription): Subscription {
  const { names } = subscription;
  return {
    ...subscription,
    unanswered: false,
    held: subscription.held.map((shard, index) => new Map([...shard].filter(([name]) => names[index]!.has(name)))),
    asked: new Set([...subscription.asked].filter((name) => names[shardOf(name)]!.has(name))),
  };
}
