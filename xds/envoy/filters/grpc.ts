// The filters for gRPC: calls of browsers (gRPC-Web) become calls, and calls are counted by service and method. Always in the chain and
// disabled (see hcm.ts); a route for calls switches both on. Their settings are Envoy Gateway's.

import { create } from "@bufbuild/protobuf";
import { AnySchema, type Any } from "@bufbuild/protobuf/wkt";
import {
  config_route_v3,
  extensions_filters_http_grpc_stats_v3,
  extensions_filters_http_grpc_web_v3,
  type extensions_filters_network_http_connection_manager_v3,
} from "#envoy";
import type { MessageInit } from "../message-init.ts";
import { packed } from "../wire.ts";

type HttpFilter = MessageInit<typeof extensions_filters_network_http_connection_manager_v3.HttpFilterSchema>;

const webName = "envoy.filters.http.grpc_web";
const statsName = "envoy.filters.http.grpc_stats";

export function grpcFilters(): readonly HttpFilter[] {
  const { GrpcWebSchema } = extensions_filters_http_grpc_web_v3;
  const { FilterConfigSchema } = extensions_filters_http_grpc_stats_v3;
  const stats = packed(FilterConfigSchema, {
    emitFilterState: true,
    perMethodStatSpecifier: { case: "statsForAllMethods", value: { value: true } },
  });
  return [
    { name: webName, disabled: true, configType: { case: "typedConfig", value: packed(GrpcWebSchema, {}) } },
    { name: statsName, disabled: true, configType: { case: "typedConfig", value: stats } },
  ];
}

/** What a route says to switch them on. Envoy takes a FilterConfig with an empty `config` for that. */
export function grpcFiltersOn(): Record<string, Any> {
  const on = packed(config_route_v3.FilterConfigSchema, { config: create(AnySchema) });
  return { [webName]: on, [statsName]: on };
}
