// The documentation as a reader follows it: every fenced block marked "sh test" is run from the root of the project and must succeed, every
// "yaml test" is validated.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = import.meta.dirname;
const pages = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

const blocks = pages.flatMap((page): readonly Block[] => {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```(\w+) test\n([\s\S]*?)^```$/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split("\n").length,
    language: match[1]!,
    text: match[2]!,
  }));
});

/** Runs a command as written; its own Node comes first in PATH, as under npm. Throws with what it said when it fails. */
function run(command: string, input: string): string {
  const path = `${dirname(process.execPath)}:${process.env.PATH ?? ""}`;
  return execFileSync("bash", ["-ec", command], {
    cwd: root,
    input,
    encoding: "utf8",
    env: { ...process.env, PATH: path },
    stdio: "pipe",
  });
}

test("there are examples to run", () => expect(blocks.length).toBeGreaterThan(5));

for (const { page, line, language, text } of blocks) {
  test(`${page}:${line} works as written`, () => {
    const said = language === "yaml" ? run("node dist/envoy-gateway.js validate -f -", text) : run(text, "");
    expect(said).not.toBe("");
  });
}

test("links between pages lead somewhere", () => {
  const broken = pages.flatMap((page) =>
    [...readFileSync(join(root, page), "utf8").matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)]
      .map(([, target]) => join(dirname(page), target!))
      .filter((target) => !existsSync(join(root, target)))
      .map((target) => `${page} → ${target}`),
  );
  expect(broken).toEqual([]);
});
