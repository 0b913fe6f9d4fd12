// Schemas compiled to closures that check a value's structure: types, limits, required and unknown fields, lists, defaults.
// The result is a new value: unknown fields and stray nulls dropped, defaults filled in. CEL rules are rules.ts's business.

import type { JsonSchema } from "../schema.ts";
import { report } from "./problem.ts";
import type { Findings } from "./problem.ts";
import { checkScalar, matchesValue, typeName } from "./scalars.ts";

/** Checks a value that is not null or undefined; the result is the cleaned value. */
export type Check = (value: unknown, findings: Findings) => unknown;

const checks = new WeakMap<JsonSchema, Check>();

/** The check of a schema, compiled once. */
export function checkOf(schema: JsonSchema): Check {
  let check = checks.get(schema);
  if (check === undefined) {
    check = withCombinations(schema, compile(schema));
    checks.set(schema, check);
  }
  return check;
}

function compile(schema: JsonSchema): Check {
  if (schema.type === "object") return compileObject(schema);
  if (schema.type === "array") return compileArray(schema);
  if (schema.type === undefined && !schema["x-kubernetes-int-or-string"]) return (value) => value;
  return (value, findings) => (checkScalar(schema, value, findings) ? value : undefined);
}

/** oneOf, anyOf, allOf and not only judge the value: in a structural schema they neither allow nor default fields. */
function withCombinations(schema: JsonSchema, check: Check): Check {
  const { oneOf, anyOf, allOf, not } = schema;
  const alternatives = schema["x-kubernetes-int-or-string"] ? undefined : anyOf;
  if (!oneOf && !alternatives && !allOf && !not) return check;
  return (value, findings) => {
    const cleaned = check(value, findings);
    if (oneOf && oneOf.filter((form) => matchesValue(form, cleaned)).length !== 1) {
      report(findings, "invalid", "must have exactly one of the allowed forms (oneOf)");
    }
    if (alternatives && !alternatives.some((form) => matchesValue(form, cleaned))) {
      report(findings, "invalid", "must have one of the allowed forms (anyOf)");
    }
    for (const form of allOf ?? []) {
      if (!matchesValue(form, cleaned)) report(findings, "invalid", `must match ${form.pattern ?? "all required forms (allOf)"}`);
    }
    if (not && matchesValue(not, cleaned)) report(findings, "invalid", "must not have the excluded form (not)");
    return cleaned;
  };
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

interface Field {
  readonly name: string;
  readonly nullable: boolean;
  readonly check: Check;
  readonly required: boolean;
  /** The default with the defaults inside it, frozen and shared. */
  readonly filled: { readonly value: unknown } | undefined;
}

function compileObject(schema: JsonSchema): Check {
  const required = new Set(schema.required);
  const fields = new Map<string, Field>();
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    fields.set(name, {
      name,
      nullable: field.nullable === true,
      check: checkOf(field),
      required: required.has(name),
      filled: field.default === undefined ? undefined : { value: frozenDefault(field) },
    });
  }
  const others = otherFields(schema);
  return (value, findings) => {
    if (!isRecord(value)) return wrongType("object", value, findings);
    const cleaned: Record<string, unknown> = {};
    for (const name of Object.keys(value)) {
      const field = fields.get(name);
      if (field === undefined) others(cleaned, name, value[name], findings);
      else if (value[name] === null ? field.nullable : value[name] !== undefined) {
        findings.at.push(name);
        cleaned[name] = value[name] === null ? null : field.check(value[name], findings);
        findings.at.pop();
      }
    }
    for (const field of fields.values()) {
      if (Object.hasOwn(cleaned, field.name)) continue;
      if (field.filled) cleaned[field.name] = field.filled.value;
      else if (field.required) report(findings, "required", "is required", [field.name]);
    }
    checkCount(schema, Object.keys(cleaned).length, findings);
    return cleaned;
  };
}

/** What happens to fields that the schema does not name: checked (maps), kept, or reported and dropped. */
function otherFields(schema: JsonSchema) {
  const values = schema.additionalProperties;
  const check = typeof values === "object" ? checkOf(values) : undefined;
  const nullable = typeof values === "object" && values.nullable === true;
  const kept = schema["x-kubernetes-preserve-unknown-fields"] === true || values === true;
  return (cleaned: Record<string, unknown>, name: string, value: unknown, findings: Findings): void => {
    if (check) {
      if (value === undefined || (value === null && !nullable)) return;
      findings.at.push(name);
      setOwn(cleaned, name, value === null ? null : check(value, findings));
      findings.at.pop();
    } else if (kept) setOwn(cleaned, name, value);
    else report(findings, "unknownField", "unknown field", [name]);
  };
}

/** Sets a key of the user's choice; plain assignment would do something else for "__proto__". */
function setOwn(record: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") record[name] = value;
  else Object.defineProperty(record, name, { value, enumerable: true, configurable: true, writable: true });
}

function checkCount(schema: JsonSchema, count: number, findings: Findings): void {
  const { minProperties, maxProperties } = schema;
  if (maxProperties !== undefined && count > maxProperties) {
    report(findings, "tooMany", `must have at most ${maxProperties} entries, not ${count}`);
  }
  if (minProperties !== undefined && count < minProperties) {
    report(findings, "invalid", `must have at least ${minProperties} entries, not ${count}`);
  }
}

function compileArray(schema: JsonSchema): Check {
  const check = schema.items ? checkOf(schema.items) : (value: unknown) => value;
  const nullable = schema.items?.nullable === true;
  const identify = identityOf(schema);
  return (value, findings) => {
    if (!Array.isArray(value)) return wrongType("array", value, findings);
    const { minItems, maxItems } = schema;
    if (maxItems !== undefined && value.length > maxItems) {
      report(findings, "tooMany", `must have at most ${maxItems} items, not ${value.length}`);
    }
    if (minItems !== undefined && value.length < minItems) {
      report(findings, "invalid", `must have at least ${minItems} items, not ${value.length}`);
    }
    const seen = new Set<string>();
    return value.map((item: unknown, index) => {
      findings.at.push(index);
      const cleaned = item === null && nullable ? null : check(item, findings);
      const identity = identify?.(cleaned);
      if (identity !== undefined) {
        if (seen.has(identity)) report(findings, "duplicate", `is there already: ${identity}`);
        seen.add(identity);
      }
      findings.at.pop();
      return cleaned;
    });
  };
}

/** What makes an item of a set or map unique; undefined for atomic lists. */
function identityOf(schema: JsonSchema): ((item: unknown) => string | undefined) | undefined {
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  switch (schema["x-kubernetes-list-type"]) {
    case "set":
      return (item) => JSON.stringify(item);
    case "map":
      return (item) => (isRecord(item) ? JSON.stringify(Object.fromEntries(keys.map((key) => [key, item[key]]))) : undefined);
    case "atomic":
    case undefined:
      return schema.uniqueItems ? (item) => JSON.stringify(item) : undefined;
  }
}

/** A field's default, with the defaults of fields inside it; CRD authors promise that it is valid. */
function frozenDefault(schema: JsonSchema): unknown {
  return freeze(checkOf(schema)(structuredClone(schema.default), { problems: [], at: [] }));
}

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
  return value;
}

/** The value stays out of the result: nothing below it could be trusted. */
function wrongType(wanted: string, value: unknown, findings: Findings): undefined {
  report(findings, "type", `must be of type ${wanted}, not ${typeName(value)}`);
  return undefined;
}
