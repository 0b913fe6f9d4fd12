// The router filter: always the last one.

import { extensions_filters_http_router_v3, type extensions_filters_network_http_connection_manager_v3 } from "#envoy";
import type { MessageInit } from "../message-init.ts";
import { packed } from "../wire.ts";

type HttpFilter = MessageInit<typeof extensions_filters_network_http_connection_manager_v3.HttpFilterSchema>;

/** `envoyHeaders`: x-envoy-… headers are sent to clients and backends. */
export function routerFilter(envoyHeaders = false): HttpFilter {
  return {
    name: "envoy.filters.http.router",
    configType: {
      case: "typedConfig",
      value: packed(extensions_filters_http_router_v3.RouterSchema, { suppressEnvoyHeaders: !envoyHeaders }),
    },
  };
}
