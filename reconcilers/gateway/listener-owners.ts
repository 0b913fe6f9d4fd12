// Whose listeners a Gateway serves: its own, then those of the ListenerSets that have joined it (GEP-1713). Does not know what a listener means.

import type { Db, Index } from "../../store/db.ts";
import { type ObjectKey, namespaceOf, objectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import { selectorMatches, selectorProblem } from "../labels.ts";
import { namespaceLabels } from "../namespaces.ts";
import { isListenerSet, keyOfOwner, listenerSet, type ListenerOwner } from "./listener-owner.ts";
import type { ListenerSpec } from "./listener-spec.ts";
import { gatewaysOf, proxyOf } from "./proxies.ts";

/** The listeners that an owner asks for, in spec order. A port that a ListenerSet leaves to us stays 0. */
export function listenerSpecs(db: Db, owner: ListenerOwner): readonly ListenerSpec[] {
  const key = keyOfOwner(owner);
  return (isListenerSet(owner) ? db.get("XListenerSet", key)?.spec.listeners : db.get("Gateway", key)?.spec.listeners) ?? [];
}

/** The Gateway that serves an owner's listeners; undefined when it is not ours, or the ListenerSet may not join. */
export const servingGateway = memo("servingGateway", (db: Db, owner: string): ObjectKey | undefined => {
  const key = keyOfOwner(owner as ListenerOwner);
  if (!isListenerSet(owner)) return proxyOf(db, key) === undefined ? undefined : key;
  const gateway = parentOf(db, key);
  return gateway !== undefined && proxyOf(db, gateway) !== undefined && mayJoin(db, key, gateway) ? gateway : undefined;
});

/** The Gateway that a ListenerSet names; undefined when it names another kind. */
export function parentOf(db: Db, set: ObjectKey): ObjectKey | undefined {
  const ref = db.get("XListenerSet", set)?.spec.parentRef;
  if (ref === undefined || ref.group !== "gateway.networking.k8s.io" || ref.kind !== "Gateway") return undefined;
  return objectKey(ref.namespace ?? namespaceOf(set), ref.name);
}

/** The Gateway above a ListenerSet, over other ListenerSets, which cannot be parents: whose controller has to say so. Loops have none. */
export function gatewayAbove(db: Db, set: ObjectKey): ObjectKey | undefined {
  const seen = new Set<string>();
  for (let at = set; !seen.has(at);) {
    seen.add(at);
    const gateway = parentOf(db, at);
    if (gateway !== undefined) return gateway;
    const ref = db.get("XListenerSet", at)?.spec.parentRef;
    if (ref?.group !== "gateway.networking.x-k8s.io" || ref.kind !== "XListenerSet") return undefined;
    at = objectKey(ref.namespace ?? namespaceOf(at), ref.name);
  }
  return undefined;
}

/** ListenerSets that name a Gateway, whether or not they may join it. */
export function setsNaming(db: Db, gateway: ObjectKey): readonly ObjectKey[] {
  return db.lookup(setsByGateway, gateway).filter((set) => parentOf(db, set) === gateway);
}

/** Gateway API, Gateway.spec.allowedListeners: nobody unless it says so. */
function mayJoin(db: Db, set: ObjectKey, gateway: ObjectKey): boolean {
  const { from, selector } = db.get("Gateway", gateway)?.spec.allowedListeners?.namespaces ?? { from: "None" };
  if (from === "All") return true;
  if (from === "Same") return namespaceOf(set) === namespaceOf(gateway);
  if (from !== "Selector" || selector === undefined || selectorProblem(selector) !== undefined) return false;
  return selectorMatches(selector, namespaceLabels(db, namespaceOf(set)));
}

const setsByGateway: Index<"XListenerSet"> = {
  kind: "XListenerSet",
  name: "parent",
  values: ({ metadata, spec: { parentRef } }) => [`${parentRef.namespace ?? metadata.namespace ?? ""}/${parentRef.name}`],
};

/** GEP-1713: the Gateway's own listeners come first, then ListenerSets by age, then by namespace and name. */
export const ownersOf = memo("listenerOwners", (db: Db, gateway: string): readonly ListenerOwner[] => {
  const key = gateway as ObjectKey;
  const age = (set: ObjectKey): string => db.get("XListenerSet", set)?.metadata.creationTimestamp ?? "";
  const sets = setsNaming(db, key).filter((set) => servingGateway(db, listenerSet(set)) === key);
  return [key, ...sets.toSorted((a, b) => compare(age(a), age(b)) || compare(a, b)).map(listenerSet)];
});

/** Every owner of listeners of a proxy, in the order in which they win conflicts. */
export function ownersOfProxy(db: Db, proxy: string): readonly ListenerOwner[] {
  return gatewaysOf(db, proxy).flatMap((gateway) => ownersOf(db, gateway));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
