// Value schemas that the kinds of gateway.envoyproxy.io/v1alpha1 share: quantities, string matches, header lists, tags, patches.
// It knows no kind; names and references are those of gateway/fields.ts.

import { httpHeaderName } from "../gateway/fields.ts";
import { anything, choice, integer, intOrString, list, map, object, optional, text } from "../schema.ts";
import type { Static } from "../schema.ts";

const quantity = String.raw`^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$`;
const wholeQuantity = "^[1-9]+[0-9]*([EPTGMK]i|[EPTGMk])?$";

/** A Kubernetes quantity that is a whole number of bytes, such as "32Ki" or 32768. */
export const byteQuantity = (description: string) =>
  intOrString({ allOf: [{ pattern: quantity }, { pattern: wholeQuantity }], description });

/** A count that Envoy keeps in 32 bits. The API says no more than `format: int32`; bounds are given where it has them. */
export const count = (description: string, bounds: { minimum?: number; maximum?: number; default?: number } = {}) =>
  integer({ format: "int32", description, ...bounds });

export const strings = (description: string) => list(text(), { description });

export const textMap = (description: string) => map(text(), { description });

export const stringMatch = object(
  {
    type: choice(["Exact", "Prefix", "Suffix", "RegularExpression"], { default: "Exact", description: "How to compare." }),
    value: text({ minLength: 1, maxLength: 1024, description: "What to compare with; RE2 syntax for RegularExpression." }),
  },
  { description: "A test of a string." },
);
export type StringMatch = Static<typeof stringMatch>;

/** Header name and value, as Gateway API has it in its header filters. */
const httpHeader = object({
  name: httpHeaderName("Header name."),
  value: text({ minLength: 1, maxLength: 4096, description: "Header value." }),
});
export type HTTPHeader = Static<typeof httpHeader>;

/** HTTPHeaderFilter of Gateway API: set replaces, add appends. */
export const headerChanges = {
  set: optional(list(httpHeader, { maxItems: 16, listType: "map", mapKeys: ["name"], description: "Headers to replace." })),
  add: optional(list(httpHeader, { maxItems: 16, listType: "map", mapKeys: ["name"], description: "Headers to append to." })),
  remove: optional(list(text(), { maxItems: 16, listType: "set", description: "Names of headers to remove." })),
};

/** Headers sent along with calls to a telemetry service. */
export const callHeaders = list(httpHeader, { minItems: 1, maxItems: 32, description: "Headers sent with each export call." });

/** A patch of a Kubernetes object that we own; StrategicMerge when the type is absent. */
export const kubernetesPatch = object(
  {
    type: optional(text({ description: "StrategicMerge (default) or JSONMerge." })),
    value: anything({ description: "The patch itself." }),
  },
  { description: "Applied last to the generated object." },
);
export type KubernetesPatch = Static<typeof kubernetesPatch>;

/** One operation of a JSON patch; `jsonPath` may select several places. */
export const jsonPatchOperation = object({
  op: choice(["add", "remove", "replace", "move", "copy", "test"], { description: "What to do (RFC 6902)." }),
  path: optional(text({ description: "JSON pointer; relative to each match of jsonPath when both are given." })),
  jsonPath: optional(text({ description: "JSONPath that selects where to apply." })),
  from: optional(text({ description: "Source pointer of move and copy." })),
  value: optional(anything({ description: "Operand of add, replace and test." })),
});
export type JSONPatchOperation = Static<typeof jsonPatchOperation>;
