// CA certificates that a Backend or a BackendTLSPolicy refers to: ConfigMaps and Secrets of its own namespace, key ca.crt.

import type { LocalObjectReference } from "../../api/gateway/fields.ts";
import type { Db } from "../../store/db.ts";
import { objectKey } from "../../store/key.ts";
import { parseAuthorities } from "../certificates.ts";
import type { Problem } from "./problem.ts";

export interface Authorities {
  /** All usable certificates; empty when there are none. */
  readonly pem: string;
  /** One for each reference that cannot be used; reasons are those of the Gateway API. */
  readonly problems: readonly Problem[];
}

export function authoritiesOf(db: Db, namespace: string, refs: readonly LocalObjectReference[]): Authorities {
  const found = refs.map((ref) => authority(db, namespace, ref));
  return {
    pem: found.map((each) => ("pem" in each ? each.pem : "")).join(""),
    problems: found.flatMap((each) => ("reason" in each ? [each] : [])),
  };
}

function authority(db: Db, namespace: string, { group, kind, name }: LocalObjectReference): { readonly pem: string } | Problem {
  if (group !== "" || (kind !== "ConfigMap" && kind !== "Secret")) {
    const shown = group === "" ? kind : `${kind}.${group}`;
    return { reason: "InvalidKind", message: `${shown} ${name} cannot hold a CA, it must be a ConfigMap or Secret.` };
  }
  const key = objectKey(namespace, name);
  const invalid = (what: string): Problem => ({ reason: "InvalidCACertificateRef", message: `${kind} ${key} ${what}.` });
  const object = db.get(kind, key);
  if (object === undefined) return invalid("not found");
  const stored = object.data?.["ca.crt"];
  if (stored === undefined) return invalid("has no key ca.crt");
  const parsed = parseAuthorities(kind === "Secret" ? Buffer.from(stored, "base64").toString("utf8") : stored);
  return "pem" in parsed ? parsed : invalid(`has ${parsed.problem} in key ca.crt`);
}
