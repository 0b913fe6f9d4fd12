// The corpus of bad inputs as cases: one YAML file each, with a header of comments. Test code; knows no kind and no operator.
//
//   # What is wrong, in a sentence.
//   # mend: OLD => NEW          text to replace, any number of times; without one the case is mended by deleting its files
//   # serves: /path [200]       what the mended route bad.example.com answers; "$PORT/path" asks another port than the good Gateway's
//   # file: other.yaml          after this line, another file
//
// "$NAME" stands for what only the running test knows: a port, a certificate. What must be reported stands in reports.yaml, by case.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface BadCase {
  readonly name: string;
  /** The files to write, by name; bytes as latin1, so that broken UTF-8 stays broken. */
  readonly bad: ReadonlyMap<string, string>;
  /** Absent: the files are deleted. */
  readonly mended?: ReadonlyMap<string, string>;
  readonly serves?: { readonly portName?: string; readonly path: string; readonly status: number };
}

export type Variables = Readonly<Record<string, string>>;

/** Every case of a folder, in the order of their names. */
export function readCases(folder: string, variables: Variables): readonly BadCase[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".yaml") && file !== "reports.yaml");
  return files.toSorted().map((file) => readCase(file, readFileSync(join(folder, file), "latin1"), variables));
}

function readCase(file: string, source: string, variables: Variables): BadCase {
  const text = substituted(source, variables);
  const bad = parts(file, text);
  const mends = [...text.matchAll(/^# mend: (.*?) => (.*?)\r?$/gm)].map(([, from, to]) => ({ from: from!, to: to! }));
  const serves = /^# serves: (?:\$(\w+))?(\/\S*)(?: (\d+))?/m.exec(text);
  return {
    name: file.replace(/\.yaml$/, ""),
    bad,
    ...(mends.length > 0 && { mended: new Map([...bad].map(([name, content]) => [name, mend(content, mends)])) }),
    ...(serves && {
      serves: { ...(serves[1] !== undefined && { portName: serves[1] }), path: serves[2]!, status: Number(serves[3] ?? 200) },
    }),
  };
}

function parts(first: string, text: string): ReadonlyMap<string, string> {
  const [head = "", ...rest] = text.split(/^# file: /m);
  return new Map([
    [first, head],
    ...rest.map((part): [string, string] => [part.slice(0, part.indexOf("\n")).trim(), part.slice(part.indexOf("\n") + 1)]),
  ]);
}

/** Directives stay as they are, so that a line has the same number before and after. */
function mend(text: string, mends: readonly { readonly from: string; readonly to: string }[]): string {
  return text
    .split("\n")
    .map((line) => (/^# (mend|serves):/.test(line) ? line : mends.reduce((now, { from, to }) => now.replaceAll(from, to), line)))
    .join("\n");
}

export function substituted(text: string, variables: Variables): string {
  return text.replace(/\$([A-Z][A-Z0-9_]*)/g, (whole, name: string) => variables[name] ?? whole);
}
