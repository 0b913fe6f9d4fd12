// The rules of routes that look at no request: TLSRoute, TCPRoute and UDPRoute (Gateway API v1.4.1 experimental channel). Each only says
// where bytes go.

import { list, object, optional } from "../schema.ts";
import type { Static } from "../schema.ts";
import { backendReference, backendWeight } from "./backendref.ts";
import { sectionName } from "./fields.ts";

const backendRef = object(
  {
    ...backendReference.fields,
    weight: backendWeight("Share of the connections, relative to the other backends."),
  },
  { rules: backendReference.rules },
);
export type L4BackendRef = Static<typeof backendRef>;

const rule = object({
  name: optional(sectionName("Name of the rule, unique in the route.")),
  backendRefs: list(backendRef, { minItems: 1, maxItems: 16, listType: "atomic", description: "Where the bytes go." }),
});
export type L4Rule = Static<typeof rule>;

/** `rules` of a route kind that allows so many. */
export const l4Rules = (maxItems: number) =>
  list(rule, {
    minItems: 1,
    maxItems,
    listType: "atomic",
    description: "What happens to the connections.",
    rules: [
      {
        rule: "self.all(l1, !has(l1.name) || self.exists_one(l2, has(l2.name) && l1.name == l2.name))",
        message: "no two rules may have the same name",
      },
    ],
  });
