// What an API server says to an object: checked, defaulted, unknown fields dropped. The same schemas make the CRDs, so a folder of YAML gets the same answers.
// Knows no kind; the table of kinds is kinds.ts. Nothing a user writes makes it throw.

import type { JsonSchema } from "./schema.ts";
import { notChecked } from "./cel.ts";
import { checkMetadata, checkType } from "./validate/metadata.ts";
import type { NamedKind } from "./validate/metadata.ts";
import { report } from "./validate/problem.ts";
import type { Findings, Path, Problem, ProblemKind } from "./validate/problem.ts";
import { checkRules } from "./validate/rules.ts";
import { checkOf, isRecord } from "./validate/structure.ts";
import { typeName } from "./validate/scalars.ts";

export type { Problem, ProblemKind };

/** A kind as kinds.ts defines it. */
export interface ValidatedKind extends NamedKind {
  readonly schema: JsonSchema;
}

export interface Validation {
  /** The complete object, absent when it must not be used: when a problem is more than an unknown field. */
  readonly object: unknown;
  readonly problems: readonly Problem[];
}

export interface ValidateOptions {
  /**
   * "types": only a wrong shape (types, nulls, missing fields) and a broken name are refused and reported: for objects stored before a
   * schema became stricter. Unknown fields are dropped all the same.
   */
  readonly mode?: "full" | "types";
  /** The object before the change (complete); rules about changes run only with it. */
  readonly old?: unknown;
}

/** Checks a whole object of a kind, or a value of a bare schema (no metadata checks). The input is not changed. */
export function validate(target: ValidatedKind | JsonSchema, value: unknown, options: ValidateOptions = {}): Validation {
  const findings: Findings = { problems: [], at: [] };
  const isKind = "schema" in target;
  const schema = isKind ? target.schema : target;
  const cleaned = isKind ? checkObject(target, value, findings) : checkOf(schema)(value, findings);
  if (options.mode === "types") return typesOnly(cleaned, findings.problems);
  if (findings.problems.every((problem) => !blocking.has(problem.kind))) {
    checkRules(schema, { value: cleaned, old: options.old }, findings);
  }
  const problems = withoutEchoes(findings.problems);
  const usable = problems.every((problem) => problem.kind === "unknownField");
  return { object: usable ? cleaned : undefined, problems };
}

/** A rule that fails to run because of a value that is already said to be wrong tells a user nothing. */
function withoutEchoes(problems: readonly Problem[]): readonly Problem[] {
  const said = problems.filter(({ kind }) => kind !== "rule" && kind !== "unknownField");
  return problems.filter(
    ({ kind, message, path }) =>
      kind !== "rule" || !message.startsWith(notChecked) || !said.some((other) => other.path.startsWith(path)),
  );
}

/** What reconcilers rely on: everything that is there has its type, and everything required is there. */
function typesOnly(cleaned: unknown, problems: readonly Problem[]): Validation {
  const shape = problems.filter(({ kind, at }) => kind === "type" || kind === "required" || isKey(at));
  return { object: shape.length === 0 ? cleaned : undefined, problems: shape };
}

/** Keys of objects are made of these: no schema was ever less strict about them. */
function isKey([field, name]: Path): boolean {
  return field === "metadata" && (name === "name" || name === "namespace");
}

/** After these, rules could fail for reasons that are not theirs; the API server skips them too. */
const blocking: ReadonlySet<ProblemKind> = new Set<ProblemKind>(["required", "type", "tooLong", "tooMany"]);

function checkObject(kind: ValidatedKind, value: unknown, findings: Findings): unknown {
  if (!isRecord(value)) {
    report(findings, "type", `must be of type object, not ${typeName(value)}`);
    return undefined;
  }
  checkType(value, kind, findings);
  findings.at.push("metadata");
  const metadata = checkMetadata(value.metadata, kind, findings);
  findings.at.pop();
  // The schema says only that metadata is an object: its fields have just been checked.
  const { metadata: _, ...rest } = value;
  const cleaned = checkOf(kind.schema)(rest, findings);
  if (!isRecord(cleaned)) return cleaned;
  const { apiVersion, kind: name, ...body } = cleaned;
  return { apiVersion, kind: name, metadata, ...body };
}
