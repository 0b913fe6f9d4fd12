// The CORS filter. Always in the chain and disabled (see hcm.ts); a route switches it on by its policy.

import type { Any } from "@bufbuild/protobuf/wkt";
import { extensions_filters_http_cors_v3, type extensions_filters_network_http_connection_manager_v3 } from "#envoy";
import type { Cors } from "../../model/route.ts";
import type { MessageInit } from "../message-init.ts";
import { packed, quoted, stringMatch } from "../wire.ts";

const { CorsSchema, CorsPolicySchema } = extensions_filters_http_cors_v3;
type HttpFilter = MessageInit<typeof extensions_filters_network_http_connection_manager_v3.HttpFilterSchema>;

export const corsFilterName = "envoy.filters.http.cors";

export function corsFilter(): HttpFilter {
  return { name: corsFilterName, disabled: true, configType: { case: "typedConfig", value: packed(CorsSchema, {}) } };
}

export function corsPolicy(cors: Cors): Any {
  return packed(CorsPolicySchema, {
    allowOriginStringMatch: cors.origins.map((origin) => stringMatch(originMatch(origin))),
    allowMethods: listed(cors.methods),
    allowHeaders: listed(cors.headers),
    exposeHeaders: cors.exposeHeaders.join(", "),
    ...(cors.maxAgeSeconds === undefined ? {} : { maxAge: String(cors.maxAgeSeconds) }),
    allowCredentials: cors.credentials,
    // A preflight of an origin that is not allowed is answered here and not by the backend, which would know nothing of the policy.
    forwardNotMatchingPreflights: false,
  });
}

/**
 * Envoy answers "*" alone with what the browser asked for, as the Gateway API wants it where credentials forbid a literal "*" (Fetch
 * standard); in a list it would be taken literally.
 */
function listed(values: readonly string[]): string {
  return values.includes("*") ? "*" : values.join(", ");
}

/**
 * Gateway API, HTTPCORSFilter.allowOrigins: "*" alone is every origin; inside a host it stands for one or more labels, greedily. A port that is the
 * scheme's own may be written, and browsers do not send it; nor do they send capital letters (RFC 6454, 6.2).
 */
function originMatch(written: string): { readonly type: "exact" | "regex"; readonly value: string } {
  if (written === "*") return { type: "regex", value: ".*" };
  const origin = written.toLowerCase().replace(/^(http:.*):80$|^(https:.*):443$/, "$1$2");
  if (!origin.includes("*")) return { type: "exact", value: origin };
  return { type: "regex", value: origin.split("*").map(quoted).join("[^/:]+") };
}
