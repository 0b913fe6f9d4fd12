// The HTTPRoute filters that decide who may call: CORS and external authorization (Gateway API v1.4.1 experimental channel).

import { choice, flag, integer, list, object, optional, text } from "../schema.ts";
import type { Rule, Static } from "../schema.ts";
import { backendObjectReference } from "./backendref.ts";
import { httpHeaderName, patterns } from "./fields.ts";
import { httpMethods } from "./httpmatch.ts";

const loneWildcard = (field: string): Rule => ({
  rule: "!('*' in self && self.size() > 1)",
  message: `'*' must be the only entry of ${field}`,
});

const corsHeaders = (description: string) =>
  list(httpHeaderName("Name of a header."), { maxItems: 64, listType: "set", description });

export const cors = object(
  {
    allowOrigins: optional(
      list(
        text({
          minLength: 1,
          maxLength: 253,
          pattern: String.raw`(^\*$)|(^([a-zA-Z][a-zA-Z0-9+\-.]+):\/\/([^:/?#]+)(:([0-9]{1,5}))?$)`,
        }),
        {
          maxItems: 64,
          listType: "set",
          rules: [loneWildcard("allowOrigins")],
          description: "Origins that may call, as scheme://host:port; a host may start with a wildcard.",
        },
      ),
    ),
    allowCredentials: optional(flag({ description: "Whether credentials may be sent." })),
    allowMethods: optional(
      list(choice([...httpMethods, "*"]), {
        maxItems: 9,
        listType: "set",
        rules: [loneWildcard("allowMethods")],
        description: "Methods that may be used.",
      }),
    ),
    allowHeaders: optional(corsHeaders("Headers that may be sent.")),
    exposeHeaders: optional(corsHeaders("Headers of the answer that scripts may see.")),
    maxAge: integer({
      default: 5,
      format: "int32",
      minimum: 1,
      description: "Seconds for which browsers may remember a preflight answer.",
    }),
  },
  { description: "Answers cross-origin requests." },
);
export type HTTPCORSFilter = Static<typeof cors>;

/** Settings of a protocol go with that protocol. */
function protocolField(protocol: string, field: string): readonly Rule[] {
  return [
    { rule: `self.protocol == '${protocol}' ? has(self.${field}) : true`, message: `protocol ${protocol} needs ${field}` },
    { rule: `has(self.${field}) ? self.protocol == '${protocol}' : true`, message: `${field} is only for protocol ${protocol}` },
  ];
}

const headerNames = (description: string) => list(text(), { listType: "set", description });

export const externalAuth = object(
  {
    protocol: choice(["HTTP", "GRPC"], { description: "How the service is asked." }),
    backendRef: backendObjectReference,
    grpc: optional(
      object(
        { allowedHeaders: optional(headerNames("Request headers sent along.")) },
        { description: "Settings for protocol GRPC." },
      ),
    ),
    http: optional(
      object(
        {
          path: optional(text({ maxLength: 1024, pattern: patterns.path, description: "Prefix of the path asked for." })),
          allowedHeaders: optional(headerNames("Further request headers sent along.")),
          allowedResponseHeaders: optional(headerNames("Headers of the answer copied to the request.")),
        },
        { description: "Settings for protocol HTTP." },
      ),
    ),
    forwardBody: optional(
      object(
        { maxSize: optional(integer({ description: "Largest body sent along, in bytes; 0 sends none." })) },
        { description: "Whether the request's body is sent along." },
      ),
    ),
  },
  {
    description: "Asks a service whether the request may go on.",
    rules: [...protocolField("GRPC", "grpc"), ...protocolField("HTTP", "http")],
  },
);
export type HTTPExternalAuthFilter = Static<typeof externalAuth>;
