// Status of a policy: one entry for each Gateway (or listener of it) that it reaches by its targets, with what became of it there: whether it has its targets,
// whether it can be honoured, who stands before it. What can be honoured is the business of each kind, which says so by `judge`.

import type { PolicyStatus } from "../../api/shared/policy.ts";
import type { Db } from "../../store/db.ts";
import { type ObjectKey, nameOf, namespaceOf } from "../../store/key.ts";
import type { Kinds } from "../../store/kinds.ts";
import {
  conditionOf,
  policyAccepted,
  policyAggregated,
  policyConflicted,
  policyInvalid,
  policyMerged,
  policyMergedBy,
  policyOverridden,
  policyTargetNotFound,
} from "../conditions.ts";
import { configKey } from "../envoyproxy.ts";
import type { Condition, WantedStatus } from "../reconciler.ts";
import { type EffectivePolicy, effectivePolicy } from "./effective.ts";
import { mergeTypeOf } from "./merge.ts";
import { type Ancestor, ancestorsOf, hasSection, listenersReached, nearerRoutes, type NearerTarget } from "./reach.ts";
import { type PolicyKind, policiesOf, policiesOfSections, policyOf, type PolicyTarget, targetsOf } from "./targets.ts";

/** What a kind says of settings of its own. */
export interface PolicyJudgement {
  /** Why the policy cannot be honoured, one sentence each: what it protects fails closed. */
  readonly problems: readonly string[];
  /** Paths of fields that do nothing yet. */
  readonly withoutEffect: readonly string[];
}

export type Judge<K extends PolicyKind> = (db: Db, effective: EffectivePolicy<K>, target: PolicyTarget) => PolicyJudgement;

type Status = WantedStatus<PolicyStatus>;
type Entry = Status["ancestors"][number];

/** Gateway API, PolicyStatus.ancestors. */
const mostAncestors = 16;

/** The wanted status; undefined when no target is there, or none leads to a Gateway of ours. */
export function statusOfPolicy<K extends PolicyKind>(db: Db, kind: K, key: ObjectKey, judge: Judge<K>): Status | undefined {
  const controllerName = db.get("Config", configKey)?.controllerName;
  if (controllerName === undefined) return undefined;
  const places = new Map<string, { readonly ancestor: Ancestor; readonly targets: PolicyTarget[] }>();
  for (const target of targetsOf(db, kind, key)) {
    for (const ancestor of ancestorsOf(db, target)) {
      const name = `${ancestor.gateway}/${ancestor.section ?? ""}`;
      const place = places.get(name) ?? { ancestor, targets: [] };
      places.set(name, place);
      if (!place.targets.includes(target)) place.targets.push(target);
    }
  }
  const entries = [...places.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { ancestor, targets }]): Entry => {
      const conditions = conditionsAt(db, { kind, key, judge }, { ancestor, targets });
      return { ancestorRef: ancestorRef(ancestor), controllerName, conditions };
    });
  return entries.length === 0 ? undefined : { ancestors: shortened(entries) };
}

function ancestorRef({ gateway, section }: Ancestor): Entry["ancestorRef"] {
  const named = section === undefined ? {} : { sectionName: section };
  return {
    group: "gateway.networking.k8s.io",
    kind: "Gateway",
    namespace: namespaceOf(gateway),
    name: nameOf(gateway),
    ...named,
  };
}

/** What is longer than the API allows keeps what a user has to mend, and says that there is more. */
function shortened(entries: readonly Entry[]): readonly Entry[] {
  if (entries.length <= mostAncestors) return entries;
  const urgency = ({ conditions }: Entry): number => {
    if (conditionOf(conditions, "Accepted")?.status === "False") return 0;
    return conditionOf(conditions, "Overridden") === undefined ? 2 : 1;
  };
  const kept = entries.toSorted((a, b) => urgency(a) - urgency(b)).slice(0, mostAncestors);
  const last = kept[mostAncestors - 1]!;
  return [...kept.slice(0, -1), { ...last, conditions: [...last.conditions, policyAggregated(entries.length)] }];
}

interface Judged<K extends PolicyKind> {
  readonly kind: K;
  readonly key: ObjectKey;
  readonly judge: Judge<K>;
}

interface Place {
  readonly ancestor: Ancestor;
  readonly targets: readonly PolicyTarget[];
}

function conditionsAt<K extends PolicyKind>(db: Db, judged: Judged<K>, { ancestor, targets }: Place): readonly Condition[] {
  const { kind, key, judge } = judged;
  const lost = targets.flatMap((target) => {
    const [first] = policiesOf(db, kind, target.kind, target.key, target.section);
    return first === undefined || first === key ? [] : [`${shownTarget(target)} belongs to ${first}`];
  });
  if (lost.length > 0) return [policyConflicted(lost)];
  const missing = targets.filter((target) => !hasSection(db, target));
  if (missing.length > 0) return [policyTargetNotFound(missing.map(shownTarget))];
  const problems = new Set<string>();
  const idle = new Set<string>();
  const merged = new Set<ObjectKey>();
  for (const target of targets) {
    for (const effective of settingsAt(db, judged, { target, ancestor })) {
      const judgement = judge(db, effective, target);
      judgement.problems.forEach((problem) => problems.add(problem));
      judgement.withoutEffect.forEach((field) => idle.add(field));
      if (effective.over !== undefined) merged.add(effective.over.policy);
    }
  }
  const accepted = problems.size > 0 ? policyInvalid([...problems].join(" ")) : policyAccepted([...idle].toSorted());
  const above = merged.size === 0 ? [] : [policyMerged([...merged].toSorted())];
  return [accepted, ...above, ...nearerConditions(db, judged, { targets, ancestor })];
}

/** The settings that a policy makes at one target, below one Gateway: more than one when it is laid over several. */
function settingsAt<K extends PolicyKind>(
  db: Db,
  { kind, key }: Judged<K>,
  { target, ancestor }: { readonly target: PolicyTarget; readonly ancestor: Ancestor },
): readonly EffectivePolicy<K>[] {
  const spec: Kinds[K]["spec"] | undefined = db.get(kind, key)?.spec;
  if (spec === undefined) return [];
  if (target.kind === "Gateway") return [{ policy: key, level: target.section === "" ? "gateway" : "listener", spec }];
  const { kind: routeKind, key: route, section: rule } = target;
  const here = listenersReached(db, routeKind, route).filter(
    ({ gateway, listener }) => gateway === ancestor.gateway && (ancestor.section ?? listener) === listener,
  );
  const found = here.flatMap(({ owner, listener }) => {
    const effective = effectivePolicy(db, kind, { owner, listener, route: { kind: routeKind, key: route, rule } });
    return effective?.policy === key ? [effective] : [];
  });
  return found.length === 0 ? [{ policy: key, level: rule === "" ? "route" : "rule", spec }] : [...new Set(found)];
}

/** Who stands before the policy, or is laid over it. */
function nearerConditions<K extends PolicyKind>(db: Db, { kind }: Judged<K>, { targets, ancestor }: Place): readonly Condition[] {
  const instead: NearerTarget[] = [];
  const laid: NearerTarget[] = [];
  for (const target of targets) {
    for (const nearer of nearerTargets(db, kind, { target, ancestor })) {
      // The policy of a rule or route is laid over that of the listener or Gateway; over that of a route there is none.
      const spec = nearer.target.kind === "Gateway" || target.kind !== "Gateway" ? undefined : db.get(kind, nearer.policy)?.spec;
      (spec !== undefined && mergeTypeOf(spec) !== undefined ? laid : instead).push(nearer);
    }
  }
  return [
    ...(instead.length === 0 ? [] : [policyOverridden(shownTargets(instead))]),
    ...(laid.length === 0 ? [] : [policyMergedBy(shownTargets(laid))]),
  ];
}

function nearerTargets(
  db: Db,
  kind: PolicyKind,
  { target, ancestor }: { readonly target: PolicyTarget; readonly ancestor: Ancestor },
): readonly NearerTarget[] {
  if (target.section !== "") return target.kind === "Gateway" ? nearerRoutes(db, kind, ancestor.gateway, target.section) : [];
  const inside = policiesOfSections(db, kind, target.kind, target.key).flatMap((policy) =>
    targetsOf(db, kind, policy)
      .filter((each) => each.kind === target.kind && each.key === target.key && each.section !== "")
      .filter((each) => policyOf(db, kind, each) === policy && hasSection(db, each))
      .map((each): NearerTarget => ({ policy, target: each })),
  );
  return target.kind === "Gateway" ? [...inside, ...nearerRoutes(db, kind, ancestor.gateway, "")] : inside;
}

function shownTargets(nearer: readonly NearerTarget[]): readonly string[] {
  return [...new Set(nearer.map(({ target }) => shownTarget(target)))].toSorted();
}

/** "HTTPRoute default/app rule first". */
function shownTarget({ kind, key, section }: PolicyTarget): string {
  const part = kind === "Gateway" ? "listener" : "rule";
  return `${kind} ${key}${section === "" ? "" : ` ${part} ${section}`}`;
}
