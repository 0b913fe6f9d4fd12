// How the owner of listeners is named: a Gateway or a ListenerSet, as one string. Pure; knows no query.

import { type ObjectKey, nameOf, namespaceOf } from "../../store/key.ts";
import type { Origin } from "../../xds/model/origin.ts";

/** The kind that has graduated, and its forerunner, which means the same. */
export type SetKind = "ListenerSet" | "XListenerSet";

/** A Gateway by its key, or a ListenerSet by its kind, "|" and its key: two kinds may have equal names. */
export type ListenerOwner = ObjectKey | `${SetKind}|${ObjectKey}`;

/** The owner in the words of references and grants. */
export interface OwnerReference {
  readonly group: string;
  readonly kind: "Gateway" | SetKind;
  readonly namespace: string;
  readonly name: string;
}

const groups = {
  Gateway: "gateway.networking.k8s.io",
  ListenerSet: "gateway.networking.k8s.io",
  XListenerSet: "gateway.networking.x-k8s.io",
} as const;

const setKinds = ["ListenerSet", "XListenerSet"] as const satisfies readonly SetKind[];

/** The kind of a ListenerSet; undefined for a Gateway. */
export function setKindOf(owner: string): SetKind | undefined {
  return setKinds.find((kind) => owner.startsWith(`${kind}|`));
}

/** The owner that a ListenerSet is. */
export function listenerSet(kind: SetKind, key: ObjectKey): ListenerOwner {
  return `${kind}|${key}`;
}

/** The owner that a reference to this kind means; undefined for kinds that have no listeners. */
export function ownerOf(
  { group, kind }: { readonly group: string; readonly kind: string },
  key: ObjectKey,
): ListenerOwner | undefined {
  if (kind === "Gateway") return group === groups.Gateway ? key : undefined;
  const set = setKinds.find((one) => one === kind && groups[one] === group);
  return set === undefined ? undefined : listenerSet(set, key);
}

/** The key of the object. */
export function keyOfOwner(owner: ListenerOwner): ObjectKey {
  const kind = setKindOf(owner);
  return (kind === undefined ? owner : owner.slice(kind.length + 1)) as ObjectKey;
}

export function ownerReference(owner: ListenerOwner): OwnerReference {
  const key = keyOfOwner(owner);
  const kind = setKindOf(owner) ?? "Gateway";
  return { group: groups[kind], kind, namespace: namespaceOf(key), name: nameOf(key) };
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
