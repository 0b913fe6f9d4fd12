// What all connections of a port have in common: buffers, keepalive, the PROXY protocol, and how many are taken at once.

import {
  config_core_v3,
  type config_listener_v3,
  extensions_filters_listener_proxy_protocol_v3,
  extensions_filters_network_connection_limit_v3,
} from "#envoy";
import type { ConnectionLimit, PortSettings } from "../../model/client.ts";
import type { MessageInit } from "../message-init.ts";
import { milliseconds, packed } from "../wire.ts";

type Listener = MessageInit<typeof config_listener_v3.ListenerSchema>;
type ListenerFilter = MessageInit<typeof config_listener_v3.ListenerFilterSchema>;
type SocketOption = MessageInit<typeof config_core_v3.SocketOptionSchema>;

/** Envoy takes everything that waits unless told otherwise. */
export function acceptance({ acceptsPerEvent = 1 }: PortSettings): Pick<Listener, "maxConnectionsToAcceptPerSocketEvent"> {
  return acceptsPerEvent === 0 ? {} : { maxConnectionsToAcceptPerSocketEvent: acceptsPerEvent };
}

/** Numbers of Linux. */
const socketLevel = 1;
const tcpLevel = 6;

export function keepalive({ keepalive: settings }: PortSettings): Pick<Listener, "socketOptions"> {
  if (settings === undefined) return {};
  const { probes, idleSeconds, intervalSeconds } = settings;
  const tcp = [
    ["TCP_KEEPCNT", 6, probes],
    ["TCP_KEEPIDLE", 4, idleSeconds],
    ["TCP_KEEPINTVL", 5, intervalSeconds],
  ] as const;
  return {
    socketOptions: [
      option("SO_KEEPALIVE", { level: socketLevel, name: 9, value: 1 }),
      ...tcp.flatMap(([description, name, value]) =>
        value === undefined ? [] : [option(description, { level: tcpLevel, name, value })],
      ),
    ],
  };
}

function option(
  description: string,
  { level, name, value }: { readonly level: number; readonly name: number; readonly value: number },
): SocketOption {
  return {
    description,
    level: BigInt(level),
    name: BigInt(name),
    value: { case: "intValue", value: BigInt(value) },
    state: config_core_v3.SocketOption_SocketState.STATE_PREBIND,
  };
}

/** Before all other listener filters: they look at what comes after the header. */
export function proxyProtocolFilter({ proxyProtocol }: PortSettings): readonly ListenerFilter[] {
  if (proxyProtocol === undefined) return [];
  const { ProxyProtocolSchema } = extensions_filters_listener_proxy_protocol_v3;
  const value = packed(ProxyProtocolSchema, { allowRequestsWithoutProxyProtocol: proxyProtocol === "optional" });
  return [{ name: "envoy.filters.listener.proxy_protocol", configType: { case: "typedConfig", value } }];
}

/** The first filter of a chain. */
export function connectionLimitFilter(
  limit: ConnectionLimit,
  statPrefix: string,
): MessageInit<typeof config_listener_v3.FilterSchema> {
  const { ConnectionLimitSchema } = extensions_filters_network_connection_limit_v3;
  const delay = limit.closeDelayMs === undefined ? {} : { delay: milliseconds(limit.closeDelayMs) };
  const value = packed(ConnectionLimitSchema, { statPrefix, maxConnections: BigInt(limit.most), ...delay });
  return { name: "envoy.filters.network.connection_limit", configType: { case: "typedConfig", value } };
}
