// The resource types that we serve by name. Order of sending is the server's business.

import type { TypeUrl } from "./resource.ts";

export const typeUrls = {
  cluster: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  loadAssignment: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
  listener: "type.googleapis.com/envoy.config.listener.v3.Listener",
  routeConfiguration: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
  scopedRouteConfiguration: "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration",
  secret: "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
} as const satisfies Record<string, TypeUrl>;

export function isTypeUrl(text: string): text is TypeUrl {
  return text.startsWith("type.googleapis.com/");
}
