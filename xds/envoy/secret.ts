// Secrets as SDS gives them, and how others refer to them. Contents stay inside these messages.

import { create } from "@bufbuild/protobuf";
import { extensions_transport_sockets_tls_v3 } from "#envoy";
import type { Secret } from "../model/tls.ts";
import type { MessageInit } from "./message-init.ts";
import { fromAds } from "./wire.ts";

const { SecretSchema } = extensions_transport_sockets_tls_v3;

export const tlsTransportSocketName = "envoy.transport_sockets.tls";

export function secret(model: Secret): extensions_transport_sockets_tls_v3.Secret {
  switch (model.type) {
    case "certificate":
      return create(SecretSchema, {
        name: model.name,
        type: {
          case: "tlsCertificate",
          value: {
            certificateChain: { specifier: { case: "inlineString", value: model.chainPem } },
            privateKey: { specifier: { case: "inlineString", value: model.keyPem } },
            ...(model.ocspStaple === undefined
              ? {}
              : { ocspStaple: { specifier: { case: "inlineBytes", value: new Uint8Array(model.ocspStaple) } } }),
          },
        },
      });
    case "trust":
      return create(SecretSchema, {
        name: model.name,
        type: {
          case: "validationContext",
          value: {
            trustedCa: { specifier: { case: "inlineString", value: model.caPem } },
            ...(model.crlPem === undefined ? {} : { crl: { specifier: { case: "inlineString", value: model.crlPem } as const } }),
          },
        },
      });
  }
}

/** A reference to a secret by its SDS name. */
export function sdsSecret(name: string): MessageInit<typeof extensions_transport_sockets_tls_v3.SdsSecretConfigSchema> {
  return { name, sdsConfig: fromAds };
}
