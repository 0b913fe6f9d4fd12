// TCPRoute (gateway.networking.k8s.io): v1alpha2 (Gateway API v1.4.1 experimental channel) and v1 (v1.6.1), schemas and types. Either is kept
// as it is by an API server that serves both, so the type is v1alpha2's.

import { kind, object, optional } from "../schema.ts";
import type { Static } from "../schema.ts";
import { l4OnlyRule, l4Rules } from "./l4rule.ts";
import { routeParents, routeStatus } from "./parentref.ts";

const description = "Sends TCP connections from listeners to backends.";
const wanted = { description: "What is wanted of the route." };
const status = optional(routeStatus);

export const TCPRouteSchema = kind(
  "TCPRoute",
  { spec: object({ ...routeParents, rules: l4Rules(16) }, wanted), status },
  { description },
);
export type TCPRoute = Static<typeof TCPRouteSchema>;

/** v1 takes one rule. */
export const TCPRouteV1Schema = kind(
  "TCPRoute",
  { spec: object({ ...routeParents, rules: l4OnlyRule }, wanted), status },
  { description },
);
