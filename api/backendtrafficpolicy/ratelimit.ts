// spec.rateLimit of BackendTrafficPolicy: how often clients may ask.

import { choice, flag, integer, list, object, optional, text } from "../schema.ts";
import type { ListOptions, Static } from "../schema.ts";

const valueMatch = (what: string) =>
  object({
    type: choice(["Exact", "RegularExpression", "Distinct"], {
      default: "Exact",
      description: "How to compare; Distinct counts each value by itself.",
    }),
    name: text({ minLength: 1, maxLength: 256, description: `Name of the ${what}.` }),
    value: optional(text({ maxLength: 1024, description: "What its value is compared with." })),
    invert: flag({ default: false, description: "Requests that do not match." }),
  });

const methodMatch = object({
  value: choice(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"], { description: "The method." }),
  invert: flag({ default: false, description: "Requests that do not match." }),
});

const pathMatch = object(
  {
    type: choice(["Exact", "PathPrefix", "RegularExpression"], { default: "PathPrefix", description: "How to compare." }),
    // Upstream asks for a value although it has a default.
    value: text({ maxLength: 1024, default: "/", description: "What the path is compared with." }),
    invert: flag({ default: false, description: "Requests that do not match." }),
  },
  { description: "Path of the request." },
);

const sourceMatch = object(
  {
    type: choice(["Exact", "Distinct"], { default: "Exact", description: "Distinct counts each address by itself." }),
    value: text({ minLength: 1, maxLength: 256, description: "Addresses, as CIDR." }),
  },
  { description: "Address of the client." },
);

const clientSelector = object(
  {
    headers: optional(list(valueMatch("header"), { maxItems: 16, description: "Headers, all of which must match." })),
    methods: optional(list(methodMatch, { description: "Methods, one of which must match." })),
    path: optional(pathMatch),
    sourceCIDR: optional(sourceMatch),
    queryParams: optional(list(valueMatch("parameter"), { maxItems: 16, description: "Parameters, all of which must match." })),
  },
  {
    rules: [
      {
        rule: "has(self.headers) || has(self.methods) || has(self.path) || has(self.sourceCIDR) || has(self.queryParams)",
        message: "headers, methods, path, sourceCIDR or queryParams is needed",
      },
    ],
  },
);
export type RateLimitClientSelector = Static<typeof clientSelector>;

const cost = (description: string) =>
  object(
    {
      from: choice(["Number", "Metadata"], { description: "Source of the number." }),
      number: optional(integer({ format: "int64", description: "The number." })),
      metadata: optional(
        object(
          { namespace: text({ description: "Its namespace." }), key: text({ description: "Its key." }) },
          { description: "Dynamic metadata that holds the number." },
        ),
      ),
    },
    {
      description,
      rules: [{ rule: "!(has(self.number) && has(self.metadata))", message: "number and metadata exclude each other" }],
    },
  );

const rule = object({
  clientSelectors: optional(
    list(clientSelector, { maxItems: 8, description: "Which requests count, if all of them match; all requests when absent." }),
  ),
  limit: object(
    {
      requests: integer({ description: "Number of requests." }),
      unit: choice(["Second", "Minute", "Hour", "Day", "Month", "Year"], { description: "For how long." }),
    },
    { description: "How many requests there may be." },
  ),
  cost: optional(
    object(
      { request: optional(cost("What a request costs.")), response: optional(cost("What the answer to it costs.")) },
      { description: "How much a request counts; 1 when absent." },
    ),
  ),
  shared: optional(flag({ description: "Count over all routes that the policy is for." })),
  shadowMode: optional(flag({ description: "Count and refuse nothing." })),
});
export type RateLimitRule = Static<typeof rule>;

const rules = (options: ListOptions) => list(rule, { description: "Limits; a request is refused by any of them.", ...options });

export const rateLimit = object(
  {
    type: optional(choice(["Global", "Local"], { description: "Deprecated: both are read." })),
    global: optional(
      object(
        { rules: rules({ maxItems: 128 }) },
        { description: "Limits that all Envoys together hold, by a rate limit service." },
      ),
    ),
    local: optional(
      object(
        {
          rules: optional(
            rules({
              maxItems: 16,
              rules: [
                {
                  rule: "self.all(foo, !has(foo.cost) || !has(foo.cost.response))",
                  message: "a local limit cannot count what an answer costs",
                },
                { rule: "self.all(foo, !has(foo.shadowMode))", message: "a local limit has no shadowMode" },
              ],
            }),
          ),
        },
        { description: "Limits that each Envoy holds by itself." },
      ),
    ),
  },
  { description: "How often clients may ask." },
);
export type RateLimit = Static<typeof rateLimit>;
