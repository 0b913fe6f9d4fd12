// UDPRoute (gateway.networking.k8s.io/v1alpha2, Gateway API v1.4.1 experimental channel): schema and types.

import { kind, object, optional } from "../schema.ts";
import type { Static } from "../schema.ts";
import { l4Rules } from "./l4rule.ts";
import { routeParents, routeStatus } from "./parentref.ts";

export const UDPRouteSchema = kind(
  "UDPRoute",
  {
    spec: object({ ...routeParents, rules: l4Rules(16) }, { description: "What is wanted of the route." }),
    status: optional(routeStatus),
  },
  { description: "Sends datagrams from listeners to backends." },
);
export type UDPRoute = Static<typeof UDPRouteSchema>;
