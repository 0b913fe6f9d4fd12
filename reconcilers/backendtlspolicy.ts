// BackendTLSPolicy: one status for each Gateway with an accepted route to a target. What a policy means is backends/tls-policy.ts's.

import type { BackendTLSPolicy, BackendTLSTarget } from "../api/gateway/backendtlspolicy.ts";
import type { Db } from "../store/db.ts";
import { type ObjectKey, nameOf, namespaceOf, objectKey } from "../store/key.ts";
import { memo } from "../store/memo.ts";
import { policyAuthorities, policyOf, policyTls, targetKind } from "./backends/tls-policy.ts";
import { sectionsOf } from "./backends/tls.ts";
import {
  policyAccepted,
  policyConflicted,
  policyForeignTarget,
  policyInvalid,
  policyRefsNotResolved,
  policyRefsResolved,
  policyTargetNotFound,
  policyWithoutAuthority,
} from "./conditions.ts";
import { configKey } from "./envoyproxy.ts";
import type { Condition, Reconciler, WantedStatus } from "./reconciler.ts";
import { gatewaysUsing } from "./routes/users.ts";

type Status = WantedStatus<NonNullable<BackendTLSPolicy["status"]>>;

/** Gateway API, PolicyStatus.ancestors. */
const mostAncestors = 16;

const status = memo("backendTlsPolicyStatus", (db: Db, key: ObjectKey): Status | undefined => {
  const controllerName = db.get("Config", configKey)?.controllerName;
  const targets = db.get("BackendTLSPolicy", key)?.spec.targetRefs ?? [];
  const gateways = [...new Set(targets.flatMap((_, index) => usersOf(db, key, String(index))))].toSorted();
  if (controllerName === undefined || gateways.length === 0) return undefined;
  const conditions = [accepted(db, key, targets), resolvedRefs(db, key)];
  return {
    ancestors: gateways.slice(0, mostAncestors).map((gateway) => ({
      ancestorRef: {
        group: "gateway.networking.k8s.io",
        kind: "Gateway",
        namespace: namespaceOf(gateway),
        name: nameOf(gateway),
      },
      controllerName,
      conditions,
    })),
  };
});

/**
 * Gateways that send something to a target; with a section, to that section, if there is one of that name. A target that we cannot serve has
 * users too, who wait for the policy.
 */
const usersOf = memo("usersOfTarget", (db: Db, policy: ObjectKey, index: string): readonly ObjectKey[] => {
  const ref = db.get("BackendTLSPolicy", policy)?.spec.targetRefs[Number(index)];
  if (ref === undefined) return [];
  const { group, kind, name, sectionName } = ref;
  const namespace = namespaceOf(policy);
  const ports = targetKind(ref) === "Service" ? db.get("Service", objectKey(namespace, name))?.spec?.ports : undefined;
  const port = ports?.find((each) => each.name !== undefined && each.name === sectionName)?.port;
  return gatewaysUsing(db, { group, kind, namespace, name }, port === undefined ? "" : String(port));
});

function accepted(db: Db, policy: ObjectKey, targets: readonly BackendTLSTarget[]): Condition {
  const lost: string[] = [];
  const missing: string[] = [];
  const foreign: string[] = [];
  for (const ref of targets) {
    const kind = targetKind(ref);
    const key = objectKey(namespaceOf(policy), ref.name);
    const section = ref.sectionName ?? "";
    const shown = `${ref.kind} ${key}${section === "" ? "" : ` port ${section}`}`;
    if (kind === undefined) {
      foreign.push(shown);
      continue;
    }
    const winner = policyOf(db, kind, key, section);
    if (winner !== undefined && winner !== policy) lost.push(`${shown} belongs to ${winner}`);
    const exists = db.get(kind, key) !== undefined;
    if (!exists || (section !== "" && !sectionsOf(db, { kind, key, port: "" }).includes(section))) missing.push(shown);
  }
  if (lost.length > 0) return policyConflicted(lost);
  if (foreign.length > 0) return policyForeignTarget(foreign);
  if (missing.length > 0) return policyTargetNotFound(missing);
  const tls = policyTls(db, policy);
  if (tls.ok) return policyAccepted();
  return policyAuthorities(db, policy).problems.length > 0 ? policyWithoutAuthority() : policyInvalid(tls.problem.message);
}

function resolvedRefs(db: Db, policy: ObjectKey): Condition {
  const { problems } = policyAuthorities(db, policy);
  return problems.length === 0 ? policyRefsResolved() : policyRefsNotResolved(problems);
}

export const backendTlsPolicy: Reconciler<"BackendTLSPolicy"> = { kind: "BackendTLSPolicy", status };
