// Whose listeners a Gateway serves: its own, then those of the ListenerSets that have joined it (GEP-1713). Does not know what a listener means.

import type { Db, Index } from "../../store/db.ts";
import { type ObjectKey, namespaceOf, objectKey } from "../../store/key.ts";
import type { Kinds } from "../../store/kinds.ts";
import { memo } from "../../store/memo.ts";
import { selectorMatches, selectorProblem } from "../labels.ts";
import { namespaceLabels } from "../namespaces.ts";
import { keyOfOwner, listenerSet, type ListenerOwner, ownerOf, type SetKind, setKindOf } from "./listener-owner.ts";
import type { ListenerSpec } from "./listener-spec.ts";
import { gatewaysOf, proxyOf } from "./proxies.ts";
import { compare } from "../order.ts";

/** The listeners that an owner asks for, in spec order. A port that an XListenerSet leaves to us stays 0. */
export function listenerSpecs(db: Db, owner: ListenerOwner): readonly ListenerSpec[] {
  return db.get(setKindOf(owner) ?? "Gateway", keyOfOwner(owner))?.spec.listeners ?? [];
}

/** The Gateway that serves an owner's listeners; undefined when it is not ours, or the ListenerSet may not join. */
export const servingGateway = memo("servingGateway", (db: Db, owner: string): ObjectKey | undefined => {
  const key = keyOfOwner(owner as ListenerOwner);
  const gateway = parentOf(db, owner as ListenerOwner);
  if (gateway === undefined || proxyOf(db, gateway) === undefined) return undefined;
  return gateway === owner || mayJoin(db, key, gateway) ? gateway : undefined;
});

/** The Gateway of an owner: itself, or the one that a ListenerSet names; undefined when it names another kind. */
export function parentOf(db: Db, owner: ListenerOwner): ObjectKey | undefined {
  if (setKindOf(owner) === undefined) return keyOfOwner(owner);
  const parent = parentOwner(db, owner);
  return parent === undefined || setKindOf(parent) !== undefined ? undefined : keyOfOwner(parent);
}

/** The Gateway above an owner, over other ListenerSets, which cannot be parents: whose controller has to say so. Loops have none. */
export function gatewayAbove(db: Db, owner: ListenerOwner): ObjectKey | undefined {
  const seen = new Set<string>();
  for (let at: ListenerOwner | undefined = owner; at !== undefined && !seen.has(at); at = parentOwner(db, at)) {
    seen.add(at);
    const gateway = parentOf(db, at);
    if (gateway !== undefined) return gateway;
  }
  return undefined;
}

/** What a ListenerSet names. */
function parentOwner(db: Db, set: ListenerOwner): ListenerOwner | undefined {
  const [kind, key] = [setKindOf(set), keyOfOwner(set)];
  const ref = kind === undefined ? undefined : db.get(kind, key)?.spec.parentRef;
  return ref === undefined ? undefined : ownerOf(ref, objectKey(ref.namespace ?? namespaceOf(key), ref.name));
}

/** ListenerSets that name a Gateway, whether or not they may join it. */
export function setsNaming(db: Db, gateway: ObjectKey): readonly ListenerOwner[] {
  const sets = [
    ...db.lookup(listenerSets, gateway).map((set) => listenerSet("ListenerSet", set)),
    ...db.lookup(xListenerSets, gateway).map((set) => listenerSet("XListenerSet", set)),
  ];
  return sets.filter((set) => parentOf(db, set) === gateway);
}

/** Gateway API, Gateway.spec.allowedListeners: nobody unless it says so. */
function mayJoin(db: Db, set: ObjectKey, gateway: ObjectKey): boolean {
  const { from, selector } = db.get("Gateway", gateway)?.spec.allowedListeners?.namespaces ?? { from: "None" };
  if (from === "All") return true;
  if (from === "Same") return namespaceOf(set) === namespaceOf(gateway);
  if (from !== "Selector" || selector === undefined || selectorProblem(selector) !== undefined) return false;
  return selectorMatches(selector, namespaceLabels(db, namespaceOf(set)));
}

function byParent<K extends SetKind>(kind: K): Index<K> {
  const values = ({ metadata, spec: { parentRef } }: Kinds[SetKind]): readonly string[] => [
    `${parentRef.namespace ?? metadata.namespace ?? ""}/${parentRef.name}`,
  ];
  return { kind, name: "parent", values };
}

const listenerSets = byParent("ListenerSet");
const xListenerSets = byParent("XListenerSet");

/** GEP-1713: the Gateway's own listeners come first, then ListenerSets by age, then by namespace and name. */
export const ownersOf = memo("listenerOwners", (db: Db, gateway: string): readonly ListenerOwner[] => {
  const key = gateway as ObjectKey;
  const age = (set: ListenerOwner): string =>
    db.get(setKindOf(set) ?? "Gateway", keyOfOwner(set))?.metadata.creationTimestamp ?? "";
  const sets = setsNaming(db, key).filter((set) => servingGateway(db, set) === key);
  return [key, ...sets.toSorted((a, b) => compare(age(a), age(b)) || compare(keyOfOwner(a), keyOfOwner(b)))];
});

/** Every owner of listeners of a proxy, in the order in which they win conflicts. */
export function ownersOfProxy(db: Db, proxy: string): readonly ListenerOwner[] {
  return gatewaysOf(db, proxy).flatMap((gateway) => ownersOf(db, gateway));
}
