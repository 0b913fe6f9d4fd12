// The custom response filter: other answers in place of those of backends. Always in the chain and disabled (see hcm.ts); a route switches it on with its answers.

import type { Any } from "@bufbuild/protobuf/wkt";
import {
  config_core_v3,
  extensions_filters_http_custom_response_v3,
  type extensions_filters_network_http_connection_manager_v3,
  extensions_http_custom_response_local_response_policy_v3,
  extensions_http_custom_response_redirect_policy_v3,
  type_matcher_v3,
} from "#envoy";
import type { AnswerOverride } from "../../model/traffic-filters.ts";
import { headerEdits, headerSet } from "../headers.ts";
import type { MessageInit } from "../message-init.ts";
import { packed } from "../wire.ts";

const { CustomResponseSchema } = extensions_filters_http_custom_response_v3;
type HttpFilter = MessageInit<typeof extensions_filters_network_http_connection_manager_v3.HttpFilterSchema>;
type Answer = AnswerOverride["answer"];

export const customResponseFilterName = "envoy.filters.http.custom_response";

export function customResponseFilter(): HttpFilter {
  const config = packed(CustomResponseSchema, {});
  return { name: customResponseFilterName, disabled: true, configType: { case: "typedConfig", value: config } };
}

export function customResponse(overrides: readonly AnswerOverride[]): Any {
  const input = packed(type_matcher_v3.HttpResponseStatusCodeMatchInputSchema, {});
  const matchers = overrides.map(({ statuses, answer }, index) => ({
    predicate: {
      matchType: {
        case: "singlePredicate" as const,
        value: {
          input: { name: "http-response-status-code-match-input", typedConfig: input },
          matcher: {
            case: "valueMatch" as const,
            value: {
              matchPattern: {
                case: "safeRegex" as const,
                value: { engineType: { case: "googleRe2" as const, value: {} }, regex: codes(statuses) },
              },
            },
          },
        },
      },
    },
    onMatch: { onMatch: { case: "action" as const, value: { name: `answer-${index}`, typedConfig: policy(answer) } } },
  }));
  return packed(CustomResponseSchema, { customResponseMatcher: { matcherType: { case: "matcherList", value: { matchers } } } });
}

/** Envoy compares the code as text: "40[1-3]" and so on, spelled out. */
function codes(statuses: AnswerOverride["statuses"]): string {
  const all = statuses.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, index) => first + index));
  return [...new Set(all)].toSorted((a, b) => a - b).join("|");
}

function policy(answer: Answer): Any {
  switch (answer.type) {
    case "respond": {
      const { LocalResponsePolicySchema } = extensions_http_custom_response_local_response_policy_v3;
      const { add } = headerEdits({ add: answer.add, set: answer.set, addIfAbsent: [], remove: [] });
      const typed = answer.contentType === undefined ? [] : [headerSet({ name: "content-type", value: answer.contentType })];
      return packed(LocalResponsePolicySchema, {
        ...(answer.status === undefined ? {} : { statusCode: answer.status }),
        ...(answer.body === undefined ? {} : { body: source(answer.body) }),
        responseHeadersToAdd: [...typed, ...add],
      });
    }
    case "redirect": {
      const { scheme, hostname, port, path, status } = answer.redirect;
      const value = {
        ...(scheme === undefined ? {} : { schemeRewriteSpecifier: { case: "schemeRedirect" as const, value: scheme } }),
        ...(hostname === undefined ? {} : { hostRedirect: hostname }),
        ...(port === undefined ? {} : { portRedirect: port }),
        ...(path === undefined ? {} : { pathRewriteSpecifier: { case: "pathRedirect" as const, value: path } }),
      };
      return packed(extensions_http_custom_response_redirect_policy_v3.RedirectPolicySchema, {
        redirectActionSpecifier: { case: "redirectAction", value },
        statusCode: status,
      });
    }
  }
}

function source(body: string | Uint8Array): MessageInit<typeof config_core_v3.DataSourceSchema> {
  return typeof body === "string"
    ? { specifier: { case: "inlineString", value: body } }
    : { specifier: { case: "inlineBytes", value: body } };
}
