import { selectorMatches, selectorProblem } from "./labels.ts";

const labels = { team: "blue", tier: "front" };

for (const [name, selector, want] of [
  ["an empty selector matches everything", {}, true],
  ["all matchLabels must hold", { matchLabels: { team: "blue", tier: "back" } }, false],
  ["In lists the value", { matchExpressions: [{ key: "team", operator: "In", values: ["red", "blue"] }] }, true],
  ["In needs the label", { matchExpressions: [{ key: "zone", operator: "In", values: ["a"] }] }, false],
  ["NotIn excludes a listed value", { matchExpressions: [{ key: "team", operator: "NotIn", values: ["blue"] }] }, false],
  ["NotIn is true without the label", { matchExpressions: [{ key: "zone", operator: "NotIn", values: ["a"] }] }, true],
  ["Exists needs the label", { matchExpressions: [{ key: "zone", operator: "Exists" }] }, false],
  ["DoesNotExist is true without the label", { matchExpressions: [{ key: "zone", operator: "DoesNotExist" }] }, true],
  [
    "labels and expressions must both hold",
    { matchLabels: { team: "blue" }, matchExpressions: [{ key: "tier", operator: "DoesNotExist" }] },
    false,
  ],
  [
    "a selector with a problem matches nothing",
    { matchExpressions: [{ key: "team", operator: "Near", values: ["blue"] }] },
    false,
  ],
] as const)
  test(name, () => expect(selectorMatches(selector, labels)).toBe(want));

test("problems name the key and the operator", () => {
  expect(selectorProblem({ matchExpressions: [{ key: "team", operator: "In" }] })).toBe(
    "Selector operator In of key team needs values.",
  );
  expect(selectorProblem({ matchExpressions: [{ key: "team", operator: "Exists", values: ["a"] }] })).toBe(
    "Selector operator Exists of key team takes no values.",
  );
  expect(selectorProblem({ matchExpressions: [{ key: "team", operator: "Near" }] })).toBe(
    "Selector operator Near of key team must be one of In, NotIn, Exists, DoesNotExist.",
  );
});
