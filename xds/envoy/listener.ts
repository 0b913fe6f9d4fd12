// A listener: one address and port, the chains behind it. Nothing outside the chains depends on which chains there are: then Envoy changes the
// chains alone, and connections of those that stay the same go on. So the objects it was made from are named on TLS chains, never here.

import { create } from "@bufbuild/protobuf";
import {
  config_core_v3,
  config_listener_v3,
  extensions_filters_listener_tls_inspector_v3,
  extensions_filters_udp_udp_proxy_v3,
} from "#envoy";
import type { FilterChain, Listener, TcpListener, UdpListener } from "../model/listener.ts";
import { connectionLog } from "./access-log.ts";
import { acceptance, keepalive, proxyProtocolFilter } from "./clients/port.ts";
import { filterChain } from "./filter-chain.ts";
import type { MessageInit } from "./message-init.ts";
import { udpProxy } from "./udp-proxy.ts";
import { packed } from "./wire.ts";

const { ListenerSchema } = config_listener_v3;
const { SocketAddress_Protocol } = config_core_v3;
type Fields = MessageInit<typeof ListenerSchema>;
type ListenerFilter = MessageInit<typeof config_listener_v3.ListenerFilterSchema>;

export function listener(model: Listener): config_listener_v3.Listener {
  const [first, ...others] = model.addresses;
  return create(ListenerSchema, {
    name: model.name,
    address: socketAddress(model, first),
    ...(others.length === 0
      ? {}
      : { additionalAddresses: others.map((address) => ({ address: socketAddress(model, address) })) }),
    perConnectionBufferLimitBytes: (model.transport === "tcp" ? model.clients?.bufferBytes : undefined) ?? 32_768,
    ...(model.transport === "udp" ? datagrams(model) : connections(model)),
  });
}

function socketAddress({ transport, port }: Listener, address: string): MessageInit<typeof config_core_v3.AddressSchema> {
  return {
    address: {
      case: "socketAddress",
      value: {
        protocol: transport === "udp" ? SocketAddress_Protocol.UDP : SocketAddress_Protocol.TCP,
        address,
        ipv4Compat: address === "::", // one socket for both families
        portSpecifier: { case: "portValue", value: port },
      },
    },
  };
}

function connections(model: TcpListener): Fields {
  const { clients = {} } = model;
  const anyName = model.chains.find((chain) => chain.serverNames.length === 0);
  // What passes through must be TLS: a default chain would take anything.
  const fallback = anyName !== undefined && !passesThrough(model, anyName) ? anyName : undefined;
  const matched = model.chains.filter((chain) => chain !== fallback);
  return {
    listenerFilters: [...proxyProtocolFilter(clients), ...(model.serverNames ? [tlsInspector()] : [])],
    filterChains: matched.map((chain) => ({ ...filterChain(chain), filterChainMatch: matchOf(chain) })),
    ...(fallback === undefined ? {} : { defaultFilterChain: filterChain(fallback) }),
    accessLog: connectionLog(logOf(model.chains)),
    ...acceptance(clients),
    ...keepalive(clients),
  };
}

function passesThrough({ serverNames }: TcpListener, { tls, handler }: FilterChain): boolean {
  return serverNames && tls === undefined && handler.type === "tcp";
}

function matchOf({ serverNames }: FilterChain): MessageInit<typeof config_listener_v3.FilterChainMatchSchema> {
  return serverNames.length === 0 ? { transportProtocol: "tls" } : { serverNames: [...serverNames] };
}

function logOf(chains: readonly FilterChain[]): FilterChain["accessLog"] {
  return chains.find((chain) => chain.accessLog.type !== "none")?.accessLog ?? { type: "none" };
}

/** Reads the server name before a chain is chosen. */
function tlsInspector(): ListenerFilter {
  const { TlsInspectorSchema } = extensions_filters_listener_tls_inspector_v3;
  return {
    name: "envoy.filters.listener.tls_inspector",
    configType: { case: "typedConfig", value: packed(TlsInspectorSchema, {}) },
  };
}

function datagrams(model: UdpListener): Fields {
  const { UdpProxyConfigSchema } = extensions_filters_udp_udp_proxy_v3;
  return {
    udpListenerConfig: { downstreamSocketConfig: {} },
    listenerFilters: [
      {
        name: "envoy.filters.udp_listener.udp_proxy",
        configType: { case: "typedConfig", value: packed(UdpProxyConfigSchema, udpProxy(model)) },
      },
    ],
  };
}
