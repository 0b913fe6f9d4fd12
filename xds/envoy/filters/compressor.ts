// The compressor filters, one for each encoding. Always in the chain and disabled (see hcm.ts); a route switches on those it wants. What is shorter
// than Envoy's 30 bytes is left alone: a route cannot say otherwise.

import type { Any } from "@bufbuild/protobuf/wkt";
import {
  extensions_compression_brotli_compressor_v3,
  extensions_compression_gzip_compressor_v3,
  extensions_compression_zstd_compressor_v3,
  extensions_filters_http_compressor_v3,
  type extensions_filters_network_http_connection_manager_v3,
} from "#envoy";
import type { Encoding } from "../../model/traffic-filters.ts";
import type { MessageInit } from "../message-init.ts";
import { packed } from "../wire.ts";

const { CompressorPerRouteSchema, CompressorSchema } = extensions_filters_http_compressor_v3;
type HttpFilter = MessageInit<typeof extensions_filters_network_http_connection_manager_v3.HttpFilterSchema>;

const encodings: readonly Encoding[] = ["brotli", "gzip", "zstd"];

export function compressorName(encoding: Encoding): string {
  return `envoy.filters.http.compressor.${encoding}`;
}

export function compressorFilters(): readonly HttpFilter[] {
  return encodings.map((encoding) => ({
    name: compressorName(encoding),
    disabled: true,
    configType: { case: "typedConfig", value: compressor(encoding) },
  }));
}

function compressor(encoding: Encoding): Any {
  return packed(CompressorSchema, {
    compressorLibrary: { name: `envoy.compression.${encoding}.compressor`, typedConfig: library(encoding) },
  });
}

function library(encoding: Encoding): Any {
  switch (encoding) {
    case "brotli":
      return packed(extensions_compression_brotli_compressor_v3.BrotliSchema, {});
    case "gzip":
      return packed(extensions_compression_gzip_compressor_v3.GzipSchema, {});
    case "zstd":
      return packed(extensions_compression_zstd_compressor_v3.ZstdSchema, {});
  }
}

/** What a route says to switch one on. */
export function compressionOn(): Any {
  return packed(CompressorPerRouteSchema, { override: { case: "overrides", value: { responseDirectionConfig: {} } } });
}
