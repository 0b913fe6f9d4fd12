// spec.responseOverride of BackendTrafficPolicy: other answers in place of those of backends.

import { pathModifier } from "../gateway/httpfilter.ts";
import { preciseHostname } from "../gateway/fields.ts";
import { choice, integer, list, object, optional, refined, text } from "../schema.ts";
import type { Static } from "../schema.ts";
import { customResponseBody } from "../shared/response.ts";
import { headerChanges } from "../shared/values.ts";

const statusCode = object(
  {
    type: refined(text(), {
      allOf: [{ enum: ["Value", "Range"] }, { enum: ["Value", "Range"] }],
      default: "Value",
      description: "Which of the two is given.",
    }),
    value: optional(integer({ description: "The status code." })),
    range: optional(
      object(
        { start: integer({ description: "The first one." }), end: integer({ description: "The last one." }) },
        { description: "Status codes.", rules: [{ rule: "self.end > self.start", message: "end must be above start" }] },
      ),
    ),
  },
  {
    rules: [
      { rule: "(!has(self.type) || self.type == 'Value')? has(self.value) : true", message: "type Value needs value" },
      { rule: "(has(self.type) && self.type == 'Range')? has(self.range) : true", message: "type Range needs range" },
    ],
  },
);

const response = object(
  {
    contentType: optional(text({ description: "Content-Type of the answer." })),
    body: optional(customResponseBody),
    statusCode: optional(integer({ description: "Status code; the backend's when absent." })),
    header: optional(
      object(headerChanges, {
        description: "Headers of the answer.",
        rules: [{ rule: "!has(self.remove) || size(self.remove) == 0", message: "no header can be removed here" }],
      }),
    ),
  },
  { description: "The answer to give." },
);

const redirect = object(
  {
    scheme: optional(choice(["http", "https"], { description: "Scheme; that of the request when absent." })),
    hostname: optional(preciseHostname("Host name; that of the request when absent.")),
    path: optional(
      refined(pathModifier, {
        rules: [
          { rule: "self.type == 'ReplaceFullPath'", message: "only ReplaceFullPath is possible here" },
          ...(pathModifier as { "x-kubernetes-validations"?: readonly { rule: string; message: string }[] })[
            "x-kubernetes-validations"
          ]!,
        ],
      }),
    ),
    port: optional(integer({ format: "int32", description: "Port; that of the request or of the scheme when absent." })),
    statusCode: integer({ default: 302, enum: [301, 302], description: "Status of the answer." }),
  },
  { description: "Where to send the client instead." },
);

export const responseOverride = object(
  {
    match: object(
      { statusCodes: list(statusCode, { minItems: 1, maxItems: 50, description: "Status codes of the backend." }) },
      { description: "Which answers." },
    ),
    response: optional(response),
    redirect: optional(redirect),
  },
  {
    rules: [
      {
        rule: "(has(self.response) && !has(self.redirect)) || (!has(self.response) && has(self.redirect))",
        message: "response or redirect must be given, and not both",
      },
    ],
  },
);
export type ResponseOverride = Static<typeof responseOverride>;
