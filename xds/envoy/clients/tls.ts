// TLS with clients: our certificates, what is spoken, and whose certificates are asked for.

import type { Any } from "@bufbuild/protobuf/wkt";
import { extensions_transport_sockets_tls_v3 } from "#envoy";
import type { CertificateName, ClientCertificate, ClientTlsParameters, TlsVersion } from "../../model/client.ts";
import type { DownstreamTls } from "../../model/listener.ts";
import type { MessageInit } from "../message-init.ts";
import { sdsSecret, tlsTransportSocketName } from "../secret.ts";
import { packed } from "../wire.ts";
import { textMatcher } from "./match.ts";

const {
  DownstreamTlsContextSchema,
  SubjectAltNameMatcher_SanType: San,
  TlsParameters_TlsProtocol,
} = extensions_transport_sockets_tls_v3;
type Common = MessageInit<typeof extensions_transport_sockets_tls_v3.CommonTlsContextSchema>;
type Validation = MessageInit<typeof extensions_transport_sockets_tls_v3.CertificateValidationContextSchema>;

const versions: Readonly<Record<TlsVersion, extensions_transport_sockets_tls_v3.TlsParameters_TlsProtocol>> = {
  auto: TlsParameters_TlsProtocol.TLS_AUTO,
  "1.0": TlsParameters_TlsProtocol.TLSv1_0,
  "1.1": TlsParameters_TlsProtocol.TLSv1_1,
  "1.2": TlsParameters_TlsProtocol.TLSv1_2,
  "1.3": TlsParameters_TlsProtocol.TLSv1_3,
};

const sanTypes = { dns: San.DNS, email: San.EMAIL, ip: San.IP_ADDRESS, uri: San.URI, other: San.OTHER_NAME } as const;

export function downstreamTls(tls: DownstreamTls): { name: string; configType: { case: "typedConfig"; value: Any } } {
  const { parameters } = tls;
  const asked = parameters?.clientCertificate;
  const context = packed(DownstreamTlsContextSchema, {
    commonTlsContext: {
      alpnProtocols: [...tls.alpn],
      tlsCertificateSdsSecretConfigs: tls.certificates.map(sdsSecret),
      ...(parameters === undefined ? {} : { tlsParams: tlsParameters(parameters) }),
      ...(asked === undefined ? {} : validation(asked)),
    },
    ...(asked === undefined ? {} : { requireClientCertificate: asked.required }),
    // Tickets would outlive a rotated certificate and a changed client policy, so that they must be asked for.
    disableStatefulSessionResumption: parameters?.sessionIds !== true,
    ...(parameters?.tickets === true
      ? {}
      : { sessionTicketKeysType: { case: "disableStatelessSessionResumption", value: true } as const }),
  });
  return { name: tlsTransportSocketName, configType: { case: "typedConfig", value: context } };
}

function tlsParameters(parameters: ClientTlsParameters): Common["tlsParams"] {
  return {
    tlsMinimumProtocolVersion: versions[parameters.minVersion],
    tlsMaximumProtocolVersion: versions[parameters.maxVersion],
    cipherSuites: [...parameters.ciphers],
    ecdhCurves: [...parameters.curves],
    signatureAlgorithms: [...parameters.signatureAlgorithms],
  };
}

function validation(asked: ClientCertificate): Common {
  const own: Validation = {
    verifyCertificateSpki: [...asked.spkiHashes],
    verifyCertificateHash: [...asked.hashes],
    matchTypedSubjectAltNames: asked.names.map(nameMatcher),
    onlyVerifyLeafCertCrl: asked.revocation === "leaf",
  };
  return {
    validationContextType: {
      case: "combinedValidationContext",
      value: { defaultValidationContext: own, validationContextSdsSecretConfig: sdsSecret(asked.trust) },
    },
  };
}

function nameMatcher({
  kind,
  oid,
  ...match
}: CertificateName): MessageInit<typeof extensions_transport_sockets_tls_v3.SubjectAltNameMatcherSchema> {
  return { sanType: sanTypes[kind], matcher: textMatcher(match), ...(oid === undefined ? {} : { oid }) };
}
