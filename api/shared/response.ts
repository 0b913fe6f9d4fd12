// Bodies of responses that Envoy gives itself (v1alpha1 CustomResponseBody). It knows no kind.

import { localObjectReference } from "../gateway/fields.ts";
import { choice, object, optional, text } from "../schema.ts";
import type { Static } from "../schema.ts";

export const customResponseBody = object(
  {
    type: choice(["Inline", "ValueRef"], { default: "Inline", description: "Where the body is." }),
    inline: optional(text({ description: "The body." })),
    valueRef: optional(localObjectReference("ConfigMap that holds the body under `response.body`, else under its first key.")),
  },
  {
    description: "Body of the response.",
    rules: [
      { rule: "(!has(self.type) || self.type == 'Inline')? has(self.inline) : true", message: "type Inline needs inline" },
      { rule: "(has(self.type) && self.type == 'ValueRef')? has(self.valueRef) : true", message: "type ValueRef needs valueRef" },
      { rule: "has(self.valueRef) ? self.valueRef.kind == 'ConfigMap' : true", message: "valueRef must name a ConfigMap" },
    ],
  },
);
export type CustomResponseBody = Static<typeof customResponseBody>;
