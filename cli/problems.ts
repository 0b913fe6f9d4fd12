// How problems of the input are told: one line each, as compilers do.

import type { Problem } from "../operator/host/yaml.ts";

/** "file:line: Kind namespace/name: field: message", without the parts that are not known. */
export function problemLine(problem: Problem): string {
  const key = problem.key?.replace(/^\//, "");
  const object = [problem.kind, key].filter((part) => part !== undefined).join(" ");
  const parts = [`${problem.file}:${problem.line}`, object, problem.path ?? "", problem.message];
  return parts.filter((part) => part !== "").join(": ");
}

/** All of them, in order, each with a line end. */
export function problemText(problems: readonly Problem[]): string {
  return problems.map((problem) => `${problemLine(problem)}\n`).join("");
}
