// Changes of headers that a listener makes for all its routes: before a route is chosen, and after all else is done with the response.

import {
  config_core_v3,
  type config_common_mutation_rules_v3,
  extensions_filters_http_header_mutation_v3,
  type extensions_filters_network_http_connection_manager_v3,
  extensions_http_early_header_mutation_header_mutation_v3,
} from "#envoy";
import type { HeaderMutations } from "../../model/client.ts";
import { headerOption } from "../headers.ts";
import type { MessageInit } from "../message-init.ts";
import { packed } from "../wire.ts";
import { textMatcher } from "./match.ts";

type Hcm = MessageInit<typeof extensions_filters_network_http_connection_manager_v3.HttpConnectionManagerSchema>;
type HttpFilter = MessageInit<typeof extensions_filters_network_http_connection_manager_v3.HttpFilterSchema>;
type Mutation = MessageInit<typeof config_common_mutation_rules_v3.HeaderMutationSchema>;
const { OVERWRITE_IF_EXISTS_OR_ADD, APPEND_IF_EXISTS_OR_ADD, ADD_IF_ABSENT } =
  config_core_v3.HeaderValueOption_HeaderAppendAction;
const actions = { set: OVERWRITE_IF_EXISTS_OR_ADD, append: APPEND_IF_EXISTS_OR_ADD, ifAbsent: ADD_IF_ABSENT } as const;

export function earlyMutations(edits: HeaderMutations): NonNullable<Hcm["earlyHeaderMutationExtensions"]> {
  const { HeaderMutationSchema } = extensions_http_early_header_mutation_header_mutation_v3;
  const typedConfig = packed(HeaderMutationSchema, { mutations: mutations(edits) });
  return [{ name: "envoy.http.early_header_mutation.header_mutation", typedConfig }];
}

/** The first filter of a chain is the last one to see the response. */
export function lateResponseFilter(edits: HeaderMutations): HttpFilter {
  const { HeaderMutationSchema } = extensions_filters_http_header_mutation_v3;
  const value = packed(HeaderMutationSchema, { mutations: { responseMutations: mutations(edits) } });
  return { name: "envoy.filters.http.header_mutation", configType: { case: "typedConfig", value } };
}

/** In Envoy Gateway's order: what is set, then what goes. */
function mutations({ changes, remove, removeMatching }: HeaderMutations): Mutation[] {
  return [
    ...changes.map(({ action, ...header }): Mutation => ({
      action: { case: "append", value: headerOption(header, actions[action]) },
    })),
    ...remove.map((name): Mutation => ({ action: { case: "remove", value: name } })),
    ...removeMatching.map((match): Mutation => ({
      action: { case: "removeOnMatch", value: { keyMatcher: textMatcher(match) } },
    })),
  ];
}
