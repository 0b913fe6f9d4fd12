// Checks of single values against a schema: type, enum, pattern, length, range, format. Also whether a value has a form, for oneOf and its like.

import type { JsonSchema } from "../schema.ts";
import { formatMistake, lengthOf, quoted, regExpOf } from "./formats.ts";
import { patternWords } from "./pattern-words.ts";
import { report } from "./problem.ts";
import type { Findings } from "./problem.ts";

export function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

/** Reports what is wrong with a string, number or boolean; false when it is not even of the right type. */
export function checkScalar(schema: JsonSchema, value: unknown, findings: Findings): boolean {
  const type = typeName(value);
  if (!hasType(schema, type)) {
    const wanted = schema.type ?? "integer or string";
    report(findings, "type", `must be of type ${wanted}, not ${type}`);
    return false;
  }
  if (schema.enum && !schema.enum.includes(value)) {
    const values = schema.enum.map((one) => JSON.stringify(one)).join(", ");
    report(
      findings,
      "notSupported",
      `must be one of ${values}, not ${typeof value === "string" ? quoted(value) : JSON.stringify(value)}`,
    );
  }
  if (typeof value === "string") checkString(schema, value, findings);
  else if (typeof value === "number") checkNumber(schema, value, findings);
  return true;
}

function hasType(schema: JsonSchema, type: string): boolean {
  if (schema["x-kubernetes-int-or-string"]) return type === "integer" || type === "string";
  return schema.type === type || (schema.type === "number" && type === "integer");
}

function checkString(schema: JsonSchema, value: string, findings: Findings): void {
  const { minLength, maxLength, pattern, format } = schema;
  // Counting code points is needed only where the cheaper count of UTF-16 units does not settle it.
  if (maxLength !== undefined && value.length > maxLength && lengthOf(value) > maxLength) {
    report(findings, "tooLong", `must have at most ${maxLength} characters, not ${lengthOf(value)}`);
  }
  if (minLength !== undefined && lengthOf(value) < minLength) {
    report(findings, "invalid", `must have at least ${minLength} characters, not ${lengthOf(value)}`);
  }
  if (pattern !== undefined && !regExpOf(pattern).test(value)) {
    report(findings, "invalid", `must ${patternWords.get(pattern) ?? `match ${pattern}`}, not ${quoted(value)}`);
  }
  const mistake = format === undefined ? undefined : formatMistake(format, value);
  if (mistake !== undefined) report(findings, "invalid", mistake);
}

function checkNumber(schema: JsonSchema, value: number, findings: Findings): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, format } = schema;
  const [lowest, highest] = ranges[format ?? ""] ?? [-Infinity, Infinity];
  if (value < lowest || value > highest) return report(findings, "invalid", `must fit into ${format}: ${value}`);
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    report(findings, "invalid", `must be ${exclusiveMinimum ? "greater than" : "at least"} ${minimum}, not ${value}`);
  }
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    report(findings, "invalid", `must be ${exclusiveMaximum ? "less than" : "at most"} ${maximum}, not ${value}`);
  }
  if (multipleOf !== undefined && value % multipleOf !== 0)
    report(findings, "invalid", `must be a multiple of ${multipleOf}, not ${value}`);
}

const ranges: Readonly<Record<string, readonly [number, number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2 ** 63), 2 ** 63 - 1024],
};

/** Whether a value has the form that a branch of oneOf, anyOf, allOf or not describes. */
export function matchesValue(form: JsonSchema, value: unknown): boolean {
  const { oneOf, anyOf, allOf, not, properties, required, items } = form;
  if (!matchesScalar(form, value)) return false;
  if (oneOf && oneOf.filter((one) => matchesValue(one, value)).length !== 1) return false;
  if (anyOf && !anyOf.some((one) => matchesValue(one, value))) return false;
  if (allOf && !allOf.every((one) => matchesValue(one, value))) return false;
  if (not && matchesValue(not, value)) return false;
  if (Array.isArray(value)) return items === undefined || value.every((item) => matchesValue(items, item));
  if (typeof value !== "object" || value === null) return true;
  const fields = new Map(Object.entries(value));
  return (
    (required ?? []).every((name) => fields.has(name)) &&
    Object.entries(properties ?? {}).every(([name, field]) => !fields.has(name) || matchesValue(field, fields.get(name)))
  );
}

function matchesScalar(form: JsonSchema, value: unknown): boolean {
  if (form.type !== undefined && !hasType(form, typeName(value))) return false;
  if (form.enum && !form.enum.includes(value)) return false;
  const findings: Findings = { problems: [], at: [] };
  if (typeof value === "string") checkString(form, value, findings);
  else if (typeof value === "number") checkNumber(form, value, findings);
  return findings.problems.length === 0;
}
