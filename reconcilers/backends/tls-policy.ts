// BackendTLSPolicy: which one is for a target, and what it means to a proxy. Knows nothing of routes and status.

import type { BackendTLSTarget } from "../../api/gateway/backendtlspolicy.ts";
import type { Db, Index } from "../../store/db.ts";
import { type ObjectKey, nameOf, namespaceOf, objectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import type { UpstreamTls } from "../../xds/model/backend.ts";
import type { Secret } from "../../xds/model/tls.ts";
import { type Authorities, authoritiesOf } from "./authorities.ts";
import { type Outcome, fail, succeed } from "./problem.ts";

/** Kinds that a policy can be for. */
export type TargetKind = "Service" | "Backend";

/** The kind that a targetRef names; undefined when no policy can be for it. */
export function targetKind({ group, kind }: BackendTLSTarget): TargetKind | undefined {
  if (group === "" && kind === "Service") return kind;
  return group === "gateway.envoyproxy.io" && kind === "Backend" ? kind : undefined;
}

const policiesByTarget: Index<"BackendTLSPolicy"> = {
  kind: "BackendTLSPolicy",
  name: "policiesByTarget",
  values: ({ metadata, spec }) =>
    spec.targetRefs.flatMap((ref) => {
      const kind = targetKind(ref);
      return kind === undefined ? [] : [place(kind, objectKey(metadata.namespace ?? "", ref.name), ref.sectionName ?? "")];
    }),
};

function place(kind: TargetKind, key: ObjectKey, section: string): string {
  return `${kind}|${key}|${section}`;
}

/** The policy that has this section of a target, "" for the whole. Gateway API, conflict resolution: the oldest, then by name. */
export const policyOf = memo("policyOf", (db: Db, kind: TargetKind, key: ObjectKey, section: string): ObjectKey | undefined => {
  const age = (policy: ObjectKey): string => db.get("BackendTLSPolicy", policy)?.metadata.creationTimestamp ?? "";
  // Lookups are sorted by namespace and name.
  return db
    .lookup(policiesByTarget, place(kind, key, section))
    .toSorted((a, b) => (age(a) < age(b) ? -1 : age(a) > age(b) ? 1 : 0))[0];
});

/** Whom a policy trusts by its references. */
export const policyAuthorities = memo("policyAuthorities", (db: Db, policy: ObjectKey): Authorities => {
  const refs = db.get("BackendTLSPolicy", policy)?.spec.validation.caCertificateRefs ?? [];
  return authoritiesOf(db, namespaceOf(policy), refs);
});

/** What a policy asks for. */
export interface PolicyTls {
  readonly tls: UpstreamTls;
  readonly secret?: Secret;
}

/** A policy that can check nobody is an error: to trust everybody, or to speak plain text, is not what it says. */
export const policyTls = memo("policyTls", (db: Db, policy: ObjectKey): Outcome<PolicyTls> => {
  const validation = db.get("BackendTLSPolicy", policy)?.spec.validation;
  if (validation === undefined) return fail("InvalidBackendTLS", `BackendTLSPolicy ${policy} not found.`);
  const names = (validation.subjectAltNames ?? []).flatMap(({ type, hostname, uri }): UpstreamTls["subjectAltNames"] => {
    const value = type === "Hostname" ? hostname : uri;
    return value === undefined ? [] : [{ type: type === "Hostname" ? "dns" : "uri", value }];
  });
  const common = {
    sni: validation.hostname,
    subjectAltNames: names.length > 0 ? names : [{ type: "dns", value: validation.hostname } as const],
    alpn: [],
  };
  if (validation.wellKnownCACertificates === "System") return succeed({ tls: { ...common, trust: { type: "system" } } });
  const { pem, problems } = policyAuthorities(db, policy);
  if (pem === "") {
    const why = problems.map(({ message }) => message).join(" ") || "It names no CA.";
    return fail("InvalidBackendTLS", `BackendTLSPolicy ${policy} has no usable CA certificate: ${why}`);
  }
  const name = `backendtlspolicy/${policy}/ca`;
  const origin = { kind: "BackendTLSPolicy", namespace: namespaceOf(policy), name: nameOf(policy) };
  return succeed({
    tls: { ...common, trust: { type: "secret", name } },
    secret: { type: "trust", name, origins: [origin], caPem: pem },
  });
});
