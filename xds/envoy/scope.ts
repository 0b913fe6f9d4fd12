// Scoped routes in Envoy's words: the part of a connection manager that computes the key of a request and looks it up, and the scopes.

import { create } from "@bufbuild/protobuf";
import {
  config_core_v3,
  config_route_v3,
  extensions_filters_network_http_connection_manager_v3,
  extensions_http_early_header_mutation_header_mutation_v3,
} from "#envoy";
import { bucketName, bucketOf, scopeExpression, scopeKey } from "../scopes.ts";
import type { MessageInit } from "./message-init.ts";
import { fromAds, milliseconds, packed } from "./wire.ts";

const { HeaderMutationSchema } = extensions_http_early_header_mutation_header_mutation_v3;
const { HeaderValueOption_HeaderAppendAction } = config_core_v3;
type Hcm = MessageInit<typeof extensions_filters_network_http_connection_manager_v3.HttpConnectionManagerSchema>;

/** The only thing that Envoy 1.37 can take a key from is a header. It is set for each request, and taken away again upstream. */
export const scopeHeader = "x-envoy-gateway-scope";

/** 0 = wait: a listener that starts without its routes answers 404 for hosts that exist. The server always has something to give. */
const waiting = { ...fromAds, initialFetchTimeout: milliseconds(0) };

/** `before`: changes of headers that come first, since they may change the host. `scopedRds` must be that of the anchor in the bootstrap (xds/bootstrap.ts), field by field: Envoy shares what is equal. */
export function scopedRoutes(
  table: string,
  before: Hcm["earlyHeaderMutationExtensions"] = [],
): Pick<Hcm, "routeSpecifier" | "earlyHeaderMutationExtensions"> {
  return {
    routeSpecifier: {
      case: "scopedRoutes",
      value: {
        name: table,
        scopeKeyBuilder: {
          fragments: [
            { type: { case: "headerValueExtractor", value: { name: scopeHeader, extractType: { case: "index", value: 0 } } } },
          ],
        },
        rdsConfigSource: waiting,
        configSpecifier: { case: "scopedRds", value: { scopedRdsConfigSource: waiting } },
      },
    },
    earlyHeaderMutationExtensions: [
      ...before,
      {
        name: "envoy.http.early_header_mutation.header_mutation",
        typedConfig: packed(HeaderMutationSchema, { mutations: keyOf(table) }),
      },
    ],
  };
}

/** Removed first: should Envoy compute nothing, what a client sent must not stand for it. */
function keyOf(table: string): NonNullable<MessageInit<typeof HeaderMutationSchema>["mutations"]> {
  return [
    { action: { case: "remove", value: scopeHeader } },
    {
      action: {
        case: "append",
        value: {
          header: { key: scopeHeader, value: scopeKey(table, `%CEL(${scopeExpression})%`) },
          appendAction: HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
        },
      },
    },
  ];
}

/** One scope: requests with this key are answered by the route configuration of its bucket. */
export function scope(table: string, number: number): config_route_v3.ScopedRouteConfiguration {
  const name = scopeKey(table, number);
  return create(config_route_v3.ScopedRouteConfigurationSchema, {
    name,
    routeConfigurationName: bucketName(table, bucketOf(number)),
    key: { fragments: [{ type: { case: "stringKey", value: name } }] },
  });
}
