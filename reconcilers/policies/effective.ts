// The effective policy: one query that answers which settings of a kind of policy hold for a rule of a route at a listener, or for a listener. The most
// specific policy wins whole (rule > route > listener > Gateway), unless its mergeType lays it over the one below. Knows no field but mergeType.

import type { Db } from "../../store/db.ts";
import type { ObjectKey } from "../../store/key.ts";
import type { Kinds } from "../../store/kinds.ts";
import { memo } from "../../store/memo.ts";
import { keyOfOwner, type ListenerOwner, setKindOf } from "../gateway/listener-owner.ts";
import { servingGateway } from "../gateway/listener-owners.ts";
import type { RouteKind } from "../routes/attachment.ts";
import { mergeSpecs, type MergeType, mergeTypeOf } from "./merge.ts";
import { policyOf, type PolicyKind, type PolicyTarget } from "./targets.ts";

/** Where settings are asked for: a listener, and there perhaps a rule of a route. `rule`: its name, "" when it has none. */
export interface PolicyPlace {
  readonly owner: ListenerOwner;
  readonly listener: string;
  readonly route?: { readonly kind: RouteKind; readonly key: ObjectKey; readonly rule: string };
}

/** The policy that holds somewhere. */
export interface EffectivePolicy<K extends PolicyKind> {
  readonly policy: ObjectKey;
  /** What the policy is for: how near it stands. */
  readonly level: "rule" | "route" | "listener" | "gateway";
  /** The policy that it is laid over, by its mergeType. */
  readonly over?: { readonly policy: ObjectKey; readonly merge: MergeType };
  readonly spec: Kinds[K]["spec"];
}

type Level = EffectivePolicy<PolicyKind>["level"];

/** Which settings hold at a place; undefined when no policy reaches it. The answer for equal places is the same object. */
export function effectivePolicy<K extends PolicyKind>(db: Db, kind: K, place: PolicyPlace): EffectivePolicy<K> | undefined {
  const { route, owner, listener } = place;
  const found =
    route === undefined
      ? atListener(db, kind, owner, listener)
      : atRule(db, kind, route.kind, route.key, route.rule, owner, listener);
  return found as EffectivePolicy<K> | undefined;
}

const atListener = memo(
  "listenerPolicy",
  (db: Db, kind: PolicyKind, owner: ListenerOwner, listener: string): EffectivePolicy<PolicyKind> | undefined => {
    const gateway = servingGateway(db, owner);
    if (gateway === undefined) return undefined;
    // A listener of a ListenerSet has no target of its own: the Gateway's settings hold there.
    const own: PolicyTarget = { kind: "Gateway", key: keyOfOwner(owner), section: listener };
    const ofListener = setKindOf(owner) === undefined ? policyOf(db, kind, own) : undefined;
    if (ofListener !== undefined) return held(db, kind, ofListener, "listener");
    const ofGateway = policyOf(db, kind, { kind: "Gateway", key: gateway, section: "" });
    return ofGateway === undefined ? undefined : held(db, kind, ofGateway, "gateway");
  },
);

const atRule = memo(
  "rulePolicy",
  (
    db: Db,
    kind: PolicyKind,
    route: RouteKind,
    key: ObjectKey,
    rule: string,
    owner: ListenerOwner,
    listener: string,
  ): EffectivePolicy<PolicyKind> | undefined => {
    const ofRule = rule === "" ? undefined : policyOf(db, kind, { kind: route, key, section: rule });
    const own = ofRule ?? policyOf(db, kind, { kind: route, key, section: "" });
    const below = atListener(db, kind, owner, listener);
    if (own === undefined) return below;
    const effective = held(db, kind, own, ofRule === undefined ? "route" : "rule");
    const merge = effective === undefined ? undefined : mergeTypeOf(effective.spec);
    if (effective === undefined || below === undefined || merge === undefined) return effective;
    return { ...effective, over: { policy: below.policy, merge }, spec: mergeSpecs(below.spec, effective.spec, merge) };
  },
);

function held(db: Db, kind: PolicyKind, policy: ObjectKey, level: Level): EffectivePolicy<PolicyKind> | undefined {
  const spec = db.get(kind, policy)?.spec;
  return spec === undefined ? undefined : { policy, level, spec };
}
