// CA certificates that a Backend or a BackendTLSPolicy refers to: ConfigMaps and Secrets of its own namespace, key ca.crt, and
// ClusterTrustBundles.

import type { LocalObjectReference } from "../../api/gateway/fields.ts";
import type { Db } from "../../store/db.ts";
import { type ObjectKey, objectKey } from "../../store/key.ts";
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

type Authority = { readonly pem: string } | Problem;

function authority(db: Db, namespace: string, { group, kind, name }: LocalObjectReference): Authority {
  if (group === "certificates.k8s.io" && kind === "ClusterTrustBundle") return bundle(db, name);
  if (group === "" && (kind === "ConfigMap" || kind === "Secret")) return stored(db, kind, objectKey(namespace, name));
  const shown = group === "" ? kind : `${kind}.${group}`;
  const message = `${shown} ${name} cannot hold a CA, it must be a ConfigMap, Secret or ClusterTrustBundle.certificates.k8s.io.`;
  return { reason: "InvalidKind", message };
}

function stored(db: Db, kind: "ConfigMap" | "Secret", key: ObjectKey): Authority {
  const object = db.get(kind, key);
  if (object === undefined) return invalid(`${kind} ${key} not found.`);
  const text = object.data?.["ca.crt"];
  if (text === undefined) return invalid(`${kind} ${key} has no key ca.crt.`);
  const parsed = parseAuthorities(kind === "Secret" ? Buffer.from(text, "base64").toString("utf8") : text);
  return "pem" in parsed ? parsed : invalid(`${kind} ${key} has ${parsed.problem} in key ca.crt.`);
}

/** KEP-3257: belongs to no namespace, for everybody to read. */
function bundle(db: Db, name: string): Authority {
  const found = db.get("ClusterTrustBundle", objectKey(undefined, name));
  if (found === undefined) return invalid(`ClusterTrustBundle ${name} not found.`);
  const parsed = parseAuthorities(found.spec.trustBundle);
  return "pem" in parsed ? parsed : invalid(`ClusterTrustBundle ${name} has ${parsed.problem}.`);
}

function invalid(message: string): Problem {
  return { reason: "InvalidCACertificateRef", message };
}
