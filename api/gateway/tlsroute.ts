// TLSRoute (gateway.networking.k8s.io): v1alpha2 and v1alpha3 (Gateway API v1.4.1 experimental channel) and v1 (v1.6.1), schemas and types. An
// API server keeps one of them and converts nothing: what was written as v1alpha2 comes back without hostnames or with several rules, so the
// type is v1alpha2's.

import { kind, list, object, optional } from "../schema.ts";
import type { ListOptions, Static } from "../schema.ts";
import { hostname, patterns } from "./fields.ts";
import { l4OnlyRule, l4Rules } from "./l4rule.ts";
import { routeParents, routeStatus } from "./parentref.ts";

const hostnames = (options: ListOptions) =>
  list(hostname("Server name of the TLS connection (SNI), perhaps with a leading wildcard label."), {
    listType: "atomic",
    description: "Server names the route is for.",
    ...options,
  });

const description = "Sends TLS connections from listeners to backends by their server name.";
const status = optional(routeStatus);
const wanted = { description: "What is wanted of the route." };

export const TLSRouteSchema = kind(
  "TLSRoute",
  { spec: object({ ...routeParents, hostnames: optional(hostnames({ maxItems: 16 })), rules: l4Rules(16) }, wanted), status },
  { description },
);
export type TLSRoute = Static<typeof TLSRouteSchema>;

/** v1alpha3 asks for hostnames, and for one rule. */
export const TLSRouteV1Alpha3Schema = kind(
  "TLSRoute",
  { spec: object({ ...routeParents, hostnames: hostnames({ minItems: 1, maxItems: 16 }), rules: l4Rules(1) }, wanted), status },
  { description },
);

/** The pattern inside a text of CEL. */
const name = `matches('${patterns.preciseHostname.replace("^", "^(").replace("$", ")$").replaceAll("\\", "\\\\")}')`;

/** v1, too, and for hostnames that are none of IP addresses. */
export const TLSRouteV1Schema = kind(
  "TLSRoute",
  {
    spec: object(
      {
        ...routeParents,
        hostnames: hostnames({
          minItems: 1,
          maxItems: 1024,
          rules: [
            { rule: "self.all(h, !isIP(h))", message: "a hostname cannot be an IP address" },
            { rule: `self.all(h, !h.contains('*') ? h.${name} : true)`, message: "a hostname must be a name of DNS (RFC 1123)" },
            {
              rule: `self.all(h, h.contains('*') ? (h.startsWith('*.') && h.substring(2).${name}) : true)`,
              message: "a wildcard must be the first label of a hostname, before a name of DNS (RFC 1123)",
            },
          ],
        }),
        rules: l4OnlyRule,
      },
      wanted,
    ),
    status,
  },
  { description },
);
