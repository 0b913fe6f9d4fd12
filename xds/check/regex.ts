// Patterns that RE2 in Envoy 1.37.0 refuses. RE2JS parses the same syntax; where the two differ, each difference was shown to Envoy.

import { RE2JS } from "re2js";

export type CompiledRegex = { readonly ok: true; readonly groups: number } | { readonly ok: false; readonly message: string };

/** RE2 gives a pattern 8 MB, which is some 130,000 instructions; our count of them is rough, so it ends earlier. */
const mostInstructions = 100_000;

/** Classes that Unicode has and RE2 does not. */
const foreignClass = /\\[pP]\{?\^?(?:Cn|LC)\}/;

export function compileRegex(pattern: string): CompiledRegex {
  try {
    const regex = RE2JS.compile(pattern);
    const foreign = foreignClass.exec(pattern)?.[0];
    if (foreign !== undefined) return { ok: false, message: `invalid character class: ${foreign}` };
    if (instructions(regex) > mostInstructions)
      return { ok: false, message: "the pattern is too large: shorten its repetitions" };
    return { ok: true, groups: regex.groupCount() };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

interface Instruction {
  /** First and last code point of each range. */
  readonly runes: readonly number[] | null;
}

/** RE2 works on UTF-8: what is not ASCII takes several instructions. */
function instructions(regex: RE2JS): number {
  const program: { readonly inst: readonly Instruction[] } = regex.re2Input.prog;
  let sum = 0;
  for (const { runes } of program.inst) {
    const last = runes?.at(-1) ?? 0;
    sum += runes === null || last < 0x80 ? 1 : 6 + runes.length;
  }
  return sum;
}
