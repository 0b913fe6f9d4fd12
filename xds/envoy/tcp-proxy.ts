// The TCP proxy of a filter chain: to which clusters its connections go.

import type { extensions_filters_network_tcp_proxy_v3 } from "#envoy";
import type { ConnectionShare, FilterChain } from "../model/listener.ts";
import { requestLog } from "./access-log.ts";
import { invalidBackendCluster } from "./forward.ts";
import type { MessageInit } from "./message-init.ts";
import { milliseconds } from "./wire.ts";

type TcpProxy = MessageInit<typeof extensions_filters_network_tcp_proxy_v3.TcpProxySchema>;

/** `idleTimeoutMs`: absent, Envoy's own; 0, none. */
export function tcpProxy(
  { statPrefix, accessLog }: FilterChain,
  shares: readonly ConnectionShare[],
  idleTimeoutMs?: number,
): TcpProxy {
  const idle = idleTimeoutMs === undefined ? {} : { idleTimeout: milliseconds(idleTimeoutMs) };
  return { statPrefix, clusterSpecifier: clusterSpecifier(shares), accessLog: requestLog(accessLog), ...idle };
}

/** Envoy closes a connection to a cluster that is not there before it reads a byte. */
function clusterSpecifier(shares: readonly ConnectionShare[]): TcpProxy["clusterSpecifier"] {
  const [only] = shares;
  if (shares.length < 2) return { case: "cluster", value: only?.cluster ?? invalidBackendCluster };
  const clusters = shares.map(({ cluster, weight }) => ({ name: cluster ?? invalidBackendCluster, weight }));
  return { case: "weightedClusters", value: { clusters } };
}
