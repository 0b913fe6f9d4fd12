// The HTTP connection manager of a filter chain. Its routes come by RDS, so nothing here depends on a route.

import { config_route_v3, extensions_filters_network_http_connection_manager_v3 } from "#envoy";
import type { ClientHttp } from "../model/client.ts";
import type { ChainHandler, FilterChain } from "../model/listener.ts";
import { requestLog } from "./access-log.ts";
import { clientHttp } from "./clients/http.ts";
import { lateResponseFilter } from "./clients/mutations.ts";
import { bufferFilter } from "./filters/buffer.ts";
import { compressorFilters } from "./filters/compressor.ts";
import { corsFilter } from "./filters/cors.ts";
import { customResponseFilter } from "./filters/custom-response.ts";
import { faultFilter } from "./filters/fault.ts";
import { grpcFilters } from "./filters/grpc.ts";
import { healthCheckFilter } from "./filters/health-check.ts";
import { localRateLimitFilter } from "./filters/local-rate-limit.ts";
import { routerFilter } from "./filters/router.ts";
import { statefulSessionFilter } from "./filters/stateful-session.ts";
import type { MessageInit } from "./message-init.ts";
import { scopedRoutes } from "./scope.ts";
import { fromAds, milliseconds } from "./wire.ts";

const { HttpConnectionManager_ServerHeaderTransformation, HttpConnectionManager_CodecType } =
  extensions_filters_network_http_connection_manager_v3;
type Hcm = MessageInit<typeof extensions_filters_network_http_connection_manager_v3.HttpConnectionManagerSchema>;
type HttpFilter = NonNullable<Hcm["httpFilters"]>[number];

type HttpHandler = Extract<ChainHandler, { readonly type: "http" }>;

/** What is served by a route table. Without `clients`: defaults of Envoy Gateway v1.7.0. */
export function httpConnectionManager(chain: FilterChain, { routeTable, scoped, clients = {} }: HttpHandler): Hcm {
  const treatment = clientHttp(clients);
  return {
    ...always(chain),
    httpFilters: httpFilters(clients),
    ...treatment,
    ...(scoped ? scopedRoutes(routeTable, treatment.earlyHeaderMutationExtensions) : { routeSpecifier: wholeTable(routeTable) }),
    // As Envoy Gateway allows it on every route; a backend that does not want it refuses by itself. For all at once: a message less in each route.
    upgradeConfigs: [{ upgradeType: "websocket" }],
  };
}

function wholeTable(name: string): NonNullable<Hcm["routeSpecifier"]> {
  // 0 = wait: a listener that starts without its routes answers 404 for hosts that exist. The server always has the table to give.
  return { case: "rds", value: { routeConfigName: name, configSource: { ...fromAds, initialFetchTimeout: milliseconds(0) } } };
}

/** Answers 500 to everybody. */
export function brokenConnectionManager(chain: FilterChain): Hcm {
  const answer: MessageInit<typeof config_route_v3.RouteSchema> = {
    match: { pathSpecifier: { case: "prefix", value: "/" } },
    action: { case: "directResponse", value: { status: 500 } },
  };
  return {
    ...always(chain),
    routeSpecifier: {
      case: "routeConfig",
      value: { name: chain.name, virtualHosts: [{ name: "broken", domains: ["*"], routes: [answer] }] },
    },
    httpFilters: [routerFilter()],
    ...clientHttp({}),
  };
}

function always(chain: FilterChain): Hcm {
  return {
    codecType: HttpConnectionManager_CodecType.AUTO,
    statPrefix: chain.statPrefix,
    accessLog: requestLog(chain.accessLog),
    serverHeaderTransformation: HttpConnectionManager_ServerHeaderTransformation.PASS_THROUGH,
  };
}

/**
 * Filters that a route may switch on are always here, disabled: otherwise the first route that uses one would change the listener,
 * which drains every connection of the chain. A disabled filter costs nothing per request.
 */
function httpFilters({ healthPath, lateResponseHeaders, envoyHeaders }: ClientHttp): HttpFilter[] {
  return [
    customResponseFilter(),
    ...(healthPath === undefined ? [] : [healthCheckFilter(healthPath)]),
    faultFilter(),
    ...(lateResponseHeaders === undefined ? [] : [lateResponseFilter(lateResponseHeaders)]),
    corsFilter(),
    statefulSessionFilter(),
    bufferFilter(),
    localRateLimitFilter(),
    ...grpcFilters(),
    ...compressorFilters(),
    routerFilter(envoyHeaders),
  ];
}
