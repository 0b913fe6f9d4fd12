// Certificates that listeners terminate TLS with: following certificateRefs, and finding listeners whose names or certificates overlap.
// What makes a pair usable is certificates.ts's business.

import type { Db } from "../../store/db.ts";
import { type ObjectKey, objectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import { certificate } from "../certificates.ts";
import { listenerInvalidCertificateRef, listenerPartiallyInvalidCertificateRef, listenerRefNotPermitted } from "../conditions.ts";
import { overlap } from "../hostnames.ts";
import type { Condition } from "../reconciler.ts";
import { referencePermitted } from "../references.ts";
import { type ListenerOwner, ownerReference } from "./listener-owner.ts";
import { listenerSpecs } from "./listener-owners.ts";
import { type ListenerSpec, terminatesTls } from "./listener-spec.ts";

type CertificateRef = NonNullable<NonNullable<ListenerSpec["tls"]>["certificateRefs"]>[number];

/** Certificates of one listener, and what is wrong with the others. */
export interface ListenerCertificates {
  /** Keys of Secrets with a usable pair, in the order of certificateRefs, each once. */
  readonly usable: readonly ObjectKey[];
  readonly conditions: readonly Condition[];
}

type Followed =
  | { readonly type: "usable"; readonly key: ObjectKey }
  | { readonly type: "invalid"; readonly problem: string }
  | { readonly type: "notPermitted"; readonly problem: string };

/** Certificates of every listener of an owner, by position in spec.listeners; empty for those that do not terminate TLS. */
export const listenerCertificates = memo("listenerCertificates", (db: Db, owner: string): readonly ListenerCertificates[] =>
  listenerSpecs(db, owner as ListenerOwner).map((listener) =>
    terminatesTls(listener)
      ? collect(
          db,
          (listener.tls?.certificateRefs ?? []).map((ref) => follow(db, owner as ListenerOwner, ref)),
        )
      : { usable: [], conditions: [] },
  ),
);

function follow(db: Db, owner: ListenerOwner, ref: CertificateRef): Followed {
  const from = ownerReference(owner);
  const group = ref.group ?? "";
  const kind = ref.kind ?? "Secret";
  const namespace = ref.namespace ?? from.namespace;
  const shown = `${kind} ${namespace}/${ref.name}`;
  if (group !== "" || kind !== "Secret")
    return { type: "invalid", problem: `${group === "" ? "" : `${group}/`}${shown} is not a Secret` };
  if (!referencePermitted(db, from, { group, kind, namespace, name: ref.name })) return { type: "notPermitted", problem: shown };
  const key = objectKey(namespace, ref.name);
  const result = certificate(db, key);
  return result.type === "valid" ? { type: "usable", key } : { type: "invalid", problem: `${shown} ${result.problem}` };
}

function collect(db: Db, followed: readonly Followed[]): ListenerCertificates {
  const usable: ObjectKey[] = [];
  const problems: string[] = [];
  const refused: string[] = [];
  for (const one of followed) {
    if (one.type === "usable") {
      if (usable.includes(one.key)) continue;
      const twin = usable.find((key) => sameUse(db, key, one.key));
      if (twin === undefined) usable.push(one.key);
      else problems.push(`Secret ${one.key} has the same kind of key and a name in common with Secret ${twin}`);
    } else if (one.type === "notPermitted") {
      refused.push(one.problem);
      problems.push(`no ReferenceGrant permits ${one.problem}`);
    } else {
      problems.push(one.problem);
    }
  }
  if (problems.length === 0) return { usable, conditions: [] };
  if (usable.length > 0) return { usable, conditions: [listenerPartiallyInvalidCertificateRef(problems)] };
  return {
    usable,
    conditions: [refused.length === followed.length ? listenerRefNotPermitted(refused) : listenerInvalidCertificateRef(problems)],
  };
}

/** Envoy refuses a chain in which it cannot choose between two certificates: the same kind of key for the same name. */
function sameUse(db: Db, a: ObjectKey, b: ObjectKey): boolean {
  const [first, second] = [certificate(db, a), certificate(db, b)];
  if (first.type === "invalid" || second.type === "invalid") return false;
  const names = new Set(first.certificate.names);
  return first.certificate.algorithm === second.certificate.algorithm && second.certificate.names.some((name) => names.has(name));
}

/** Is there a name that a certificate of both lists is valid for? */
export function certificatesOverlap(db: Db, a: readonly ObjectKey[], b: readonly ObjectKey[]): boolean {
  const names = (keys: readonly ObjectKey[]): readonly string[] =>
    keys.flatMap((key) => {
      const result = certificate(db, key);
      return result.type === "valid" ? result.certificate.names : [];
    });
  const others = names(b);
  return names(a).some((name) => others.some((other) => overlap(name, other)));
}
