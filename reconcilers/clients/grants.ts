// May a policy read what it refers to? Objects of other namespaces need a grant.

import type { SecretReference } from "../../api/gateway/fields.ts";
import type { Db } from "../../store/db.ts";
import { type ObjectKey, namespaceOf, objectKey } from "../../store/key.ts";
import { referencePermitted } from "../references.ts";
import type { Report } from "./report.ts";

/** Objects of other namespaces need a grant; a ClusterTrustBundle belongs to none. */
export function readable(
  db: Db,
  {
    policy,
    ref,
    field,
    report,
  }: { readonly policy: ObjectKey; readonly ref: SecretReference; readonly field: string; readonly report: Report },
): boolean {
  const { group, kind, name, namespace = namespaceOf(policy) } = ref;
  if (kind === "ClusterTrustBundle") return true;
  const from = { group: "gateway.envoyproxy.io", kind: "ClientTrafficPolicy", namespace: namespaceOf(policy) };
  if (referencePermitted(db, from, { group, kind, namespace, name })) return true;
  report(field, `cannot be used: no ReferenceGrant permits ${kind} ${objectKey(namespace, name)}.`);
  return false;
}
