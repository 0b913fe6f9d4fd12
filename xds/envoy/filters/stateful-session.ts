// The session persistence filter. Always in the chain and disabled (see hcm.ts); a route switches it on with its own cookie or header.

import type { Any } from "@bufbuild/protobuf/wkt";
import {
  extensions_filters_http_stateful_session_v3,
  type extensions_filters_network_http_connection_manager_v3,
  extensions_http_stateful_session_cookie_v3,
  extensions_http_stateful_session_header_v3,
} from "#envoy";
import type { SessionPersistence } from "../../model/route.ts";
import type { MessageInit } from "../message-init.ts";
import { milliseconds, packed } from "../wire.ts";

const { StatefulSessionPerRouteSchema, StatefulSessionSchema } = extensions_filters_http_stateful_session_v3;
const { CookieBasedSessionStateSchema } = extensions_http_stateful_session_cookie_v3;
const { HeaderBasedSessionStateSchema } = extensions_http_stateful_session_header_v3;
type HttpFilter = MessageInit<typeof extensions_filters_network_http_connection_manager_v3.HttpFilterSchema>;

export const statefulSessionFilterName = "envoy.filters.http.stateful_session";

export function statefulSessionFilter(): HttpFilter {
  return {
    name: statefulSessionFilterName,
    disabled: true,
    configType: { case: "typedConfig", value: packed(StatefulSessionSchema, {}) },
  };
}

export function statefulSession(persistence: SessionPersistence): Any {
  return packed(StatefulSessionPerRouteSchema, {
    override: { case: "statefulSession", value: { sessionState: sessionState(persistence) } },
  });
}

function sessionState(persistence: SessionPersistence): { readonly name: string; readonly typedConfig: Any } {
  switch (persistence.type) {
    case "cookie": {
      const { name, path, ttlSeconds } = persistence;
      const ttl = ttlSeconds === undefined ? {} : { ttl: milliseconds(ttlSeconds * 1000) }; // no ttl: a session cookie
      return {
        name: "envoy.http.stateful_session.cookie",
        typedConfig: packed(CookieBasedSessionStateSchema, { cookie: { name, path, ...ttl } }),
      };
    }
    case "header":
      return {
        name: "envoy.http.stateful_session.header",
        typedConfig: packed(HeaderBasedSessionStateSchema, { name: persistence.name }),
      };
  }
}
