// TLS towards a backend: the name that is asked for, what is trusted, which names the certificate may carry, and who we are.

import type { Any } from "@bufbuild/protobuf/wkt";
import { extensions_transport_sockets_tls_v3, type type_matcher_v3 } from "#envoy";
import type { UpstreamTls } from "../model/backend.ts";
import type { MessageInit } from "./message-init.ts";
import { sdsSecret, tlsTransportSocketName } from "./secret.ts";
import { packed, quoted } from "./wire.ts";

const { UpstreamTlsContextSchema, TlsParameters_TlsProtocol, SubjectAltNameMatcher_SanType } =
  extensions_transport_sockets_tls_v3;
type Common = MessageInit<typeof extensions_transport_sockets_tls_v3.CommonTlsContextSchema>;
type Validation = MessageInit<typeof extensions_transport_sockets_tls_v3.CertificateValidationContextSchema>;

/** Where the container image and Debian keep the system's authorities. */
const systemTrustFile = "/etc/ssl/certs/ca-certificates.crt";

export function upstreamTls(tls: UpstreamTls): { name: string; configType: { case: "typedConfig"; value: Any } } {
  const { clientCertificate } = tls;
  const context = packed(UpstreamTlsContextSchema, {
    ...(tls.sni === undefined ? {} : { sni: tls.sni }),
    commonTlsContext: {
      // Envoy's clients stop at 1.2 unless told otherwise.
      tlsParams: { tlsMaximumProtocolVersion: TlsParameters_TlsProtocol.TLSv1_3 },
      alpnProtocols: [...tls.alpn],
      ...(clientCertificate === undefined ? {} : { tlsCertificateSdsSecretConfigs: [sdsSecret(clientCertificate)] }),
      ...validation(tls),
    },
  });
  return { name: tlsTransportSocketName, configType: { case: "typedConfig", value: context } };
}

/** Envoy reads wildcards in certificates by itself, and takes one that is asked for literally. One label, as in certificates (RFC 6125, 6.4.3). */
function nameMatcher({
  type,
  value,
}: UpstreamTls["subjectAltNames"][number]): MessageInit<typeof type_matcher_v3.StringMatcherSchema> {
  if (type === "uri" || !value.startsWith("*.")) return { matchPattern: { case: "exact", value } };
  return { matchPattern: { case: "safeRegex", value: { regex: `(?i)[^.]+${quoted(value.slice(1))}` } } };
}

function validation({ trust, subjectAltNames }: UpstreamTls): Common {
  const names: Validation = {
    matchTypedSubjectAltNames: subjectAltNames.map((name) => ({
      sanType: name.type === "dns" ? SubjectAltNameMatcher_SanType.DNS : SubjectAltNameMatcher_SanType.URI,
      matcher: nameMatcher(name),
    })),
  };
  switch (trust.type) {
    case "none":
      return {};
    case "system": {
      const trustedCa = { specifier: { case: "filename", value: systemTrustFile } } as const;
      return { validationContextType: { case: "validationContext", value: { ...names, trustedCa } } };
    }
    case "secret":
      return {
        validationContextType: {
          case: "combinedValidationContext",
          value: { defaultValidationContext: names, validationContextSdsSecretConfig: sdsSecret(trust.name) },
        },
      };
  }
}
