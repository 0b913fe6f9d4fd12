// The UDP proxy of a listener: the one cluster that its datagrams go to.

import { extensions_filters_udp_udp_proxy_v3 } from "#envoy";
import type { UdpListener } from "../model/listener.ts";
import { requestLog } from "./access-log.ts";
import { invalidBackendCluster } from "./forward.ts";
import type { MessageInit } from "./message-init.ts";
import { packed } from "./wire.ts";

const { RouteSchema } = extensions_filters_udp_udp_proxy_v3;

export function udpProxy({
  statPrefix,
  cluster,
  accessLog,
}: UdpListener): MessageInit<typeof extensions_filters_udp_udp_proxy_v3.UdpProxyConfigSchema> {
  const typedConfig = packed(RouteSchema, { cluster: cluster ?? invalidBackendCluster });
  return {
    statPrefix,
    routeSpecifier: {
      case: "matcher",
      value: { onNoMatch: { onMatch: { case: "action", value: { name: "route", typedConfig } } } },
    },
    accessLog: requestLog(accessLog),
  };
}
