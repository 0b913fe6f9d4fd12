// The parts of a virtual host and of a route configuration that are not their children: children are encoded once and spliced in
// (xds/splice.ts), so these messages carry the other fields only, divided by field number into what comes before and after.

import { create } from "@bufbuild/protobuf";
import { config_route_v3 } from "#envoy";
import type { VirtualHost } from "../model/route.ts";

const { RouteConfigurationSchema, VirtualHostSchema } = config_route_v3;

/** Envoy's own limit for the body of a direct response, and the one we allow when a table needs more. Bytes. */
export const directResponseLimits = { envoyDefault: 4096, raised: 1_048_576 } as const;

export function virtualHostHead(model: Pick<VirtualHost, "name" | "domains">): config_route_v3.VirtualHost {
  return create(VirtualHostSchema, { name: model.name, domains: [...model.domains] });
}

export function routeConfigurationHead(name: string): config_route_v3.RouteConfiguration {
  return create(RouteConfigurationSchema, { name });
}

/** `unsent`: headers that are the proxy's own business. */
export function routeConfigurationTail(largestBody: number, unsent: readonly string[] = []): config_route_v3.RouteConfiguration {
  return create(RouteConfigurationSchema, {
    requestHeadersToRemove: [...unsent],
    ignorePortInHostMatching: true,
    ...(largestBody > directResponseLimits.envoyDefault ? { maxDirectResponseBodySizeBytes: directResponseLimits.raised } : {}),
  });
}
