// Headers of requests and responses at a listener (v1alpha1 HeaderSettings).

import { httpHeaderName } from "../gateway/fields.ts";
import { choice, flag, list, object, optional, text } from "../schema.ts";
import type { Static } from "../schema.ts";
import { stringMatch } from "../shared/values.ts";

const header = object({
  name: httpHeaderName("Header name."),
  value: text({ minLength: 1, maxLength: 4096, description: "Header value." }),
});

const some = { minItems: 1, maxItems: 64 } as const;
const byName = { ...some, listType: "map", mapKeys: ["name"] } as const;

const headerMutations = (description: string) =>
  object(
    {
      set: optional(list(header, { ...byName, description: "Headers to replace." })),
      add: optional(list(header, { ...byName, description: "Headers to append to." })),
      addIfAbsent: optional(list(header, { ...byName, description: "Headers to add where there is none of the name." })),
      remove: optional(list(text(), { ...some, listType: "set", description: "Names of headers to remove." })),
      removeOnMatch: optional(list(stringMatch, { ...some, description: "Headers to remove by what their names match." })),
    },
    { description },
  );
export type HeaderMutations = Static<ReturnType<typeof headerMutations>>;

const forwardedClientCert = object(
  {
    mode: optional(
      choice(["Sanitize", "ForwardOnly", "AppendForward", "SanitizeSet", "AlwaysForwardOnly"], {
        description: "What becomes of the header; Sanitize when absent.",
      }),
    ),
    certDetailsToAdd: optional(
      list(choice(["Subject", "Cert", "Chain", "DNS", "URI"]), {
        maxItems: 5,
        description: "What of the client's certificate is told beside its hash; for AppendForward and SanitizeSet.",
      }),
    ),
  },
  {
    description: "The header x-forwarded-client-cert.",
    rules: [
      {
        rule: "(has(self.certDetailsToAdd) && self.certDetailsToAdd.size() > 0) ? (self.mode == 'AppendForward' || self.mode == 'SanitizeSet') : true",
        message: "certDetailsToAdd needs mode AppendForward or SanitizeSet",
      },
    ],
  },
);

export const clientHeaders = object(
  {
    enableEnvoyHeaders: optional(flag({ description: "Send Envoy's own headers, x-envoy-…, to clients and backends." })),
    disableRateLimitHeaders: optional(flag({ description: "Do not tell clients of rate limits." })),
    xForwardedClientCert: optional(forwardedClientCert),
    withUnderscoresAction: optional(
      choice(["Allow", "RejectRequest", "DropHeader"], {
        description: "What becomes of headers with an underscore in their name; RejectRequest when absent.",
      }),
    ),
    preserveXRequestID: optional(flag({ description: "Deprecated: use requestID." })),
    requestID: optional(
      choice(["PreserveOrGenerate", "Preserve", "Generate", "Disable"], {
        description: "Whose x-request-id requests have; Generate when absent.",
      }),
    ),
    earlyRequestHeaders: optional(headerMutations("Changes of requests before they are matched to a route.")),
    lateResponseHeaders: optional(headerMutations("Changes of responses, the last of all.")),
  },
  {
    description: "Headers.",
    rules: [
      {
        rule: "!(has(self.preserveXRequestID) && has(self.requestID))",
        message: "preserveXRequestID and requestID exclude each other",
      },
    ],
  },
);
export type ClientHeaders = Static<typeof clientHeaders>;
