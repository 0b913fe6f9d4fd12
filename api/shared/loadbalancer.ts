// How a proxy chooses among endpoints (v1alpha1 LoadBalancer). It knows no kind.

import { duration } from "../gateway/fields.ts";
import { choice, integer, list, object, optional, text } from "../schema.ts";
import type { Static } from "../schema.ts";
import { count, textMap } from "./values.ts";

const named = (what: string) => object({ name: text({ description: `Name of the ${what}.` }) });

const cookie = object(
  {
    name: text({ description: "Name of the cookie." }),
    ttl: optional(duration("Life of a cookie that Envoy makes; without one none is made.")),
    attributes: optional(textMap("Further attributes of a cookie that Envoy makes.")),
  },
  { description: "The cookie, for type Cookie." },
);

const consistentHash = object(
  {
    type: choice(["SourceIP", "Header", "Headers", "Cookie", "QueryParams"], { description: "What is hashed." }),
    header: optional(object({ name: text({ description: "Name of the header." }) }, { description: "Deprecated: use headers." })),
    headers: optional(list(named("header"), { description: "The headers, for type Headers." })),
    cookie: optional(cookie),
    queryParams: optional(list(named("parameter"), { description: "The parameters, for type QueryParams." })),
    tableSize: integer({
      format: "int64",
      minimum: 2,
      maximum: 5000011,
      default: 65537,
      description: "Size of the Maglev table, a prime number.",
    }),
  },
  {
    description: "Same hash, same endpoint; for type ConsistentHash.",
    rules: [
      { rule: "self.type == 'Header' ? has(self.header) : !has(self.header)", message: "header goes with type Header" },
      { rule: "self.type == 'Headers' ? has(self.headers) : !has(self.headers)", message: "headers goes with type Headers" },
      { rule: "self.type == 'Cookie' ? has(self.cookie) : !has(self.cookie)", message: "cookie goes with type Cookie" },
      {
        rule: "self.type == 'QueryParams' ? has(self.queryParams) : !has(self.queryParams)",
        message: "queryParams goes with type QueryParams",
      },
    ],
  },
);

const preferLocal = object(
  {
    force: optional(
      object(
        { minEndpointsInZoneThreshold: optional(count("Endpoints the zone must have; 1 when absent.")) },
        { description: "Stay in the zone also when it is overloaded." },
      ),
    ),
    minEndpointsThreshold: optional(
      integer({ format: "int64", description: "Endpoints there must be in all before zones matter; 6 when absent." }),
    ),
    percentageEnabled: optional(count("Share of requests to which it applies.", { minimum: 0, maximum: 100 })),
  },
  { description: "Prefer endpoints in the proxy's own zone." },
);

export const loadBalancer = object(
  {
    type: choice(["ConsistentHash", "LeastRequest", "Random", "RoundRobin"], { description: "Which algorithm." }),
    consistentHash: optional(consistentHash),
    endpointOverride: optional(
      object(
        {
          extractFrom: list(object({ header: optional(text({ description: "Request header that names an endpoint." })) }), {
            minItems: 1,
            maxItems: 10,
            description: "Where to look, in this order.",
          }),
        },
        { description: "Let the request name the endpoint." },
      ),
    ),
    slowStart: optional(
      object({ window: duration("Time until an endpoint gets its full share.") }, { description: "Ease new endpoints in." }),
    ),
    zoneAware: optional(object({ preferLocal: optional(preferLocal) }, { description: "Zone-aware routing." })),
  },
  {
    description: "How to choose among endpoints; LeastRequest when absent.",
    rules: [
      {
        rule: "self.type == 'ConsistentHash' ? has(self.consistentHash) : !has(self.consistentHash)",
        message: "consistentHash goes with type ConsistentHash",
      },
      {
        rule: "self.type in ['Random', 'ConsistentHash'] ? !has(self.slowStart) : true",
        message: "slowStart needs RoundRobin or LeastRequest",
      },
      {
        rule: "self.type == 'ConsistentHash' ? !has(self.zoneAware) : true",
        message: "zoneAware does not go with ConsistentHash",
      },
    ],
  },
);
export type LoadBalancer = Static<typeof loadBalancer>;
