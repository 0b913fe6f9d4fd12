// What requests an HTTPRoute rule matches (Gateway API v1.4.1).

import { choice, list, object, optional, text } from "../schema.ts";
import type { Rule, Static } from "../schema.ts";
import { httpHeaderName, patterns } from "./fields.ts";

export const httpMethods = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"] as const;

/** The value of an Exact or PathPrefix match obeys `condition`. */
function plainPath(condition: string, message: string): Rule {
  return {
    rule: `(self.type in ['Exact','PathPrefix']) ? ${condition} : true`,
    message: `${message} (types Exact and PathPrefix)`,
  };
}
const without = (part: string) => plainPath(`!self.value.contains('${part}')`, `value must not contain '${part}'`);
const notEnding = (part: string) => plainPath(`!self.value.endsWith('${part}')`, `value must not end with '${part}'`);

const path = object(
  {
    type: choice(["Exact", "PathPrefix", "RegularExpression"], {
      default: "PathPrefix",
      description: "How the value is compared.",
    }),
    value: text({ default: "/", maxLength: 1024, description: "The path, prefix or regular expression." }),
  },
  {
    default: { type: "PathPrefix", value: "/" },
    description: "Path of the request.",
    rules: [
      plainPath("self.value.startsWith('/')", "value must start with '/'"),
      ...["//", "/./", "/../", "%2f", "%2F", "#"].map(without),
      ...["/..", "/."].map(notEnding),
      {
        rule: "self.type in ['Exact','PathPrefix'] || self.type == 'RegularExpression'",
        message: "type must be Exact, PathPrefix or RegularExpression",
      },
      plainPath(`self.value.matches(r"""${patterns.path}""")`, "value must consist of path characters and %-encoded bytes"),
    ],
  },
);
export type HTTPPathMatch = Static<typeof path>;

const valueType = choice(["Exact", "RegularExpression"], {
  default: "Exact",
  description: "How the value is compared.",
});

const header = object({
  type: valueType,
  name: httpHeaderName("Name of the header, in any case."),
  value: text({ minLength: 1, maxLength: 4096, description: "Value, or regular expression for it." }),
});
export type HTTPHeaderMatch = Static<typeof header>;

export const headerMatches = list(header, {
  maxItems: 16,
  listType: "map",
  mapKeys: ["name"],
  description: "Headers, all of which must match.",
});

const queryParam = object({
  type: valueType,
  name: httpHeaderName("Name of the parameter."),
  value: text({ minLength: 1, maxLength: 1024, description: "Value, or regular expression for it." }),
});
export type HTTPQueryParamMatch = Static<typeof queryParam>;

export const httpRouteMatch = object({
  path,
  headers: optional(headerMatches),
  queryParams: optional(
    list(queryParam, {
      maxItems: 16,
      listType: "map",
      mapKeys: ["name"],
      description: "Query parameters, all of which must match.",
    }),
  ),
  method: optional(choice(httpMethods, { description: "Method of the request." })),
});
export type HTTPRouteMatch = Static<typeof httpRouteMatch>;
