// GRPCRoute (gateway.networking.k8s.io, Gateway API v1.4.1 experimental channel): schema and types.

import { choice, kind, list, object, optional, text } from "../schema.ts";
import type { Static } from "../schema.ts";
import { backendReference, backendWeight } from "./backendref.ts";
import { hostname, sectionName } from "./fields.ts";
import { grpcFilters } from "./httpfilter.ts";
import { headerMatches } from "./httpmatch.ts";
import { routeParents, routeStatus } from "./parentref.ts";
import { sessionPersistence } from "./sessionpersistence.ts";

const serviceName = String.raw`^(?i)\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$`;
const methodName = "^[A-Za-z_][A-Za-z_0-9]*$";

/** An Exact name obeys the pattern. */
const exactName = (field: string, pattern: string) => ({
  rule: `(!has(self.type) || self.type == 'Exact') && has(self.${field}) ? self.${field}.matches(r"""${pattern}"""): true`,
  message: `${field} is not a name that gRPC allows (type Exact)`,
});

const method = object(
  {
    type: choice(["Exact", "RegularExpression"], { default: "Exact", description: "How service and method are compared." }),
    service: optional(text({ maxLength: 1024, description: "Service, with its package; any when absent." })),
    method: optional(text({ maxLength: 1024, description: "Method; any when absent." })),
  },
  {
    description: "Service and method of the call.",
    rules: [
      { rule: "has(self.type) ? has(self.service) || has(self.method) : true", message: "service or method must be given" },
      exactName("service", serviceName),
      exactName("method", methodName),
    ],
  },
);

const match = object({ method: optional(method), headers: optional(headerMatches) });
export type GRPCRouteMatch = Static<typeof match>;

const backendRef = object(
  {
    ...backendReference.fields,
    weight: backendWeight("Share of the calls, relative to the other backends."),
    filters: optional(grpcFilters),
  },
  { rules: backendReference.rules },
);

const rule = object({
  name: optional(sectionName("Name of the rule, unique in the route.")),
  matches: optional(
    list(match, { maxItems: 64, listType: "atomic", description: "Calls the rule is for; one match is enough." }),
  ),
  filters: optional(grpcFilters),
  backendRefs: optional(list(backendRef, { maxItems: 16, listType: "atomic", description: "Where calls go." })),
  sessionPersistence: optional(sessionPersistence),
});
export type GRPCRouteRule = Static<typeof rule>;

const matchesOfRule = (index: number) =>
  `(self.size() > ${index} ? (has(self[${index}].matches) ? self[${index}].matches.size() : 0) : 0)`;
const allMatches = Array.from({ length: 16 }, (_, index) => matchesOfRule(index)).join(" + ");

export const GRPCRouteSchema = kind(
  "GRPCRoute",
  {
    spec: object(
      {
        ...routeParents,
        hostnames: optional(
          list(hostname("Host name, perhaps with a leading wildcard label."), {
            maxItems: 16,
            listType: "atomic",
            description: "Host names the route is for; those of the listener when absent.",
          }),
        ),
        rules: optional(
          list(rule, {
            maxItems: 16,
            listType: "atomic",
            description: "What happens to which calls.",
            rules: [
              { rule: `${allMatches} <= 128`, message: "all rules together may have at most 128 matches" },
              {
                rule: "self.all(l1, !has(l1.name) || self.exists_one(l2, has(l2.name) && l1.name == l2.name))",
                message: "no two rules may have the same name",
              },
            ],
          }),
        ),
      },
      { description: "What is wanted of the route." },
    ),
    status: optional(routeStatus),
  },
  { description: "Sends gRPC calls from listeners to backends." },
);
export type GRPCRoute = Static<typeof GRPCRouteSchema>;
