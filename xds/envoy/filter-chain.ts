// One filter chain of a listener: how TLS ends, and what handles the connection. Which connections it takes is the listener's business.

import {
  type config_listener_v3,
  extensions_filters_network_http_connection_manager_v3,
  extensions_filters_network_tcp_proxy_v3,
} from "#envoy";
import type { FilterChain } from "../model/listener.ts";
import { connectionLimitFilter } from "./clients/port.ts";
import { downstreamTls } from "./clients/tls.ts";
import { brokenConnectionManager, httpConnectionManager } from "./hcm.ts";
import type { MessageInit } from "./message-init.ts";
import { tcpProxy } from "./tcp-proxy.ts";
import { originMetadata, packed } from "./wire.ts";

const { HttpConnectionManagerSchema } = extensions_filters_network_http_connection_manager_v3;
const { TcpProxySchema } = extensions_filters_network_tcp_proxy_v3;

const managerName = "envoy.filters.network.http_connection_manager";

export function filterChain(chain: FilterChain): MessageInit<typeof config_listener_v3.FilterChainSchema> {
  // A chain of HTTP without TLS is shared by all listeners of its port: naming them would end its connections when one joins.
  const own = chain.tls !== undefined || chain.handler.type === "tcp";
  const origins = chain.handler.type === "tcp" ? [...chain.origins, ...chain.handler.senders] : chain.origins;
  const limit = chain.connectionLimit;
  return {
    name: chain.name,
    filters: [...(limit === undefined ? [] : [connectionLimitFilter(limit, chain.statPrefix)]), handlerFilter(chain)],
    ...(chain.tls === undefined ? {} : { transportSocket: downstreamTls(chain.tls) }),
    ...(own ? { metadata: originMetadata(origins) } : {}),
  };
}

function handlerFilter(chain: FilterChain): MessageInit<typeof config_listener_v3.FilterSchema> {
  const { handler } = chain;
  switch (handler.type) {
    case "http": {
      const manager = packed(HttpConnectionManagerSchema, httpConnectionManager(chain, handler));
      return { name: managerName, configType: { case: "typedConfig", value: manager } };
    }
    case "broken": {
      const manager = packed(HttpConnectionManagerSchema, brokenConnectionManager(chain));
      return { name: managerName, configType: { case: "typedConfig", value: manager } };
    }
    case "tcp": {
      const proxy = packed(TcpProxySchema, tcpProxy(chain, handler.shares, handler.idleTimeoutMs));
      return { name: "envoy.filters.network.tcp_proxy", configType: { case: "typedConfig", value: proxy } };
    }
  }
}
