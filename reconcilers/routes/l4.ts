// TLSRoute, TCPRoute and UDPRoute: where they send connections, and what is wrong with that, independent of where they attach.

import type { L4Rule } from "../../api/gateway/l4rule.ts";
import type { Db } from "../../store/db.ts";
import { type ObjectKey, namespaceOf } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import type { ConnectionShare } from "../../xds/model/listener.ts";
import { groupProblem } from "../backends/clusters.ts";
import { groupCluster } from "../backends/names.ts";
import type { Problem } from "../backends/problem.ts";
import { resolveBackend } from "../backends/reference.ts";
import { routeInvalid, routeRefsNotResolved, routeRefsResolved } from "../conditions.ts";
import type { Verdict } from "../reconciler.ts";
import type { L4Kind } from "./attachment.ts";

interface Share extends ConnectionShare {
  readonly fallback: boolean;
  readonly problems: readonly Problem[];
}

/** The route's backends with their weights. Conditions: Accepted=False when the route is broken, and always ResolvedRefs. */
export const l4Shares = memo("l4Shares", (db: Db, kind: L4Kind, key: ObjectKey): Verdict<readonly ConnectionShare[]> => {
  const rules: readonly L4Rule[] = db.get(kind, key)?.spec.rules ?? [];
  const shares = rules.flatMap(({ backendRefs }) => backendRefs.map((ref) => toShare(db, { kind, key }, ref)));
  const refs = shares.flatMap(({ problems }) => problems);
  const resolved = refs.length === 0 ? routeRefsResolved() : routeRefsNotResolved(refs);
  const broken = ruleProblem(kind, rules.length);
  const { value, problem = broken } = kind === "UDPRoute" ? together(db, shares) : apart(db, shares);
  if (problem === undefined) return { value, conditions: [resolved] };
  return { value: [], conditions: [routeInvalid([problem]), resolved] };
});

/** Names of all clusters a route sends to. */
export const l4Clusters = memo("l4Clusters", (db: Db, kind: L4Kind, key: ObjectKey): readonly string[] =>
  [...new Set(l4Shares(db, kind, key).value.flatMap(({ cluster }) => cluster ?? []))].toSorted(),
);

/** No rule has a match, so that only the first could ever act. Envoy Gateway refuses several, and joins those of a TLSRoute of v1alpha2. */
function ruleProblem(kind: L4Kind, rules: number): Problem | undefined {
  if (kind === "TLSRoute" || rules === 1) return undefined;
  return { reason: "InvalidRule", message: `A ${kind} must have one rule, not ${rules}` };
}

function toShare(db: Db, route: { readonly kind: L4Kind; readonly key: ObjectKey }, ref: L4Rule["backendRefs"][number]): Share {
  const found = resolveBackend(db, { kind: route.kind, namespace: namespaceOf(route.key) }, ref);
  const cluster = found.ok ? found.value.cluster : undefined;
  return {
    cluster,
    weight: ref.weight ?? 1,
    fallback: found.ok && found.value.fallback,
    problems: found.ok ? [] : [found.problem],
  };
}

interface Joined {
  readonly value: readonly ConnectionShare[];
  readonly problem?: Problem;
}

/** A cluster for each backend, unless some serve only when the others do not: these stand in one cluster with them. */
function apart(db: Db, shares: readonly Share[]): Joined {
  // Gateway API, BackendRef.weight: 0 means no traffic; its reference is checked all the same.
  const used = shares.filter(({ weight }) => weight > 0);
  const valid = used.filter(({ cluster }) => cluster !== undefined);
  const fallbacks = valid.filter(({ fallback }) => fallback).length;
  if (fallbacks > 0 && fallbacks < valid.length) return together(db, shares);
  return { value: used.map(({ cluster, weight }) => ({ cluster, weight })) };
}

/** One cluster with a locality for each backend: Envoy sends the datagrams of a listener to one cluster. */
function together(db: Db, shares: readonly Share[]): Joined {
  const used = shares.filter(({ weight }) => weight > 0);
  const members = used.flatMap(({ cluster, weight }) => (cluster === undefined ? [] : [{ cluster, weight }]));
  const invalid = used.filter(({ cluster }) => cluster === undefined).map(({ weight }) => ({ cluster: undefined, weight }));
  if (members.length < 2) return { value: [...members, ...invalid] };
  const problem = groupProblem(db, members);
  if (problem !== undefined) return { value: [], problem: { reason: "UnsupportedValue", message: problem } };
  const weight = members.reduce((sum, member) => sum + member.weight, 0);
  return { value: [{ cluster: groupCluster(members), weight }, ...invalid] };
}
