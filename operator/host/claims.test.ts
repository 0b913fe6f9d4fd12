// Which object stands for a name when files change.

import { createClaims } from "./claims.ts";
import { parseObjects, type Judge } from "./yaml.ts";

/** Takes everything; `spec.bad` is a mistake. */
const judge: Pick<Judge, "scope" | "judge"> = {
  scope: (_, kind) => (kind === "Namespace" ? "cluster" : "namespaced"),
  judge(_, __, value) {
    const bad = (value as { spec?: { bad?: unknown } }).spec?.bad !== undefined;
    return bad ? { problems: [{ path: ["spec", "bad"], message: "unknown field" }] } : { object: value, problems: [] };
  },
};

function reading() {
  const claims = createClaims();
  return {
    problems: () => claims.problems().map(({ file, line, message }) => `${file}:${line}: ${message}`),
    read: (file: string, text: string | undefined): readonly string[] =>
      claims
        .update(file, text === undefined ? undefined : parseObjects(text, file, { judge: judge as Judge }))
        .map((change) =>
          change.type === "deleted"
            ? `- ${change.kind} ${change.key}`
            : `+ ${change.kind} ${change.object.metadata.name} ${JSON.stringify(change.object["spec"])} ${change.object.metadata.generation}`,
        ),
  };
}

const object = (name: string, spec: string, metadata = ""): string =>
  `apiVersion: v1\nkind: Thing\nmetadata: {name: ${name}${metadata}}\nspec: ${spec}\n`;

test("the first file has the name; the next one has it when that is gone", () => {
  const { read, problems } = reading();
  expect(read("b.yaml", object("x", "{n: 2}"))).toEqual(["+ Namespace default undefined undefined", '+ Thing x {"n":2} 1']);
  expect(read("a.yaml", object("x", "{n: 1}"))).toEqual(['+ Thing x {"n":1} 2']);
  expect(problems()).toEqual(["b.yaml:1: Thing default/x is given before at a.yaml:1; this one is not used"]);
  expect(read("a.yaml", undefined)).toEqual(['+ Thing x {"n":2} 3']);
  expect(problems()).toEqual([]);
  expect(read("b.yaml", undefined)).toEqual(["- Thing default/x", "- Namespace /default"]);
});

test("the generation rises with the spec alone, and begins where the file says", () => {
  const { read } = reading();
  const [, first] = read("a.yaml", object("x", "{n: 1}", ", generation: 7"));
  expect(first).toBe('+ Thing x {"n":1} 7');
  expect(read("a.yaml", object("x", "{n: 1}", ", generation: 7, labels: {a: b}"))).toEqual(['+ Thing x {"n":1} 7']);
  expect(read("a.yaml", object("x", "{n: 2}", ", generation: 7"))).toEqual(['+ Thing x {"n":2} 8']);
  expect(read("a.yaml", object("x", "{n: 3}", ", generation: 20"))).toEqual(['+ Thing x {"n":3} 20']);
  expect(read("a.yaml", object("x", "{n: 3}", ", generation: 22"))).toEqual(['+ Thing x {"n":3} 22']);
  expect(read("a.yaml", object("x", "{n: 4}", ", generation: 1, uid: other"))).toEqual(['+ Thing x {"n":4} 1']);
});

test("a broken edit keeps the last good object; removing the document removes it", () => {
  const { read, problems } = reading();
  const other = object("y", "{}");
  read("a.yaml", `${object("x", "{n: 1}")}---\n${other}`);
  expect(read("a.yaml", `${object("x", "{bad: 1}")}---\n${other}`)).toEqual([]);
  expect(problems()).toEqual(["a.yaml:4: unknown field"]);
  expect(read("a.yaml", `x: [\n---\n${other}`)).toEqual([]);
  expect(read("a.yaml", other)).toEqual(["- Thing default/x"]);
});

test("a Namespace that a file gives takes the place of the implied one, and leaves it behind", () => {
  const { read } = reading();
  read("a.yaml", object("x", "{}"));
  const namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {a: b}}\n";
  expect(read("n.yaml", namespace)).toEqual(["+ Namespace default undefined undefined"]);
  expect(read("n.yaml", undefined)).toEqual(["- Namespace /default", "+ Namespace default undefined undefined"]);
});
