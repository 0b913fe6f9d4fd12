// TLS towards a backend: what the BackendTLSPolicy for it and the `tls` field of a Backend mean, and the secrets that they need. Fails
// closed: TLS that cannot be checked is a problem of the backend, never plain text.

import type { Backend } from "../../api/backend.ts";
import type { Db } from "../../store/db.ts";
import { nameOf, namespaceOf, objectKey } from "../../store/key.ts";
import type { ObjectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import type { UpstreamTls } from "../../xds/model/backend.ts";
import type { Origin } from "../../xds/model/origin.ts";
import type { Secret } from "../../xds/model/tls.ts";
import { certificate } from "../certificates.ts";
import { authoritiesOf } from "./authorities.ts";
import { fail, succeed } from "./problem.ts";
import type { Outcome } from "./problem.ts";
import { type TargetKind, policyOf, policyTls } from "./tls-policy.ts";

export interface BackendTls {
  readonly tls?: UpstreamTls;
  readonly secrets: readonly Secret[];
}

type TlsSpec = NonNullable<Backend["spec"]["tls"]>;

/**
 * How TLS is spoken to a Service or Backend; without `tls`: not at all. `port`: number of a Service's port, "" for a Backend. A policy
 * comes before what a Backend says itself, save what a policy cannot say.
 */
export const backendTls = memo("backendTls", (db: Db, kind: TargetKind, key: ObjectKey, port: string): Outcome<BackendTls> => {
  const spec = kind === "Backend" ? db.get("Backend", key)?.spec.tls : undefined;
  const policy = policyFor(db, { kind, key, port });
  if (!policy.ok) return policy;
  return policy.value === undefined ? ownTls(db, key, spec) : governedTls(db, policy.value, { key, spec });
});

interface Target {
  readonly kind: TargetKind;
  readonly key: ObjectKey;
  readonly port: string;
}

/** The policy for a target: one for its section before one for the whole. */
function policyFor(db: Db, target: Target): Outcome<ObjectKey | undefined> {
  const { kind, key } = target;
  const sections = sectionsOf(db, target);
  const [specific] = sections.flatMap((section) => policyOf(db, kind, key, section) ?? []);
  if (specific !== undefined && sections.length > 1) {
    const message = `BackendTLSPolicy ${specific} is for one port of ${kind} ${key}, whose endpoints have several.`;
    return fail("InvalidBackendTLS", message);
  }
  return succeed(specific ?? policyOf(db, kind, key, ""));
}

/** What policies call the port: its name in a Service, its number in a Backend, whose endpoints need not agree. */
export function sectionsOf(db: Db, { kind, key, port }: Target): readonly string[] {
  if (kind === "Service") {
    const ports = db.get("Service", key)?.spec?.ports ?? [];
    return ports.flatMap((each) =>
      (port === "" || String(each.port) === port) && (each.protocol ?? "TCP") === "TCP" && each.name ? [each.name] : [],
    );
  }
  const ports = (db.get("Backend", key)?.spec.endpoints ?? []).flatMap(({ fqdn, ip }) => (fqdn ?? ip)?.port ?? []);
  return [...new Set(ports)].map(String).toSorted();
}

function governedTls(
  db: Db,
  policy: ObjectKey,
  { key, spec }: { readonly key: ObjectKey; readonly spec: TlsSpec | undefined },
): Outcome<BackendTls> {
  const wanted = policyTls(db, policy);
  if (!wanted.ok) return wanted;
  const client = spec === undefined ? succeed(undefined) : clientCertificate(db, key, spec);
  if (!client.ok) return client;
  const tls: UpstreamTls = {
    ...wanted.value.tls,
    ...(client.value === undefined ? {} : { clientCertificate: client.value.name }),
    alpn: spec?.alpnProtocols ?? [],
  };
  return succeed({ tls, secrets: [wanted.value.secret, client.value].filter((secret) => secret !== undefined) });
}

/** The TLS settings of a Backend, none when it has no `tls`. */
function ownTls(db: Db, key: ObjectKey, spec: TlsSpec | undefined): Outcome<BackendTls> {
  if (spec === undefined) return succeed({ secrets: [] });
  const trust = trustOf(db, key, spec);
  if (!trust.ok) return trust;
  const client = clientCertificate(db, key, spec);
  if (!client.ok) return client;
  const secrets = [trust.value.secret, client.value].filter((secret) => secret !== undefined);
  const tls: UpstreamTls = {
    ...(spec.sni === undefined ? {} : { sni: spec.sni }),
    trust: trust.value.trust,
    // A verified certificate must carry the name that was asked for; without a literal one, that is the request's host (xds/envoy/cluster.ts).
    subjectAltNames: spec.sni === undefined || spec.insecureSkipVerify ? [] : [{ type: "dns", value: spec.sni }],
    ...(client.value === undefined ? {} : { clientCertificate: client.value.name }),
    alpn: spec.alpnProtocols ?? [],
  };
  return succeed({ tls, secrets });
}

function trustOf(
  db: Db,
  key: ObjectKey,
  spec: TlsSpec,
): Outcome<{ readonly trust: UpstreamTls["trust"]; readonly secret?: Secret }> {
  if (spec.insecureSkipVerify) return succeed({ trust: { type: "none" } });
  if (spec.wellKnownCACertificates === "System") return succeed({ trust: { type: "system" } });
  const refs = spec.caCertificateRefs ?? [];
  if (refs.length === 0) {
    const rule = "must specify either CACertificateRefs or WellKnownCACertificates when InsecureSkipVerify is unset or false";
    return fail("InvalidBackendTLS", `Backend ${key} ${rule}.`);
  }
  const { pem, problems } = authoritiesOf(db, namespaceOf(key), refs);
  const [problem] = problems;
  if (problem !== undefined) return fail("InvalidBackendTLS", `Backend ${key} has an invalid CA: ${problem.message}`);
  const secret: Secret = { type: "trust", name: `backend/${key}/ca`, origins: [originOf(key)], caPem: pem };
  return succeed({ trust: { type: "secret", name: secret.name }, secret });
}

function clientCertificate(db: Db, key: ObjectKey, spec: TlsSpec): Outcome<Secret | undefined> {
  const ref = spec.clientCertificateRef;
  if (ref === undefined) return succeed(undefined);
  const namespace = namespaceOf(key);
  if ((ref.namespace ?? namespace) !== namespace) {
    return fail("InvalidBackendTLS", `Backend ${key} refers to a client certificate in another namespace, ${ref.namespace}.`);
  }
  const target = objectKey(namespace, ref.name);
  const found = certificate(db, target);
  if (found.type === "invalid")
    return fail("InvalidBackendTLS", `Backend ${key} has no client certificate: Secret ${target} ${found.problem}.`);
  const { chainPem, keyPem } = found.certificate;
  return succeed({ type: "certificate", name: `backend/${key}/client`, origins: [originOf(key)], chainPem, keyPem });
}

function originOf(key: ObjectKey): Origin {
  return { kind: "Backend", namespace: namespaceOf(key), name: nameOf(key) };
}
