// TLS towards a Backend: what its `tls` field means, and the secrets that it needs. Fails closed: TLS that cannot be checked is a problem
// of the Backend, never plain text.

import type { Backend } from "../../api/backend.ts";
import type { Db } from "../../store/db.ts";
import { nameOf, namespaceOf, objectKey } from "../../store/key.ts";
import type { ObjectKey } from "../../store/key.ts";
import type { UpstreamTls } from "../../xds/model/backend.ts";
import type { Origin } from "../../xds/model/origin.ts";
import type { Secret } from "../../xds/model/tls.ts";
import { certificate } from "../certificates.ts";
import { fail, succeed } from "./problem.ts";
import type { Outcome } from "./problem.ts";

export interface BackendTls {
  readonly tls?: UpstreamTls;
  readonly secrets: readonly Secret[];
}

type TlsSpec = NonNullable<Backend["spec"]["tls"]>;

/** The TLS settings of a Backend, none when it has no `tls`. */
export function backendTls(db: Db, key: ObjectKey, spec: TlsSpec | undefined): Outcome<BackendTls> {
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
  const pems: string[] = [];
  for (const ref of refs) {
    const target = objectKey(namespaceOf(key), ref.name);
    if (ref.kind !== "ConfigMap" && ref.kind !== "Secret") {
      return fail(
        "InvalidBackendTLS",
        `Backend ${key} refers to ${ref.kind} ${ref.name} for its CA, which is not a ConfigMap or Secret.`,
      );
    }
    const pem = ref.kind === "Secret" ? secretText(db, target, "ca.crt") : db.get("ConfigMap", target)?.data?.["ca.crt"];
    if (pem === undefined || !pem.includes("-----BEGIN CERTIFICATE-----")) {
      return fail("InvalidBackendTLS", `Backend ${key} needs a certificate in key ca.crt of ${ref.kind} ${target}.`);
    }
    pems.push(pem.trimEnd());
  }
  const secret: Secret = { type: "trust", name: `backend/${key}/ca`, origins: [originOf(key)], caPem: `${pems.join("\n")}\n` };
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

function secretText(db: Db, key: ObjectKey, field: string): string | undefined {
  const encoded = db.get("Secret", key)?.data?.[field];
  return encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString("utf8");
}
