// A policy's settings of TLS with clients, and whom it trusts, in the words of xds/model.

import type { ClientTLS } from "../../api/clienttrafficpolicy/tls.ts";
import type { SecretReference } from "../../api/gateway/fields.ts";
import type { Db } from "../../store/db.ts";
import { type ObjectKey, nameOf, namespaceOf } from "../../store/key.ts";
import type { ClientCertificate, ClientTlsParameters, TlsVersion } from "../../xds/model/client.ts";
import type { TrustBundle } from "../../xds/model/tls.ts";
import { authoritiesOf } from "../backends/authorities.ts";
import { readable } from "./grants.ts";
import { certificateNames, checkHashes } from "./certificate-names.ts";
import type { Report } from "./report.ts";
import { revocationLists } from "./revocation.ts";
import { checkCiphers, checkCurves, checkSignatureAlgorithms } from "./tls-names.ts";

export interface ClientTlsSettings {
  readonly parameters: ClientTlsParameters;
  readonly alpn?: readonly string[];
  /** Whom clients' certificates must be signed by. */
  readonly trust?: Omit<TrustBundle, "origins">;
}

type Validation = NonNullable<ClientTLS["clientValidation"]>;

/** Settings of a policy; `tls` is absent in a policy for other things, which still fixes the versions (Envoy Gateway v1.7). */
export function clientTls(
  db: Db,
  { policy, tls, report }: { readonly policy: ObjectKey; readonly tls: ClientTLS | undefined; readonly report: Report },
): ClientTlsSettings {
  const { ciphers = [], ecdhCurves = [], signatureAlgorithms = [], alpnProtocols, session } = tls ?? {};
  checkCiphers(report, ciphers);
  checkCurves(report, ecdhCurves);
  checkSignatureAlgorithms(report, signatureAlgorithms);
  alpnProtocols?.forEach((name, index) => {
    if (name === "" || Buffer.byteLength(name) > 255) report(`tls.alpnProtocols[${index}]`, "must have from 1 to 255 bytes");
  });
  const asked = tls?.clientValidation === undefined ? undefined : validation(db, { policy, asked: tls.clientValidation, report });
  return {
    parameters: {
      minVersion: version(tls?.minVersion ?? "1.2"),
      maxVersion: version(tls?.maxVersion ?? "1.3"),
      ciphers,
      curves: ecdhCurves,
      signatureAlgorithms,
      tickets: session?.resumption?.stateless !== undefined,
      sessionIds: session?.resumption?.stateful !== undefined,
      ...(asked === undefined ? {} : { clientCertificate: asked.certificate }),
    },
    ...(alpnProtocols === undefined ? {} : { alpn: alpnProtocols }),
    ...(asked === undefined ? {} : { trust: asked.trust }),
  };
}

function version(spelled: NonNullable<ClientTLS["minVersion"]>): TlsVersion {
  return spelled === "Auto" ? "auto" : spelled;
}

interface Asking {
  readonly policy: ObjectKey;
  readonly asked: Validation;
  readonly report: Report;
}

/** A policy that asks for certificates and cannot check them is broken: to take any, or none, is not what it says. */
function validation(
  db: Db,
  { policy, asked, report }: Asking,
): { readonly certificate: ClientCertificate; readonly trust: Omit<TrustBundle, "origins"> } | undefined {
  const { caCertificateRefs = [], spkiHashes = [], certificateHashes = [], crl } = asked;
  if (caCertificateRefs.length === 0) report("tls.clientValidation.caCertificateRefs", "is empty: there is nobody to trust");
  const names = certificateNames(asked.subjectAltNames, report);
  checkHashes(asked, report);
  const caPem = authorities(db, { policy, refs: caCertificateRefs, report });
  const crlPem = crl === undefined ? "" : revocationLists(db, { policy, refs: crl.refs, report });
  if (caPem === "") return undefined;
  const trust = `clienttrafficpolicy/${policy}/ca`;
  return {
    certificate: {
      required: asked.optional !== true,
      trust,
      spkiHashes,
      hashes: certificateHashes,
      names,
      ...(crl === undefined ? {} : { revocation: crl.onlyVerifyLeafCertificate === true ? "leaf" : "chain" }),
    },
    trust: { type: "trust", name: trust, caPem, ...(crlPem === "" ? {} : { crlPem }) },
  };
}

function authorities(
  db: Db,
  { policy, refs, report }: { readonly policy: ObjectKey; readonly refs: readonly SecretReference[]; readonly report: Report },
): string {
  return refs
    .map((ref, index) => {
      const field = `tls.clientValidation.caCertificateRefs[${index}]`;
      if (!readable(db, { policy, ref, field, report })) return "";
      const { pem, problems } = authoritiesOf(db, ref.namespace ?? namespaceOf(policy), [ref]);
      for (const { message } of problems) report(field, `cannot be used: ${message}`);
      return pem;
    })
    .join("");
}

/** How a policy is named as the origin of what is made from it. */
export function policyOrigin(policy: ObjectKey): { readonly kind: string; readonly namespace: string; readonly name: string } {
  return { kind: "ClientTrafficPolicy", namespace: namespaceOf(policy), name: nameOf(policy) };
}
