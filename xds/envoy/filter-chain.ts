// One filter chain of a listener: how TLS ends, and what handles the connection. Which connections it takes is the listener's business.

import type { Any } from "@bufbuild/protobuf/wkt";
import {
  type config_listener_v3,
  extensions_filters_network_http_connection_manager_v3,
  extensions_filters_network_tcp_proxy_v3,
  extensions_transport_sockets_tls_v3,
} from "#envoy";
import type { DownstreamTls, FilterChain } from "../model/listener.ts";
import { httpConnectionManager } from "./hcm.ts";
import type { MessageInit } from "./message-init.ts";
import { sdsSecret, tlsTransportSocketName } from "./secret.ts";
import { tcpProxy } from "./tcp-proxy.ts";
import { originMetadata, packed } from "./wire.ts";

const { HttpConnectionManagerSchema } = extensions_filters_network_http_connection_manager_v3;
const { TcpProxySchema } = extensions_filters_network_tcp_proxy_v3;
const { DownstreamTlsContextSchema } = extensions_transport_sockets_tls_v3;

export function filterChain(chain: FilterChain): MessageInit<typeof config_listener_v3.FilterChainSchema> {
  // A chain of HTTP without TLS is shared by all listeners of its port: naming them would end its connections when one joins.
  const own = chain.tls !== undefined || chain.handler.type === "tcp";
  const origins = chain.handler.type === "tcp" ? [...chain.origins, ...chain.handler.senders] : chain.origins;
  return {
    name: chain.name,
    filters: [handlerFilter(chain)],
    ...(chain.tls === undefined ? {} : { transportSocket: downstreamTls(chain.tls) }),
    ...(own ? { metadata: originMetadata(origins) } : {}),
  };
}

function handlerFilter(chain: FilterChain): MessageInit<typeof config_listener_v3.FilterSchema> {
  const { handler } = chain;
  switch (handler.type) {
    case "http": {
      const manager = packed(HttpConnectionManagerSchema, httpConnectionManager(chain, handler.routeTable));
      return { name: "envoy.filters.network.http_connection_manager", configType: { case: "typedConfig", value: manager } };
    }
    case "tcp": {
      const proxy = packed(TcpProxySchema, tcpProxy(chain, handler.shares));
      return { name: "envoy.filters.network.tcp_proxy", configType: { case: "typedConfig", value: proxy } };
    }
  }
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
