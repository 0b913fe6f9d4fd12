// Would Envoy's regular expression engine (RE2) take this? One of them refused in a proxy would take a whole virtual host along. Pure.

import { RE2JS } from "re2js";

/** A sentence without full stop that says why RE2 refuses the pattern, or undefined. */
export function regexProblem(pattern: string): string | undefined {
  if (pattern === "") return "Regular expression must not be empty";
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `Regular expression ${JSON.stringify(pattern)} is not valid RE2: ${why}`;
  }
}
