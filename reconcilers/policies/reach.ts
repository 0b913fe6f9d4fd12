// What a policy reaches by each of its targets: Gateways of ours, and there listeners. Whether it wins anything there is not asked here.

import type { Db, DerivedIndex } from "../../store/db.ts";
import type { ObjectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import type { ListenerOwner } from "../gateway/listener-owner.ts";
import { keyOfOwner, setKindOf } from "../gateway/listener-owner.ts";
import { listenerSpecs, servingGateway } from "../gateway/listener-owners.ts";
import { proxyOf } from "../gateway/proxies.ts";
import { attachments, type RouteKind } from "../routes/attachment.ts";
import { eachPolicyKind, type PolicyKind, type PolicyTarget, policyOf, targetsOf } from "./targets.ts";

/** A Gateway, or one listener of it, to which a policy's status speaks. */
export interface Ancestor {
  readonly gateway: ObjectKey;
  /** The listener that the target, or the route's parentRef, names. */
  readonly section?: string;
}

/** A listener that a target stands at. */
export interface ReachedListener {
  readonly gateway: ObjectKey;
  readonly owner: ListenerOwner;
  readonly listener: string;
}

/** The Gateways that a target is, or that its route names; one entry for each parentRef. */
export function ancestorsOf(db: Db, target: PolicyTarget): readonly Ancestor[] {
  const { kind, key, section } = target;
  if (kind === "Gateway") {
    return proxyOf(db, key) === undefined ? [] : [{ gateway: key, ...(section === "" ? {} : { section }) }];
  }
  const refs = db.get(kind, key)?.spec.parentRefs ?? [];
  return attachments(db, kind, key).flatMap((parent, position): readonly Ancestor[] => {
    const gateway = parent === undefined ? undefined : servingGateway(db, parent.parent);
    if (parent === undefined || gateway === undefined) return [];
    const named = setKindOf(parent.parent) === undefined ? refs[position]?.sectionName : undefined;
    return [{ gateway, ...(named === undefined ? {} : { section: named }) }];
  });
}

/** Listeners that a route is attached to. */
export const listenersReached = memo("listenersReached", (db: Db, kind: RouteKind, key: ObjectKey): readonly ReachedListener[] =>
  attachments(db, kind, key).flatMap((parent): readonly ReachedListener[] => {
    const gateway = parent === undefined ? undefined : servingGateway(db, parent.parent);
    if (parent === undefined || gateway === undefined) return [];
    return parent.listeners.map(({ listener }) => ({ gateway, owner: parent.parent, listener }));
  }),
);

/** Is there such a listener, or such a rule? Of the whole there always is. */
export function hasSection(db: Db, { kind, key, section }: PolicyTarget): boolean {
  if (section === "") return true;
  if (kind === "Gateway") return listenerSpecs(db, key).some(({ name }) => name === section);
  const rules: readonly { readonly name?: string }[] = db.get(kind, key)?.spec.rules ?? [];
  return rules.some(({ name }) => name === section);
}

/** Policies of routes, by the Gateways that these are attached to. */
const byGateway = eachPolicyKind(indexByGateway);

function indexByGateway(kind: PolicyKind): DerivedIndex<PolicyKind> {
  const values = (db: Db, key: ObjectKey): readonly string[] => [
    ...new Set(
      routeTargets(db, kind, key).flatMap((target) =>
        listenersReached(db, target.kind, target.key).map(({ gateway }) => gateway),
      ),
    ),
  ];
  return { kind, derived: true, name: "policiesByGateway", values };
}

type RouteTarget = PolicyTarget & { readonly kind: RouteKind };

function routeTargets(db: Db, kind: PolicyKind, key: ObjectKey): readonly RouteTarget[] {
  return targetsOf(db, kind, key).filter((target): target is RouteTarget => target.kind !== "Gateway");
}

/** A target of a policy that stands nearer to requests than another one. */
export interface NearerTarget {
  readonly policy: ObjectKey;
  readonly target: PolicyTarget;
}

/** The routes and rules with a policy of their own that are attached to a Gateway; with `listener`, to that listener. */
export function nearerRoutes(db: Db, kind: PolicyKind, gateway: ObjectKey, listener: string): readonly NearerTarget[] {
  return db.lookup(byGateway[kind], gateway).flatMap((policy) =>
    routeTargets(db, kind, policy).flatMap((target): readonly NearerTarget[] => {
      if (policyOf(db, kind, target) !== policy || !hasSection(db, target)) return [];
      const reached = listenersReached(db, target.kind, target.key).some(
        (each) =>
          each.gateway === gateway && (listener === "" || (each.listener === listener && keyOfOwner(each.owner) === gateway)),
      );
      return reached ? [{ policy, target }] : [];
    }),
  );
}
