// Lists of revoked certificates in ConfigMaps and Secrets of a policy's namespace, or of another one that grants it; key ca.crl.
// What is inside is left to Envoy but for the dates: an expired list would refuse everybody.

import type { SecretReference } from "../../api/gateway/fields.ts";
import type { Db } from "../../store/db.ts";
import { type ObjectKey, namespaceOf, objectKey } from "../../store/key.ts";
import { readable } from "./grants.ts";
import type { Report } from "./report.ts";

export function revocationLists(
  db: Db,
  { policy, refs, report }: { readonly policy: ObjectKey; readonly refs: readonly SecretReference[]; readonly report: Report },
): string {
  return refs
    .map((ref, index) => {
      const field = `tls.clientValidation.crl.refs[${index}]`;
      if (!readable(db, { policy, ref, field, report })) return "";
      const found = stored(db, objectKey(ref.namespace ?? namespaceOf(policy), ref.name), ref);
      if ("problem" in found) {
        report(field, `cannot be used: ${found.problem}`);
        return "";
      }
      return found.pem;
    })
    .join("");
}

type List = { readonly pem: string } | { readonly problem: string };

function stored(db: Db, key: ObjectKey, { group, kind }: SecretReference): List {
  if (group !== "" || (kind !== "Secret" && kind !== "ConfigMap"))
    return { problem: `${kind} cannot hold a revocation list, it must be a ConfigMap or Secret.` };
  const object = db.get(kind, key);
  if (object === undefined) return { problem: `${kind} ${key} not found.` };
  const text = object.data?.["ca.crl"];
  if (text === undefined) return { problem: `${kind} ${key} has no key ca.crl.` };
  return parsed(kind === "Secret" ? Buffer.from(text, "base64").toString("utf8") : text, `${kind} ${key}`);
}

function parsed(text: string, shown: string): List {
  const blocks = text.match(/-----BEGIN X509 CRL-----[A-Za-z0-9+/=\s]+-----END X509 CRL-----/g) ?? [];
  if (blocks.length === 0) return { problem: `${shown} has no revocation list in PEM in key ca.crl.` };
  return { pem: blocks.map((block) => `${block}\n`).join("") };
}
