// Backend (gateway.envoyproxy.io/v1alpha1, as of Envoy Gateway v1.7.0): endpoints outside Kubernetes' Services, or those that the request names.

import { conditions, preciseHostname } from "./gateway/fields.ts";
import { choice, flag, integer, kind, list, object, optional, text } from "./schema.ts";
import type { Static } from "./schema.ts";
import { backendTLSSettings, tlsVersionRules, trustRules } from "./shared/tls.ts";

// Exactly what the API admits, oddities too: "::" is refused by minLength, and so are IPv6 addresses that embed an IPv4 address.
export const ipAddress = String.raw`^((25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\.){3}(25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)$|^(([0-9a-fA-F]{1,4}:){1,7}[0-9a-fA-F]{1,4}|::|(([0-9a-fA-F]{1,4}:){0,5})?(:[0-9a-fA-F]{1,4}){1,2})$`;

const port = integer({ format: "int32", minimum: 0, maximum: 65535, description: "Port number." });

const endpoint = object(
  {
    hostname: optional(preciseHostname("Name sent to the endpoint in place of the request's host.")),
    fqdn: optional(object({ hostname: preciseHostname("DNS name to resolve."), port }, { description: "Found by DNS." })),
    ip: optional(
      object(
        { address: text({ minLength: 3, maxLength: 45, pattern: ipAddress, description: "IPv4 or IPv6 address." }), port },
        { description: "Found at an IP address." },
      ),
    ),
    unix: optional(
      object(
        {
          path: text({
            description: "Path of the socket in the proxy's file system.",
            rules: [{ rule: "size(self) <= 108", message: "a socket path has at most 108 characters" }],
          }),
        },
        { description: "Found at a Unix domain socket." },
      ),
    ),
    zone: optional(text({ description: "Availability zone, for zone-aware routing." })),
  },
  {
    rules: [
      { rule: "(has(self.fqdn) || has(self.ip) || has(self.unix))", message: "an endpoint needs fqdn, ip or unix" },
      {
        rule: "((has(self.fqdn) && !(has(self.ip) || has(self.unix))) || (has(self.ip) && !(has(self.fqdn) || has(self.unix))) || (has(self.unix) && !(has(self.ip) || has(self.fqdn))))",
        message: "an endpoint has only one of fqdn, ip and unix",
      },
    ],
  },
);

const spec = object(
  {
    type: choice(["Endpoints", "DynamicResolver"], {
      default: "Endpoints",
      description: "Endpoints: those listed here. DynamicResolver: whatever the Host of the request resolves to.",
    }),
    endpoints: optional(
      list(endpoint, {
        minItems: 1,
        maxItems: 256,
        description: "Where requests go.",
        rules: [
          {
            rule: "self.all(f, has(f.fqdn)) || !self.exists(f, has(f.fqdn))",
            message: "fqdn endpoints do not mix with others",
          },
        ],
      }),
    ),
    appProtocols: optional(
      list(choice(["gateway.envoyproxy.io/h2c", "gateway.envoyproxy.io/ws", "gateway.envoyproxy.io/wss"]), {
        description: "Protocols that the endpoints speak.",
      }),
    ),
    fallback: optional(flag({ description: "Used only when the backends beside it that are no fallback are unhealthy." })),
    tls: optional(
      object(backendTLSSettings, { rules: [...trustRules, ...tlsVersionRules], description: "TLS towards the endpoints." }),
    ),
  },
  {
    description: "What the backend is.",
    rules: [
      {
        rule: "self.type != 'DynamicResolver' || !has(self.endpoints)",
        message: "a DynamicResolver has no endpoints",
      },
    ],
  },
);

export const backendSchema = kind(
  "Backend",
  {
    spec,
    status: optional(object({ conditions: optional(conditions()) }, { description: "What the controller says of the backend." })),
  },
  { description: "Endpoints that routes and policies can refer to, with how to connect to them." },
);
export type Backend = Static<typeof backendSchema>;
