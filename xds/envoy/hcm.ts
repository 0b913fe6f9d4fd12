// The HTTP connection manager of a filter chain. Its routes come by RDS, so nothing here depends on a route.

import { config_core_v3, extensions_filters_network_http_connection_manager_v3 } from "#envoy";
import type { FilterChain } from "../model/listener.ts";
import { requestLog } from "./access-log.ts";
import { corsFilter } from "./filters/cors.ts";
import { grpcFilters } from "./filters/grpc.ts";
import { routerFilter } from "./filters/router.ts";
import { statefulSessionFilter } from "./filters/stateful-session.ts";
import type { MessageInit } from "./message-init.ts";
import { fromAds, milliseconds } from "./wire.ts";

const {
  HttpConnectionManager_PathWithEscapedSlashesAction,
  HttpConnectionManager_ServerHeaderTransformation,
  HttpConnectionManager_CodecType,
} = extensions_filters_network_http_connection_manager_v3;
type Hcm = MessageInit<typeof extensions_filters_network_http_connection_manager_v3.HttpConnectionManagerSchema>;

/** Defaults of Envoy Gateway v1.7.0. */
export function httpConnectionManager(chain: FilterChain, routeTable: string): Hcm {
  return {
    codecType: HttpConnectionManager_CodecType.AUTO,
    statPrefix: chain.statPrefix,
    routeSpecifier: {
      case: "rds",
      value: {
        routeConfigName: routeTable,
        // 0 = wait: a listener that starts without its routes answers 404 for hosts that exist. The server always has the table to give.
        configSource: { ...fromAds, initialFetchTimeout: milliseconds(0) },
      },
    },
    // Filters that a route may switch on are always here, disabled: otherwise the first route that uses one would change the listener,
    // which drains every connection of the chain. A disabled filter costs nothing per request.
    httpFilters: [corsFilter(), statefulSessionFilter(), ...grpcFilters(), routerFilter()],
    accessLog: requestLog(chain.accessLog),
    useRemoteAddress: true,
    normalizePath: true,
    mergeSlashes: true,
    pathWithEscapedSlashesAction: HttpConnectionManager_PathWithEscapedSlashesAction.UNESCAPE_AND_REDIRECT,
    serverHeaderTransformation: HttpConnectionManager_ServerHeaderTransformation.PASS_THROUGH,
    commonHttpProtocolOptions: {
      headersWithUnderscoresAction: config_core_v3.HttpProtocolOptions_HeadersWithUnderscoresAction.REJECT_REQUEST,
    },
    http2ProtocolOptions: { maxConcurrentStreams: 100, initialStreamWindowSize: 65_536, initialConnectionWindowSize: 1_048_576 },
  };
}
