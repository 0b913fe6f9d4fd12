// How the owner of listeners is named: a Gateway or a ListenerSet, as one string. Pure; knows no query.

import { type ObjectKey, nameOf, namespaceOf } from "../../store/key.ts";
import type { Origin } from "../../xds/model/origin.ts";

/** A Gateway by its key, or a ListenerSet by "XListenerSet|" and its key: two kinds may have equal names. */
export type ListenerOwner = ObjectKey | `XListenerSet|${ObjectKey}`;

/** The owner in the words of references and grants. */
export interface OwnerReference {
  readonly group: string;
  readonly kind: "Gateway" | "XListenerSet";
  readonly namespace: string;
  readonly name: string;
}

const setPrefix = "XListenerSet|";

export function isListenerSet(owner: string): boolean {
  return owner.startsWith(setPrefix);
}

/** The owner that a ListenerSet is. */
export function listenerSet(key: ObjectKey): ListenerOwner {
  return `${setPrefix}${key}`;
}

/** The key of the object. */
export function keyOfOwner(owner: ListenerOwner): ObjectKey {
  return (isListenerSet(owner) ? owner.slice(setPrefix.length) : owner) as ObjectKey;
}

export function ownerReference(owner: ListenerOwner): OwnerReference {
  const key = keyOfOwner(owner);
  const kind = isListenerSet(owner) ? "XListenerSet" : "Gateway";
  const group = kind === "Gateway" ? "gateway.networking.k8s.io" : "gateway.networking.x-k8s.io";
  return { group, kind, namespace: namespaceOf(key), name: nameOf(key) };
}

/** A listener as the origin of what is made from it. */
export function originOf({ owner, name: section }: { readonly owner: ListenerOwner; readonly name: string }): Origin {
  const { kind, namespace, name } = ownerReference(owner);
  return { kind, namespace, name, section };
}

/** "Gateway default/eg": how messages name an owner. */
export function shownOwner(owner: ListenerOwner): string {
  return `${ownerReference(owner).kind} ${keyOfOwner(owner)}`;
}
