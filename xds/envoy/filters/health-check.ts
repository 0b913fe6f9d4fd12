// The filter that answers health checks of the proxy itself.

import { extensions_filters_http_health_check_v3, type extensions_filters_network_http_connection_manager_v3 } from "#envoy";
import type { MessageInit } from "../message-init.ts";
import { packed } from "../wire.ts";

type HttpFilter = MessageInit<typeof extensions_filters_network_http_connection_manager_v3.HttpFilterSchema>;

export function healthCheckFilter(path: string): HttpFilter {
  const stringMatch = { matchPattern: { case: "exact", value: path } } as const;
  const value = packed(extensions_filters_http_health_check_v3.HealthCheckSchema, {
    passThroughMode: false,
    headers: [{ name: ":path", headerMatchSpecifier: { case: "stringMatch", value: stringMatch } }],
  });
  return { name: "envoy.filters.http.health_check", configType: { case: "typedConfig", value } };
}
