// A listener: one address and port, the chains behind it. Nothing outside the chains depends on which chains there are: then Envoy changes the
// chains alone, and connections of those that stay the same go on. So the objects it was made from are named on TLS chains, never here.

import { create } from "@bufbuild/protobuf";
import { config_core_v3, config_listener_v3, extensions_filters_listener_tls_inspector_v3 } from "#envoy";
import type { FilterChain, Listener } from "../model/listener.ts";
import { connectionLog } from "./access-log.ts";
import { filterChain } from "./filter-chain.ts";
import { packed } from "./wire.ts";

const { ListenerSchema } = config_listener_v3;

export function listener(model: Listener): config_listener_v3.Listener {
  const matched = model.chains.filter((chain) => chain.serverNames.length > 0);
  const fallback = model.chains.find((chain) => chain.serverNames.length === 0);
  return create(ListenerSchema, {
    name: model.name,
    address: {
      address: {
        case: "socketAddress",
        value: {
          protocol: config_core_v3.SocketAddress_Protocol.TCP,
          address: model.address,
          ipv4Compat: model.address === "::", // one socket for both families
          portSpecifier: { case: "portValue", value: model.port },
        },
      },
    },
    listenerFilters: model.chains.some((chain) => chain.tls !== undefined) ? [tlsInspector()] : [],
    filterChains: matched.map(filterChain),
    ...(fallback === undefined ? {} : { defaultFilterChain: filterChain(fallback) }),
    accessLog: connectionLog(logOf(model.chains)),
    perConnectionBufferLimitBytes: 32_768,
    maxConnectionsToAcceptPerSocketEvent: 1,
  });
}

function logOf(chains: readonly FilterChain[]): FilterChain["accessLog"] {
  return chains.find((chain) => chain.accessLog.type !== "none")?.accessLog ?? { type: "none" };
}

/** Reads the server name before a chain is chosen. */
function tlsInspector(): { name: string; configType: { case: "typedConfig"; value: ReturnType<typeof packed> } } {
  const { TlsInspectorSchema } = extensions_filters_listener_tls_inspector_v3;
  return {
    name: "envoy.filters.listener.tls_inspector",
    configType: { case: "typedConfig", value: packed(TlsInspectorSchema, {}) },
  };
}
