// TLSRoute (gateway.networking.k8s.io, Gateway API v1.4.1 experimental channel): schemas of both versions, and types. An API server keeps
// v1alpha3 and converts nothing: what was written as v1alpha2 comes back without hostnames or with several rules, so the type is v1alpha2's.

import { kind, list, object, optional } from "../schema.ts";
import type { Static } from "../schema.ts";
import { hostname } from "./fields.ts";
import { l4Rules } from "./l4rule.ts";
import { routeParents, routeStatus } from "./parentref.ts";

const hostnames = (minItems?: number) =>
  list(hostname("Server name of the TLS connection (SNI), perhaps with a leading wildcard label."), {
    ...(minItems === undefined ? {} : { minItems }),
    maxItems: 16,
    listType: "atomic",
    description: "Server names the route is for.",
  });

const description = "Sends TLS connections from listeners to backends by their server name.";
const status = optional(routeStatus);
const wanted = { description: "What is wanted of the route." };

export const TLSRouteSchema = kind(
  "TLSRoute",
  { spec: object({ ...routeParents, hostnames: optional(hostnames()), rules: l4Rules(16) }, wanted), status },
  { description },
);
export type TLSRoute = Static<typeof TLSRouteSchema>;

/** v1alpha3 asks for hostnames, and for one rule. */
export const TLSRouteV1Alpha3Schema = kind(
  "TLSRoute",
  { spec: object({ ...routeParents, hostnames: hostnames(1), rules: l4Rules(1) }, wanted), status },
  { description },
);
