// Header modifier filters as edits, and what is wrong with them. Pure.

import type { Header } from "../../xds/model/request.ts";
import type { HeaderEdits } from "../../xds/model/route.ts";
import type { Problem } from "../backends/problem.ts";

/** An HTTPHeaderFilter of the Gateway API, with the additions of HTTPRouteFilter. */
export interface HeaderFilter {
  readonly set?: readonly Header[];
  readonly add?: readonly Header[];
  readonly addIfAbsent?: readonly Header[];
  readonly remove?: readonly string[];
}

export const noEdits: HeaderEdits = { set: [], add: [], addIfAbsent: [], remove: [] };

/** The edits of one filter. Of several entries with an equivalent name the first counts (Gateway API, HTTPHeaderFilter). */
export function toEdits(filter: HeaderFilter | undefined): HeaderEdits {
  return {
    set: unique(filter?.set),
    add: unique(filter?.add),
    addIfAbsent: unique(filter?.addIfAbsent),
    remove: [...(filter?.remove ?? [])],
  };
}

/** Both, the first one first. */
export function joinEdits(a: HeaderEdits, b: HeaderEdits): HeaderEdits {
  return {
    set: unique([...a.set, ...b.set]),
    add: [...a.add, ...b.add],
    addIfAbsent: unique([...a.addIfAbsent, ...b.addIfAbsent]),
    remove: [...new Set([...a.remove, ...b.remove])],
  };
}

/** What a proxy would refuse: it edits no pseudo header nor Host, and takes only names and values that HTTP allows. */
export function editProblems(edits: HeaderEdits, filter: string): readonly Problem[] {
  const headers = [...edits.set, ...edits.add, ...edits.addIfAbsent];
  const sentences: string[] = [];
  for (const name of [...headers.map((header) => header.name), ...edits.remove]) {
    if (!/^[-!#$%&'*+.^_|~`0-9a-zA-Z]+$/.test(name)) {
      sentences.push(`${filter} names the header ${JSON.stringify(name)}, which is not an HTTP header name`);
    } else if (name.toLowerCase() === "host") {
      sentences.push(`${filter} edits the header Host, which only URLRewrite can do`);
    }
  }
  for (const { name, value } of headers) {
    // eslint-disable-next-line no-control-regex -- exactly the characters that HTTP forbids
    if (/[\0\r\n]/.test(value)) sentences.push(`${filter} gives the header ${name} a value with a line break`);
  }
  return sentences.map((message) => ({ reason: "UnsupportedValue", message }));
}

function unique(headers: readonly Header[] | undefined): readonly Header[] {
  const seen = new Set<string>();
  const kept: Header[] = [];
  for (const { name, value } of headers ?? []) {
    if (seen.has(name.toLowerCase())) continue;
    seen.add(name.toLowerCase());
    kept.push({ name, value });
  }
  return kept;
}
