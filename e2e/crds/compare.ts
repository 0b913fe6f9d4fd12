// What two schemas say differently, field by field. Messages and descriptions are each project's own and not compared.
// differences.yaml lists the differences that are meant, with their reasons.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { JsonSchema } from "../../api/schema.ts";
import type { SchemaPair } from "./upstream.ts";

/** A difference that is meant: everything at and below the path. */
export interface Listed {
  readonly path: string;
  readonly reason: string;
}

export function listedDifferences(): readonly Listed[] {
  return parse(readFileSync(join(import.meta.dirname, "differences.yaml"), "utf8")) as readonly Listed[];
}

/** The entry that explains a difference at this path ("envoyproxies.spec.provider"). */
export function explanation(listed: readonly Listed[], path: string): Listed | undefined {
  return listed.find((one) => path === one.path || [".", "[", "#", "{"].some((end) => path.startsWith(one.path + end)));
}

/** Every difference, as "plural.path#keyword" with what each side says. */
export function differences({ plural, upstream, ours }: SchemaPair): ReadonlyMap<string, string> {
  const theirs = facts(upstream);
  const own = facts(ours);
  const found = new Map<string, string>();
  for (const key of new Set([...theirs.keys(), ...own.keys()]))
    if (theirs.get(key) !== own.get(key))
      found.set(`${plural}${key}`, `upstream ${theirs.get(key) ?? "nothing"}, ours ${own.get(key) ?? "nothing"}`);
  return found;
}

/** Both schemas without the fields that are listed to differ: what is left agrees to the letter. */
export function withoutListed({ plural, upstream, ours }: SchemaPair, listed: readonly Listed[]): SchemaPair {
  const paths = new Set(listed.map(({ path }) => path));
  return { plural, upstream: pruned(upstream, plural, paths), ours: pruned(ours, plural, paths) };
}

function pruned(schema: JsonSchema, at: string, paths: ReadonlySet<string>): JsonSchema {
  const { properties, items } = schema;
  const kept = Object.entries(properties ?? {}).filter(([name]) => !paths.has(`${at}.${name}`));
  return {
    ...schema,
    ...(properties && { properties: Object.fromEntries(kept.map(([name, one]) => [name, pruned(one, `${at}.${name}`, paths)])) }),
    ...(items && { items: pruned(items, `${at}[]`, paths) }),
  };
}

type Node = Readonly<Record<string, unknown>>;
type Facts = Map<string, string>;
const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && !Array.isArray(value);

/** Path and keyword of everything a schema says, in one spelling: redundant allOf/anyOf folded, `required` without defaulted fields. */
function facts(schema: unknown, path = "", found: Facts = new Map()): Facts {
  if (!isNode(schema)) return found;
  const alternatives = Array.isArray(schema["allOf"]) ? schema["allOf"].filter(isNode) : [];
  const enums = alternatives.find((one) => one["enum"])?.["enum"];
  const properties = isNode(schema["properties"]) ? schema["properties"] : {};
  found.set(path, "exists");
  for (const [key, value] of Object.entries(schema)) {
    if (["description", "properties", "items", "additionalProperties"].includes(key)) continue;
    if (key === "anyOf" && schema["x-kubernetes-int-or-string"]) continue;
    if (key === "allOf" && enums) continue;
    found.set(`${path}#${key}`, spelled(key, value, properties));
  }
  if (enums) found.set(`${path}#enum`, JSON.stringify(enums));
  if (found.get(`${path}#required`) === "[]") found.delete(`${path}#required`);
  for (const [name, one] of Object.entries(properties)) facts(one, `${path}.${name}`, found);
  facts(schema["items"], `${path}[]`, found);
  facts(schema["additionalProperties"], `${path}{}`, found);
  return found;
}

function spelled(key: string, value: unknown, properties: Node): string {
  if (key === "required" && Array.isArray(value)) {
    return JSON.stringify(
      value
        .filter((name) => !hasDefault(properties[String(name)]))
        .map(String)
        .toSorted(),
    );
  }
  if (key === "x-kubernetes-validations" && Array.isArray(value)) {
    return JSON.stringify(
      value.map((one: unknown) => (isNode(one) ? String(one["rule"]).replace(/\s+/g, " ").trim() : "")).toSorted(),
    );
  }
  return JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isNode(value)) return value;
  const names = Object.keys(value).toSorted();
  return Object.fromEntries(names.map((name) => [name, sorted(value[name])]));
}
const hasDefault = (value: unknown): boolean => isNode(value) && "default" in value;
