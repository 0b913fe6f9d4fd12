// The buffer filter: the whole request is taken before it goes on. Always in the chain and disabled (see hcm.ts); a route switches it on with its limit.

import type { Any } from "@bufbuild/protobuf/wkt";
import { extensions_filters_http_buffer_v3, type extensions_filters_network_http_connection_manager_v3 } from "#envoy";
import type { MessageInit } from "../message-init.ts";
import { packed } from "../wire.ts";

const { BufferPerRouteSchema, BufferSchema } = extensions_filters_http_buffer_v3;
type HttpFilter = MessageInit<typeof extensions_filters_network_http_connection_manager_v3.HttpFilterSchema>;

export const bufferFilterName = "envoy.filters.http.buffer";

export function bufferFilter(): HttpFilter {
  // A limit must be given; every route that switches the filter on has its own.
  const config = packed(BufferSchema, { maxRequestBytes: 1 });
  return { name: bufferFilterName, disabled: true, configType: { case: "typedConfig", value: config } };
}

export function buffer(limitBytes: number): Any {
  return packed(BufferPerRouteSchema, { override: { case: "buffer", value: { maxRequestBytes: limitBytes } } });
}
