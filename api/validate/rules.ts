// The CEL rules of a schema, run over a value whose structure is sound. Rules are compiled once per schema; schemas without rules below them are not walked.

import { celArray, celDictionary, celObject, compileRule } from "../cel.ts";
import type { CelInput, CompiledRule } from "../cel.ts";
import type { JsonSchema } from "../schema.ts";
import { report } from "./problem.ts";
import type { Findings, Path } from "./problem.ts";
import { isRecord } from "./structure.ts";

/** Runs every rule at and below the schema. `old` is the value before the change, or undefined where there is nothing to compare with. */
export function checkRules(schema: JsonSchema, values: { value: unknown; old: unknown }, findings: Findings): void {
  const converted = new Map<object, CelInput>();
  nodeOf(schema).run(values.value, values.old, { findings, converted });
}

interface Pass {
  readonly findings: Findings;
  /** CEL values made so far; parents reuse what their children made. */
  readonly converted: Map<object, CelInput>;
}

interface Node {
  readonly hasRules: boolean;
  run(value: unknown, old: unknown, pass: Pass): void;
}

const nodes = new WeakMap<JsonSchema, Node>();

function nodeOf(schema: JsonSchema): Node {
  let node = nodes.get(schema);
  if (node === undefined) {
    node = compile(schema);
    nodes.set(schema, node);
  }
  return node;
}

function compile(schema: JsonSchema): Node {
  const rules = (schema["x-kubernetes-validations"] ?? []).map(compileRule);
  const below = schema.type === "array" ? items(schema) : fields(schema);
  return {
    hasRules: rules.length > 0 || below.hasRules,
    run(value, old, pass) {
      if (value === null || value === undefined) return;
      if (below.hasRules) below.run(value, old, pass);
      if (rules.length > 0) runOwn({ rules, schema, value, old, pass });
    },
  };
}

function runOwn(own: { rules: readonly CompiledRule[]; schema: JsonSchema; value: unknown; old: unknown; pass: Pass }): void {
  const { schema, value, old, pass } = own;
  const self = celOf(schema, value, pass.converted);
  const hasOld = old !== undefined && old !== null;
  for (const rule of own.rules) {
    if (rule.transition && !hasOld) continue;
    const verdict = rule.evaluate(self, rule.transition ? celOf(schema, old, pass.converted) : undefined);
    if (verdict !== true) report(pass.findings, "rule", verdict, pathOf(rule.rule.fieldPath));
  }
}

/** ".spec.name" as steps; brackets hold a quoted name. */
function pathOf(fieldPath: string | undefined): Path {
  return [...(fieldPath ?? "").matchAll(/\.([^.[\]]+)|\['([^']*)'\]/g)].map((found) => found[1] ?? found[2] ?? "");
}

function fields(schema: JsonSchema): Node {
  const named = Object.entries(schema.properties ?? {})
    .map(([name, field]) => ({ name, node: nodeOf(field) }))
    .filter(({ node }) => node.hasRules);
  const values = typeof schema.additionalProperties === "object" ? nodeOf(schema.additionalProperties) : undefined;
  const others = values?.hasRules ? values : undefined;
  return {
    hasRules: named.length > 0 || others !== undefined,
    run(value, old, pass) {
      if (!isRecord(value)) return;
      const before = isRecord(old) ? old : {};
      const visit = (name: string, node: Node) => {
        pass.findings.at.push(name);
        node.run(value[name], before[name], pass);
        pass.findings.at.pop();
      };
      for (const { name, node } of named) if (value[name] !== undefined) visit(name, node);
      if (others) for (const name of Object.keys(value)) visit(name, others);
    },
  };
}

function items(schema: JsonSchema): Node {
  const node: Node = schema.items ? nodeOf(schema.items) : { hasRules: false, run: () => undefined };
  const keys = schema["x-kubernetes-list-type"] === "map" ? (schema["x-kubernetes-list-map-keys"] ?? []) : [];
  // Items of atomic lists and sets cannot be followed through a change (Kubernetes: "not correlatable").
  const identity = (item: unknown) =>
    keys.length > 0 && isRecord(item) ? JSON.stringify(keys.map((key) => item[key])) : undefined;
  return {
    hasRules: node.hasRules,
    run(value, old, pass) {
      if (!Array.isArray(value)) return;
      const before = new Map(Array.isArray(old) && keys.length > 0 ? old.map((item) => [identity(item), item]) : []);
      value.forEach((item, index) => {
        pass.findings.at.push(index);
        node.run(item, before.size > 0 ? before.get(identity(item)) : undefined, pass);
        pass.findings.at.pop();
      });
    },
  };
}

/** A value as CEL sees it through its schema: whole numbers are ints, and fields the schema does not name cannot be seen. */
function celOf(schema: JsonSchema | undefined, value: unknown, converted: Map<object, CelInput>): CelInput {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return schema?.type !== "number" && Number.isInteger(value) ? BigInt(value) : value;
  if (typeof value !== "object" || value === null) return null;
  let made = converted.get(value);
  if (made === undefined) {
    made = Array.isArray(value)
      ? celArray(value.map((item) => celOf(schema?.items, item, converted)))
      : celRecord(schema, Object.entries(value), converted);
    converted.set(value, made);
  }
  return made;
}

function celRecord(
  schema: JsonSchema | undefined,
  entries: readonly (readonly [string, unknown])[],
  converted: Map<object, CelInput>,
): CelInput {
  const values = schema?.additionalProperties;
  if (typeof values === "object") return celDictionary(entries.map(([name, value]) => [name, celOf(values, value, converted)]));
  const known = schema?.properties ?? {};
  const seen = entries.filter(([name]) => Object.hasOwn(known, name));
  return celObject(seen.map(([name, value]) => [name, celOf(known[name], value, converted)]));
}
