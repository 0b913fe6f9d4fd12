// Regular expressions as Envoy 1.37.0 takes and refuses them: each was shown to it.

import { compileRegex } from "./regex.ts";

for (const pattern of [
  "/a{1000}",
  String.raw`/\pL{30}`,
  "/.{1000}",
  "/[^x]{1000}",
  "/(.{1,30}){1,30}",
  String.raw`\p{Greek}`,
  "(?i:a)",
]) {
  test(`taken: ${pattern}`, () => expect(compileRegex(pattern).ok).toBe(true));
}

const refused: readonly (readonly [string, string])[] = [
  [String.raw`/\pL{1000}`, "the pattern is too large: shorten its repetitions"],
  [String.raw`/\p{Cn}`, String.raw`invalid character class: \p{Cn}`],
  [String.raw`/\P{^LC}`, String.raw`invalid character class: \P{^LC}`],
  ["/(?=a)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"],
];
for (const [pattern, message] of refused) {
  test(`refused: ${pattern}`, () => expect(compileRegex(pattern)).toEqual({ ok: false, message }));
}
