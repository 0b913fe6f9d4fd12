// One filter chain of a listener: which connections it takes, how TLS ends, and the connection manager.

import type { Any } from "@bufbuild/protobuf/wkt";
import {
  type config_listener_v3,
  extensions_filters_network_http_connection_manager_v3,
  extensions_transport_sockets_tls_v3,
} from "#envoy";
import type { DownstreamTls, FilterChain } from "../model/listener.ts";
import { httpConnectionManager } from "./hcm.ts";
import type { MessageInit } from "./message-init.ts";
import { sdsSecret, tlsTransportSocketName } from "./secret.ts";
import { originMetadata, packed } from "./wire.ts";

const { HttpConnectionManagerSchema } = extensions_filters_network_http_connection_manager_v3;
const { DownstreamTlsContextSchema } = extensions_transport_sockets_tls_v3;

export function filterChain(chain: FilterChain): MessageInit<typeof config_listener_v3.FilterChainSchema> {
  return {
    name: chain.name,
    ...(chain.serverNames.length === 0 ? {} : { filterChainMatch: { serverNames: [...chain.serverNames] } }),
    filters: [
      {
        name: "envoy.filters.network.http_connection_manager",
        configType: { case: "typedConfig", value: packed(HttpConnectionManagerSchema, httpConnectionManager(chain)) },
      },
    ],
    // A chain without TLS is shared by all listeners of its port: naming them would end its connections when one joins.
    ...(chain.tls === undefined ? {} : { transportSocket: downstreamTls(chain.tls), metadata: originMetadata(chain.origins) }),
  };
}

function downstreamTls(tls: DownstreamTls): { name: string; configType: { case: "typedConfig"; value: Any } } {
  const context = packed(DownstreamTlsContextSchema, {
    commonTlsContext: {
      alpnProtocols: [...tls.alpn],
      tlsCertificateSdsSecretConfigs: tls.certificates.map(sdsSecret),
    },
    // Tickets would outlive a rotated certificate and a changed client policy.
    disableStatefulSessionResumption: true,
    sessionTicketKeysType: { case: "disableStatelessSessionResumption", value: true },
  });
  return { name: tlsTransportSocketName, configType: { case: "typedConfig", value: context } };
}
