// Which policies of a kind claim a target, and which of them has it: attachment as every kind of policy has it (Envoy Gateway's targetRef, targetRefs
// and targetSelectors). A target is a Gateway, one of its listeners, a route or one of its rules, in the policy's own namespace. Knows no field of any policy.

import type { PolicyTargetReference, PolicyTargetSelector } from "../../api/shared/policy.ts";
import type { Db, Index } from "../../store/db.ts";
import { namespaceOf, objectKey } from "../../store/key.ts";
import type { ObjectKey } from "../../store/key.ts";
import type { Kinds } from "../../store/kinds.ts";
import { memo } from "../../store/memo.ts";
import { selectorMatches } from "../labels.ts";
import type { RouteKind } from "../routes/attachment.ts";
import { compare } from "../order.ts";

const policyKinds = ["BackendTrafficPolicy", "ClientTrafficPolicy"] as const;
/** Kinds of policies that attach so. */
export type PolicyKind = (typeof policyKinds)[number];

/** One of something for each kind of policy. */
export function eachPolicyKind<Made>(make: (kind: PolicyKind) => Made): Readonly<Record<PolicyKind, Made>> {
  return Object.fromEntries(policyKinds.map((kind) => [kind, make(kind)])) as Record<PolicyKind, Made>;
}

export type TargetKind = "Gateway" | RouteKind;

/** What a policy can be for; `section` is a listener's or a rule's name, "" for the whole. */
export interface PolicyTarget {
  readonly kind: TargetKind;
  readonly key: ObjectKey;
  readonly section: string;
}

const targetKinds: readonly string[] = [
  "Gateway",
  "HTTPRoute",
  "GRPCRoute",
  "TLSRoute",
  "TCPRoute",
  "UDPRoute",
] satisfies TargetKind[];
const targetGroup = "gateway.networking.k8s.io";

/** The spec fields that say so. */
interface Targets {
  readonly targetRef?: PolicyTargetReference;
  readonly targetRefs?: readonly PolicyTargetReference[];
  readonly targetSelectors?: readonly PolicyTargetSelector[];
}

const byTarget = eachPolicyKind(indexByTarget);
const bySelector = eachPolicyKind(indexBySelector);

function indexByTarget(kind: PolicyKind): Index<PolicyKind> {
  const values = ({ metadata, spec }: Kinds[PolicyKind]): readonly string[] =>
    namedTargets(metadata.namespace ?? "", spec).flatMap((target) => {
      const own = spelled(target);
      return target.section === "" ? [own] : [own, anySection(target.kind, target.key)];
    });
  return { kind, name: "policiesByTarget", values };
}

function indexBySelector(kind: PolicyKind): Index<PolicyKind> {
  const values = ({ metadata, spec }: Kinds[PolicyKind]): readonly string[] =>
    (spec.targetSelectors ?? []).map((selector) => `${metadata.namespace ?? ""}|${selector.kind}`);
  return { kind, name: "policiesBySelector", values };
}

/** One string for a target: part of memo keys and indexes. */
function spelled({ kind, key, section }: PolicyTarget): string {
  return `${kind}|${key}|${section}`;
}

function anySection(kind: TargetKind, key: ObjectKey): string {
  return `${kind}|${key}|*`;
}

function namedTargets(namespace: string, { targetRef, targetRefs = [] }: Targets): readonly PolicyTarget[] {
  const refs = targetRef === undefined ? targetRefs : [targetRef, ...targetRefs];
  return refs.flatMap(({ group, kind, name, sectionName = "" }): readonly PolicyTarget[] =>
    group === targetGroup && isTargetKind(kind) ? [{ kind, key: objectKey(namespace, name), section: sectionName }] : [],
  );
}

function isTargetKind(kind: string): kind is TargetKind {
  return targetKinds.includes(kind);
}

/** Policies that claim a target, the one that has it first. Gateway API, conflict resolution: the oldest, then by namespace and name. */
export const policiesOf = memo(
  "policiesOf",
  (db: Db, policy: PolicyKind, kind: TargetKind, key: ObjectKey, section: string): readonly ObjectKey[] => {
    const named = db.lookup(byTarget[policy], spelled({ kind, key, section }));
    const selecting = section === "" ? db.lookup(bySelector[policy], `${namespaceOf(key)}|${kind}`) : [];
    const selected = selecting.filter((each) => selects(db, policy, each, { kind, key, section }));
    const age = (each: ObjectKey): string => db.get(policy, each)?.metadata.creationTimestamp ?? "";
    const all = [...new Set([...named, ...selected])];
    if (all.length < 2) return all;
    return all.toSorted((a, b) => compare(age(a), age(b)) || compare(a, b));
  },
);

/** The policy that a target has for itself. */
export function policyOf(db: Db, policy: PolicyKind, { kind, key, section }: PolicyTarget): ObjectKey | undefined {
  return policiesOf(db, policy, kind, key, section)[0];
}

function selects(db: Db, policy: PolicyKind, key: ObjectKey, target: PolicyTarget): boolean {
  const labels = db.get(target.kind, target.key)?.metadata.labels;
  const selectors = db.get(policy, key)?.spec.targetSelectors ?? [];
  return selectors.some((each) => each.kind === target.kind && selectorMatches(each, labels));
}

/** Everything that exists and that a policy is for: what its selectors find, then what it names, each once. */
export const targetsOf = memo("policyTargets", (db: Db, policy: PolicyKind, key: ObjectKey): readonly PolicyTarget[] => {
  const spec: Targets = db.get(policy, key)?.spec ?? {};
  const kinds = [...new Set((spec.targetSelectors ?? []).map(({ kind }) => kind))].filter(isTargetKind);
  const found = kinds.flatMap((kind) => selectedBy(db, { policy, key }, kind));
  const named = namedTargets(namespaceOf(key), spec).filter((target) => db.get(target.kind, target.key) !== undefined);
  const unique = new Map([...found, ...named].map((target) => [spelled(target), target]));
  return [...unique.values()];
});

function selectedBy(
  db: Db,
  { policy, key }: { readonly policy: PolicyKind; readonly key: ObjectKey },
  kind: TargetKind,
): readonly PolicyTarget[] {
  const inNamespace = db.keys(kind).filter((each) => namespaceOf(each) === namespaceOf(key));
  const targets = inNamespace.map((each): PolicyTarget => ({ kind, key: each, section: "" }));
  return targets.filter((target) => selects(db, policy, key, target));
}

/** Policies for rules or listeners of a target, which stand before one for the whole. */
export function policiesOfSections(db: Db, policy: PolicyKind, kind: TargetKind, key: ObjectKey): readonly ObjectKey[] {
  return db.lookup(byTarget[policy], anySection(kind, key));
}
