// YAML with places.

import { readDocuments, writeYaml } from "./yaml.ts";

const values = (text: string) => readDocuments(text).map(({ value }) => value);

test("documents are told apart by markers, and empty ones are none", () => {
  const text = "# only a comment\n---\na: 1\n---\n---\n\n# nothing\n--- # three\nb: |\n  text\n   --- in it\n...\n";
  expect(readDocuments(text).map(({ value, start }) => [value, start.line])).toEqual([
    [{ a: 1 }, 3],
    [{ b: "text\n --- in it\n" }, 9],
  ]);
});

test("a field has a place; a missing one has that of what it is missing from", () => {
  const [document] = readDocuments("# first\n---\nspec:\n  rules:\n    - name: a\n    - {name: b, port: 80}\n");
  const place = (...path: (string | number)[]) => {
    const { line, column } = document!.place(path);
    return `${line}:${column}`;
  };
  expect([
    place("spec"),
    place("spec", "rules", 1),
    place("spec", "rules", 1, "port"),
    place("spec", "rules", 1, "missing"),
    place("spec", "rules", 7),
    place("other"),
  ]).toEqual(["3:1", "6:7", "6:17", "6:7", "4:3", "3:1"]);
});

test("an error has the place in the file, and the documents around it are read", () => {
  const [first, broken, last] = readDocuments("a: 1\n---\nb: [1,\nc: 2\n---\nd: 3\n");
  expect([first?.value, broken?.value, last?.value]).toEqual([{ a: 1 }, undefined, { d: 3 }]);
  expect(broken?.errors[0]).toEqual({ line: expect.any(Number), column: expect.any(Number), message: expect.any(String) });
  expect(broken!.errors[0]!.line).toBeGreaterThan(2);
  expect(broken!.errors[0]!.message).not.toContain("at line");
});

for (const [what, text] of [
  ["a key that is given twice", "a: 1\na: 2\n"],
  ["an alias to nothing", "a: *none\n"],
  [
    "an alias bomb",
    `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefghi"
      .split("")
      .map((name, i) => {
        const before = "abcdefgh"[i]!;
        return `${name}: &${name} [${Array(9).fill(`*${before}`).join(",")}]`;
      })
      .join("\n")}\n`,
  ],
] as const) {
  test(`${what} is an error, not a value`, () => {
    const [document] = readDocuments(text);
    expect([document?.value, document?.errors.length]).toEqual([undefined, 1]);
  });
}

test("JSON, anchors and merge keys are read", () => {
  expect(values('{"a": [1, null]}')).toEqual([{ a: [1, null] }]);
  expect(values("base: &base {a: 1}\nnext: {<<: *base, b: 2}\n")).toEqual([{ base: { a: 1 }, next: { a: 1, b: 2 } }]);
});

test("an unchanged document is the same object when its file is read again", () => {
  const before = readDocuments("a: 1\n---\nb: 2\n");
  const after = readDocuments("a: 1\n---\nb: 3\n", before);
  expect([after[0] === before[0], after[1] === before[1]]).toEqual([true, false]);
});

test("what is written is read back as it was", () => {
  const value = { text: "yes", lines: "a\nb\n", number: "1", list: [{ deep: [] }], long: "word ".repeat(60) };
  expect(values(writeYaml(value))).toEqual([value]);
});
