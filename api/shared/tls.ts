// TLS parameters towards backends (v1alpha1 TLSSettings, BackendTLSConfig, BackendTLSSettings). It knows no kind.

import { localObjectReference, preciseHostname, secretReference } from "../gateway/fields.ts";
import { choice, flag, list, optional } from "../schema.ts";
import type { Rule } from "../schema.ts";
import { strings } from "./values.ts";

const tlsVersion = (description: string) => choice(["Auto", "1.0", "1.1", "1.2", "1.3"], { description });

/** Protocol parameters; absent fields leave Envoy's defaults. */
export const tlsSettings = {
  minVersion: optional(tlsVersion("Lowest version to offer; TLS 1.2 when absent.")),
  maxVersion: optional(tlsVersion("Highest version to offer; TLS 1.3 when absent.")),
  ciphers: optional(strings("Cipher suites for TLS up to 1.2, in OpenSSL names.")),
  ecdhCurves: optional(strings("Curves for key exchange, in order of preference.")),
  signatureAlgorithms: optional(strings("Signature algorithms, in order of preference.")),
  // In v1.7.0 the CRD leaves the names open, though the Go type has an enum.
  alpnProtocols: optional(strings("Protocols offered by ALPN, in order of preference.")),
};

/** TLSSettings and the certificate we present. */
export const clientTLSSettings = {
  clientCertificateRef: optional(secretReference("Secret with the certificate to present to backends.")),
  ...tlsSettings,
};

/** TLS settings of one Backend: what to present and whom to trust. */
export const backendTLSSettings = {
  ...clientTLSSettings,
  caCertificateRefs: optional(
    list(localObjectReference("ConfigMap, Secret or ClusterTrustBundle with CA certificates."), {
      maxItems: 8,
      description: "Whom to trust.",
    }),
  ),
  wellKnownCACertificates: optional(choice(["System"], { description: "Trust what the proxy's system trusts." })),
  insecureSkipVerify: flag({ default: false, description: "Accept any certificate." }),
  sni: optional(preciseHostname("Server name to ask for; the Host of the request when absent.")),
};

export const tlsVersionRules: readonly Rule[] = [
  {
    rule: "has(self.minVersion) && self.minVersion == '1.3' ? !has(self.ciphers) : true",
    message: "TLS 1.3 does not let one choose ciphers",
  },
  {
    rule: 'has(self.minVersion) && has(self.maxVersion) ? {"Auto":0,"1.0":1,"1.1":2,"1.2":3,"1.3":4}[self.minVersion] <= {"1.0":1,"1.1":2,"1.2":3,"1.3":4,"Auto":5}[self.maxVersion] : !has(self.minVersion) && has(self.maxVersion) ? 3 <= {"1.0":1,"1.1":2,"1.2":3,"1.3":4,"Auto":5}[self.maxVersion] : true',
    message: "minVersion must not be above maxVersion",
  },
];

const namesAuthorities = "(has(self.caCertificateRefs) && size(self.caCertificateRefs) > 0)";
const usesSystemTrust = '(has(self.wellKnownCACertificates) && self.wellKnownCACertificates != "")';

export const trustRules: readonly Rule[] = [
  {
    rule: '!(has(self.caCertificateRefs) && size(self.caCertificateRefs) > 0 && has(self.wellKnownCACertificates) && self.wellKnownCACertificates != "")',
    message: "caCertificateRefs and wellKnownCACertificates exclude each other",
  },
  {
    rule: `!((has(self.insecureSkipVerify) && self.insecureSkipVerify) && (${namesAuthorities} || ${usesSystemTrust}))`,
    message: "insecureSkipVerify excludes caCertificateRefs and wellKnownCACertificates",
  },
];
