// Header edits of routes and weighted clusters. Envoy removes first, then applies the list in order.

import { config_core_v3 } from "#envoy";
import type { Header } from "../model/request.ts";
import type { HeaderEdits } from "../model/route.ts";
import type { MessageInit } from "./message-init.ts";

type Option = MessageInit<typeof config_core_v3.HeaderValueOptionSchema>;
type Action = config_core_v3.HeaderValueOption_HeaderAppendAction;
const { OVERWRITE_IF_EXISTS_OR_ADD, APPEND_IF_EXISTS_OR_ADD, ADD_IF_ABSENT } =
  config_core_v3.HeaderValueOption_HeaderAppendAction;

/** A command such as %REQ(:PATH)% or %PROTOCOL%, or an escaped percent sign. */
const command = /%%|%[A-Z][A-Z0-9_]*(?:\([^)]*\))?(?::\d+)?%/g;

export interface EnvoyHeaderEdits {
  readonly add: Option[];
  readonly remove: string[];
}

export function headerEdits(edits: HeaderEdits): EnvoyHeaderEdits {
  return {
    add: [
      ...edits.set.map((header) => headerOption(header, OVERWRITE_IF_EXISTS_OR_ADD)),
      ...edits.add.map((header) => headerOption(header, APPEND_IF_EXISTS_OR_ADD)),
      ...edits.addIfAbsent.map((header) => headerOption(header, ADD_IF_ABSENT)),
    ],
    remove: [...edits.remove],
  };
}

/** A header set to this value whatever was there. */
export function headerSet(header: Header): Option {
  return headerOption(header, OVERWRITE_IF_EXISTS_OR_ADD);
}

/** A header with an action of Envoy's. */
export function headerOption({ name, value }: Header, appendAction: Action): Option {
  // Without keepEmptyValue Envoy leaves out a header whose value is empty.
  return {
    header: { key: name, value: literalPercents(value) },
    appendAction,
    ...(value === "" ? { keepEmptyValue: true } : {}),
  };
}

/** "100%" is text, "%PROTOCOL%" is a command: a lone percent sign would make Envoy refuse the whole route table. */
function literalPercents(value: string): string {
  if (!value.includes("%")) return value;
  let result = "";
  let end = 0;
  for (const match of value.matchAll(command)) {
    result += value.slice(end, match.index).replaceAll("%", "%%") + match[0];
    end = match.index + match[0].length;
  }
  return result + value.slice(end).replaceAll("%", "%%");
}
