// HTTPRouteFilter (gateway.envoyproxy.io/v1alpha1, as of Envoy Gateway v1.7.0): what a rule of an HTTPRoute can do beyond Gateway API, by ExtensionRef.

import { secretReference } from "./gateway/fields.ts";
import { choice, flag, integer, kind, list, object, optional, text } from "./schema.ts";
import type { Static } from "./schema.ts";
import { customResponseBody } from "./shared/response.ts";
import { headerChanges } from "./shared/values.ts";

const hostnameRewrite = object(
  {
    type: choice(["Header", "Backend"], { description: "Take the host from a request header, or from the chosen backend." }),
    header: optional(text({ description: "Name of that header." })),
  },
  {
    description: "What to replace the host with.",
    rules: [
      { rule: "!(has(self.header) && self.type != 'Header')", message: "header goes with type Header only" },
      { rule: "!(!has(self.header) && self.type == 'Header')", message: "type Header needs header" },
    ],
  },
);

const pathRewrite = object(
  {
    type: choice(["ReplaceRegexMatch"], { description: "How to change the path." }),
    replaceRegexMatch: optional(
      object(
        {
          pattern: text({ minLength: 1, description: "What to look for, in RE2 syntax." }),
          substitution: text({ description: "Replacement of each match; \\1 to \\9 are its groups." }),
        },
        { description: "A regular expression and its replacement." },
      ),
    ),
  },
  {
    description: "What to replace in the path.",
    rules: [
      {
        rule: "self.type == 'ReplaceRegexMatch' ? has(self.replaceRegexMatch) : !has(self.replaceRegexMatch)",
        message: "type ReplaceRegexMatch needs replaceRegexMatch",
      },
    ],
  },
);

const urlRewrite = object(
  { hostname: optional(hostnameRewrite), path: optional(pathRewrite) },
  { description: "Changes of host and path on the way to the backend." },
);

const directResponse = object(
  {
    contentType: optional(text({ description: "Content-Type of the response." })),
    body: optional(customResponseBody),
    statusCode: optional(integer({ description: "Status code; 200 when absent." })),
    header: optional(
      object(headerChanges, {
        description: "Headers of the response.",
        rules: [
          {
            rule: "!has(self.remove) || size(self.remove) == 0",
            message: "a direct response has no headers to remove",
          },
        ],
      }),
    ),
  },
  { description: "Answer without asking a backend." },
);

const credentialInjection = object(
  {
    header: optional(text({ description: "Header to put the credential into; Authorization when absent." })),
    overwrite: optional(flag({ description: "Replace the header when the request has it already." })),
    credential: object(
      { valueRef: secretReference("Secret that holds the credential under `credential`.") },
      { description: "What to inject." },
    ),
  },
  { description: "Add a credential on the way to the backend." },
);

const cookieMatch = object({
  type: choice(["Exact", "RegularExpression"], { default: "Exact", description: "How to compare." }),
  name: text({ minLength: 1, maxLength: 256, description: "Name of the cookie." }),
  value: text({ minLength: 1, maxLength: 4096, description: "What its value is compared with." }),
});

const requestMatch = object(
  {
    cookies: optional(
      list(cookieMatch, { minItems: 1, maxItems: 16, description: "Cookies that the request must carry, all of them." }),
    ),
  },
  { minProperties: 1 },
);

export const httpRouteFilterSchema = kind(
  "HTTPRouteFilter",
  {
    spec: object(
      {
        urlRewrite: optional(urlRewrite),
        directResponse: optional(directResponse),
        credentialInjection: optional(credentialInjection),
        matches: optional(
          list(requestMatch, {
            maxItems: 8,
            description: "Conditions, one of which must hold beside those of the rule.",
          }),
        ),
      },
      { description: "What the filter does." },
    ),
  },
  { description: "Extra request handling for HTTPRoute rules." },
);
export type HTTPRouteFilter = Static<typeof httpRouteFilterSchema>;
