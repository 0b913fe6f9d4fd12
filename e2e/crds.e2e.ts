// Our schemas against upstream's: the same fields with the same limits, and the same answer to the same object.

import { differences, explanation, listedDifferences, withoutListed } from "./crds/compare.ts";
import { compareRules, compareWhole } from "./crds/verdicts.ts";
import { schemaPairs } from "./crds/upstream.ts";

const pairs = schemaPairs();
const listed = listedDifferences();

test("every field, type, enum, default, limit and rule is upstream's, or the difference is listed", () => {
  const found = pairs.flatMap((pair) => [...differences(pair)]);
  expect(found.length).toBeGreaterThan(0);
  expect(found.filter(([path]) => explanation(listed, path) === undefined)).toEqual([]);
});

test("every listed difference exists", () => {
  const used = new Set(pairs.flatMap((pair) => [...differences(pair).keys()].map((path) => explanation(listed, path))));
  expect(listed.filter((one) => !used.has(one))).toEqual([]);
});

for (const pair of pairs.map((one) => withoutListed(one, listed))) {
  test(`${pair.plural}: near misses of valid objects get upstream's verdict and defaults`, () => {
    const { accepted, refused, disagreements, fields, missing } = compareWhole(pair);
    console.log(
      `${pair.plural}: ${accepted} accepted, ${refused} refused, ${fields - missing.length} of ${fields} fields in valid objects`,
    );
    expect(disagreements).toEqual([]);
    expect(accepted).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(100);
    // Upstream's rules forbid the deprecated backendRef wherever the schema has it, and a prefix in a redirect of a responseOverride.
    expect(missing.filter((path) => !/\.backendRef$|^\.spec\.responseOverride.*\.replacePrefixMatch$/.test(path))).toEqual([]);
  });

  test(`${pair.plural}: each rule accepts and refuses what upstream's does`, () => {
    const { rules, disagreements, undecided } = compareRules(pair);
    console.log(`${pair.plural}: ${rules} rules`);
    expect(disagreements).toEqual([]);
    // The pattern of a hostname refuses before a rule of TLSRoute does.
    expect(undecided.filter((rule) => !rule.startsWith("spec.hostnames: self.all(h, h.contains('*')"))).toEqual([]);
    // A ReferenceGrant has no rule, and must not have one that nobody compares.
    expect(rules > 0).toBe(!pair.plural.startsWith("referencegrants"));
  });
}
