// Kinds as users write them on the command line: any case, singular, plural or short ("gw"), and what they may have meant.

import { kinds } from "../api/kinds.ts";

/** The kind, or the sentence that says what is wrong, with a hint when a kind is near. */
export function kindNamed(text: string): { readonly kind: string } | { readonly problem: string } {
  const wanted = text.toLowerCase();
  const exact = kinds.find((one) => namesOf(one).includes(wanted));
  if (exact !== undefined) return { kind: exact.kind };
  const near = kinds.find((one) => namesOf(one).some((name) => distance(name, wanted) <= 2));
  const hint = near === undefined ? `Known kinds: ${kinds.map(({ kind }) => kind).join(", ")}.` : `Did you mean ${near.kind}?`;
  return { problem: `unknown kind "${text}". ${hint}` };
}

function namesOf({ kind, plural, shortNames }: (typeof kinds)[number]): readonly string[] {
  return [kind.toLowerCase(), plural, ...shortNames];
}

/** Levenshtein's distance: edits of single characters that turn one text into the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (a[i] === b[j] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
