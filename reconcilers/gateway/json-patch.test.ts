import { type Operation, type Outcome, patchedJson } from "./json-patch.ts";

const value = {
  a: { b: [1, 2] },
  list: [
    { name: "x", v: 1 },
    { name: "y", v: 2 },
  ],
};

const cases: readonly (readonly [name: string, operations: readonly Operation[], want: Outcome])[] = [
  ["adds a field", [{ op: "add", path: "/a/c", value: 3 }], { value: { ...value, a: { b: [1, 2], c: 3 } } }],
  ["adds at the end of a list", [{ op: "add", path: "/a/b/-", value: 3 }], { value: { ...value, a: { b: [1, 2, 3] } } }],
  ["adds before an item", [{ op: "add", path: "/a/b/0", value: 0 }], { value: { ...value, a: { b: [0, 1, 2] } } }],
  ["replaces an item", [{ op: "replace", path: "/a/b/1", value: 9 }], { value: { ...value, a: { b: [1, 9] } } }],
  ["removes a field", [{ op: "remove", path: "/a" }], { value: { list: value.list } }],
  ["moves", [{ op: "move", from: "/a/b", path: "/c" }], { value: { ...value, a: {}, c: [1, 2] } }],
  ["copies", [{ op: "copy", from: "/a/b/0", path: "/c" }], { value: { ...value, c: 1 } }],
  ["tests", [{ op: "test", path: "/a/b", value: [1, 2] }], { value }],
  [
    "selects by a field",
    [{ op: "replace", jsonPath: "$.list[?(@.name=='y')].v", value: 3 }],
    { value: { ...value, list: [value.list[0], { name: "y", v: 3 }] } },
  ],
  ["removes all that is selected", [{ op: "remove", jsonPath: "$.list[*]" }], { value: { ...value, list: [] } }],
  [
    "adds below what is selected",
    [{ op: "add", jsonPath: "$.list[*]", path: "/w", value: 0 }],
    { value: { ...value, list: value.list.map((one) => ({ ...one, w: 0 })) } },
  ],
  ["refuses a failed test", [{ op: "test", path: "/a/b/0", value: 2 }], { problem: "operation 0: /a/b/0 has another value" }],
  ["refuses to replace nothing", [{ op: "replace", path: "/z", value: 1 }], { problem: "operation 0: nothing is at z" }],
  ["refuses an index beyond the end", [{ op: "add", path: "/a/b/3", value: 1 }], { problem: "operation 0: nothing is at 3" }],
  ["refuses a path without a slash", [{ op: "add", path: "a", value: 1 }], { problem: "operation 0: a is not a JSON pointer" }],
  [
    "refuses a JSONPath that it does not know",
    [{ op: "remove", jsonPath: "$..a" }],
    { problem: "operation 0: the JSONPath $..a is not supported" },
  ],
];

for (const [name, operations, want] of cases) test(`a patch ${name}`, () => expect(patchedJson(value, operations)).toEqual(want));
