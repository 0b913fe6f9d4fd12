// The rules of routes that look at no request: TLSRoute, TCPRoute and UDPRoute (Gateway API v1.4.1 experimental channel, and v1.6.1). Each only says
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

const atLeastOne = { minItems: 1, listType: "atomic", description: "What happens to the connections." } as const;

/** `rules` of a route kind that allows so many. */
export const l4Rules = (maxItems: number) =>
  list(rule, {
    ...atLeastOne,
    maxItems,
    rules: [
      {
        rule: "self.all(l1, !has(l1.name) || self.exists_one(l2, has(l2.name) && l1.name == l2.name))",
        message: "no two rules may have the same name",
      },
    ],
  });

/** `rules` of the routes that have graduated to v1. */
export const l4OnlyRule = list(rule, { ...atLeastOne, maxItems: 1 });
