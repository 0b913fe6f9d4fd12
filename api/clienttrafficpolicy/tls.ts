// TLS from clients (v1alpha1 ClientTLSSettings): which protocols, and whose certificates a client may show.

import { secretReference } from "../gateway/fields.ts";
import { flag, list, object, optional, text } from "../schema.ts";
import type { Static } from "../schema.ts";
import { tlsSettings, tlsVersionRules } from "../shared/tls.ts";
import { stringMatch, strings } from "../shared/values.ts";

const names = (description: string) => optional(list(stringMatch, { description }));

const otherName = object({ oid: text({ description: "Object identifier of the name's type." }), ...stringMatch.properties });

const subjectAltNames = object(
  {
    dnsNames: names("DNS names."),
    emailAddresses: names("E-mail addresses."),
    ipAddresses: names("IP addresses."),
    uris: names("URIs."),
    otherNames: optional(list(otherName, { description: "Names of other types." })),
  },
  { description: "Names of which the certificate must carry one." },
);

const crl = object(
  {
    refs: list(secretReference("ConfigMap, Secret or ClusterTrustBundle with a list under `ca.crl`."), {
      minItems: 1,
      maxItems: 8,
      description: "Where the lists are.",
    }),
    onlyVerifyLeafCertificate: optional(flag({ description: "Look up the client's own certificate only." })),
  },
  { description: "Certificates that are revoked." },
);

const clientValidation = object(
  {
    optional: optional(flag({ description: "Serve clients without a certificate, too." })),
    caCertificateRefs: optional(
      list(secretReference("ConfigMap, Secret or ClusterTrustBundle with CA certificates under `ca.crt`."), {
        maxItems: 8,
        description: "Whom to trust.",
      }),
    ),
    spkiHashes: optional(strings("SHA-256 of public keys, in base64, of which the certificate must have one.")),
    certificateHashes: optional(strings("SHA-256 of certificates, in hexadecimal, one of which it must be.")),
    subjectAltNames: optional(subjectAltNames),
    crl: optional(crl),
  },
  { description: "How certificates of clients are checked." },
);

const resumption = object(
  {
    stateless: optional(object({}, { description: "By session tickets." })),
    stateful: optional(object({}, { description: "By session identifiers." })),
  },
  { description: "Which ways to resume a session are offered; none when absent." },
);

export const clientTls = object(
  {
    ...tlsSettings,
    clientValidation: optional(clientValidation),
    session: optional(object({ resumption: optional(resumption) }, { description: "Sessions." })),
  },
  { rules: tlsVersionRules, description: "TLS from clients; for listeners that terminate TLS." },
);
export type ClientTLS = Static<typeof clientTls>;
