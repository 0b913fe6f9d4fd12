// Rows, conditions and names of kinds: what the status command shows.

import { conditionRows } from "./conditions.ts";
import { kindNamed } from "./kinds.ts";
import { problemLine } from "./problems.ts";
import { table } from "./table.ts";

test("columns are as wide as their widest cell, and lines do not end in blanks", () => {
  expect(
    table([
      ["A", "B", "C"],
      ["long", "", "x"],
      ["", "y", ""],
    ]),
  ).toBe("A     B  C\nlong     x\n      y\n");
});

test("conditions of the object, its listeners and its parents become rows", () => {
  const condition = { type: "Accepted", status: "True", reason: "Accepted", message: "Fine.\nMore." } as const;
  const gateway = {
    kind: "Gateway",
    metadata: { namespace: "n", name: "g" },
    status: { conditions: [condition], listeners: [{ name: "l", attachedRoutes: 2, conditions: [condition] }] },
  };
  const route = {
    kind: "HTTPRoute",
    metadata: { namespace: "n", name: "r" },
    status: { parents: [{ parentRef: { name: "g", sectionName: "l" }, conditions: [condition] }] },
  };
  expect([gateway, route].flatMap(conditionRows)).toEqual([
    ["gateway/n/g", "", "Accepted", "True", "Accepted", "Fine."],
    ["gateway/n/g", "listener l (2 routes)", "Accepted", "True", "Accepted", "Fine."],
    ["httproute/n/r", "Gateway g/l", "Accepted", "True", "Accepted", "Fine."],
  ]);
});

for (const [text, want] of [
  ["httproute", { kind: "HTTPRoute" }],
  ["Gateways", { kind: "Gateway" }],
  ["gw", { kind: "Gateway" }],
  ["htproute", { problem: 'unknown kind "htproute". Did you mean HTTPRoute?' }],
] as const) {
  test(`the kind "${text}" is understood or hinted at`, () => expect(kindNamed(text)).toEqual(want));
}

test("a kind far from all others gets the list", () =>
  expect(kindNamed("Deployment")).toEqual({ problem: expect.stringContaining("Known kinds: GatewayClass, Gateway,") }));

test("a problem is one line with what is known", () => {
  const problem = { file: "a.yaml", line: 3, column: 1, message: "must be a number" };
  expect(problemLine(problem)).toBe("a.yaml:3: must be a number");
  expect(problemLine({ ...problem, kind: "Gateway", key: "default/eg", path: "spec.listeners[0].port" })).toBe(
    "a.yaml:3: Gateway default/eg: spec.listeners[0].port: must be a number",
  );
});
