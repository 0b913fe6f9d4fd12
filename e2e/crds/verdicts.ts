// The same objects put to upstream's schema and to ours by one engine: do both accept, refuse and default alike?

import type { JsonSchema, Rule } from "../../api/schema.ts";
import { validate } from "../../api/validate.ts";
import type { ValidateOptions, Validation } from "../../api/validate.ts";
import type { SchemaPair } from "./upstream.ts";
import { type Maker, makeValue, mutations, randomFrom } from "./values.ts";

const calm: Omit<Maker, "random"> = { words: [], numbers: [], wild: 0, depth: 0 };
const wholeObjects = 250;
const triesPerField = 400;
const mutationsPerObject = 60;

export interface WholeComparison {
  readonly accepted: number;
  readonly refused: number;
  readonly disagreements: readonly string[];
  /** Fields of the schema, and those that no valid object had. */
  readonly fields: number;
  readonly missing: readonly string[];
}

/** Valid objects of a kind and near misses of them, put to both schemas. */
export function compareWhole({ upstream, ours }: SchemaPair): WholeComparison {
  const random = randomFrom(1);
  const known = new Set(fieldPaths(upstream));
  const seen = new Set<string>();
  const counts = { accepted: 0, refused: 0 };
  const disagreements: string[] = [];
  const ask = (one: Twins, value: unknown, what: string) => {
    const theirs = validate(one.theirs, value);
    counts[theirs.object === undefined ? "refused" : "accepted"] += 1;
    if (spelled(theirs) !== spelled(validate(one.own, value)))
      disagreements.push(`${one.at} ${what} in ${JSON.stringify(value).slice(0, 500)}`);
  };
  const tryOne = (one: Twins, always: boolean) => {
    const value = makeValue(one.theirs, { ...calm, random });
    const valid = validate(one.theirs, value).problems.length === 0;
    const fresh = pathsIn(value, one.at).filter((path) => valid && known.has(path) && !seen.has(path));
    ask(one, value, "made");
    // Without a field that none before had, it shows no branch of its own.
    if (fresh.length === 0 && !always) return;
    for (const path of fresh) seen.add(path);
    const all = [...mutations(one.theirs, value)];
    const stride = Math.max(1, Math.floor(all.length / mutationsPerObject));
    for (let at = Math.floor(random() * stride); at < all.length; at += stride) ask(one, all[at]!.value, all[at]!.what);
  };
  for (let i = 0; i < wholeObjects; i++) tryOne({ at: "", theirs: upstream, own: ours }, i < 10);
  for (const path of known) {
    // Fields too deep for chance are tried in the object that has them, by itself.
    const parent = path.slice(0, path.lastIndexOf("."));
    const theirs = nodeAt(upstream, stepsOf(parent));
    const own = nodeAt(ours, stepsOf(parent));
    if (theirs === undefined || own === undefined) continue; // differs, says the comparison of fields
    for (let i = 0; i < triesPerField && !seen.has(path); i++) tryOne({ at: parent, theirs, own }, false);
  }
  return { ...counts, disagreements, fields: known.size, missing: [...known].filter((path) => !seen.has(path)) };
}

export interface RuleComparison {
  readonly rules: number;
  readonly disagreements: readonly string[];
  /** Rules that no value was found for which they accept, or refuse. */
  readonly undecided: readonly string[];
}

/** Each rule by itself at its place in the schema, over values made for it, until it has accepted one and refused one. */
export function compareRules({ upstream, ours }: SchemaPair): RuleComparison {
  const done = new Set<string>();
  const disagreements: string[] = [];
  const undecided: string[] = [];
  for (const { path, node } of ruleNodes(upstream)) {
    const own = nodeAt(ours, path);
    if (own === undefined) {
      disagreements.push(`${path.join(".")} is not ours`);
      continue;
    }
    const same = JSON.stringify([node, own]);
    for (const rule of done.has(same) ? [] : (node["x-kubernetes-validations"] ?? [])) {
      const twin = own["x-kubernetes-validations"]?.find((one) => oneLine(one) === oneLine(rule));
      const name = `${path.join(".")}: ${oneLine(rule)}`;
      if (twin === undefined) disagreements.push(name);
      else
        for (const report of tryRule({ node, own, rule, twin }))
          (report === "differs" ? disagreements : undecided).push(`${name} ${report}`);
    }
    done.add(same);
  }
  return {
    rules: [...ruleNodes(upstream)].flatMap(({ node }) => node["x-kubernetes-validations"] ?? []).length,
    disagreements,
    undecided,
  };
}

function tryRule(one: { node: JsonSchema; own: JsonSchema; rule: Rule; twin: Rule }): readonly string[] {
  const random = randomFrom(2);
  const theirs = alone(one.node, one.rule);
  const ours = alone(one.own, one.twin);
  const verdicts = { accepts: 0, refuses: 0 };
  let before: unknown;
  for (let i = 0; i < 3000 && (i < 20 || verdicts.accepts === 0 || verdicts.refuses === 0); i++) {
    const maker = { ...calm, random, wild: 0.5, ...wordsOf(one.node) };
    const value = draftOf(theirs, maker);
    const options: ValidateOptions = one.rule.rule.includes("oldSelf") ? { old: i % 2 === 0 ? value : before } : {};
    const verdict = validate(theirs, value, options);
    if (spelled(verdict) !== spelled(validate(ours, value, options))) return ["differs"];
    before = verdict.object ?? before;
    if (verdict.object !== undefined) verdicts.accepts += 1;
    else if (verdict.problems.some(({ kind }) => kind === "rule")) verdicts.refuses += 1;
  }
  return Object.entries(verdicts).flatMap(([name, count]) => (count === 0 ? [`never ${name}`] : []));
}

/** Children valid, the rule itself not asked: so it is both kept and broken. */
function draftOf(schema: JsonSchema, maker: Maker): unknown {
  const { "x-kubernetes-validations": _, ...free } = schema;
  return makeValue(free, maker);
}

function wordsOf(node: JsonSchema): Pick<Maker, "words" | "numbers"> {
  const text = (node["x-kubernetes-validations"] ?? []).map(({ rule }) => rule).join(" ");
  return {
    words: [...text.matchAll(/'([^'\\]{1,60})'|"([^"\\]{1,60})"/g)].map((found) => found[1] ?? found[2] ?? ""),
    numbers: [...text.matchAll(/\b\d{1,5}\b/g)].map(([digits]) => Number(digits)),
  };
}

const alone = (node: JsonSchema, rule: Rule): JsonSchema => ({ ...node, "x-kubernetes-validations": [rule] });
const oneLine = ({ rule }: Rule): string => rule.replace(/\s+/g, " ").trim();

/** The defaulted object, the fields that were dropped and the places of errors. Sentences are each project's own. */
function spelled({ object, problems }: Validation): string {
  const places = problems.map(({ path, kind }) => `${kind === "unknownField" ? "dropped" : "wrong"} ${path}`);
  return JSON.stringify([sorted(object), [...new Set(places)].toSorted()]);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, below]) => [name, sorted(below)]),
  );
}

/** Both schemas of one place. */
interface Twins {
  readonly at: string;
  readonly theirs: JsonSchema;
  readonly own: JsonSchema;
}

/** Steps down a schema: a field's name, "[]" for items, "{}" for values of a map. */
type Steps = readonly string[];

/** Of ".spec.rules[].matches": spec, rules, [], matches. */
function stepsOf(path: string): Steps {
  return path.match(/[^.[\]]+|\[\]/g) ?? [];
}

function children(schema: JsonSchema): readonly (readonly [string, JsonSchema])[] {
  const { properties = {}, items, additionalProperties } = schema;
  return [
    ...Object.entries(properties),
    ...(items === undefined ? [] : [["[]", items] as const]),
    ...(typeof additionalProperties === "object" ? [["{}", additionalProperties] as const] : []),
  ];
}

function* ruleNodes(schema: JsonSchema, path: Steps = []): Generator<{ readonly path: Steps; readonly node: JsonSchema }> {
  if (schema["x-kubernetes-validations"] !== undefined) yield { path, node: schema };
  for (const [step, below] of children(schema)) yield* ruleNodes(below, [...path, step]);
}

function nodeAt(schema: JsonSchema, path: Steps): JsonSchema | undefined {
  let node: JsonSchema | undefined = schema;
  for (const step of path) node = node && new Map(children(node)).get(step);
  return node;
}

/** ".spec.rules[].matches[]" of every named field. */
function fieldPaths(schema: JsonSchema, at = ""): readonly string[] {
  const named = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    `${at}.${name}`,
    ...fieldPaths(field, `${at}.${name}`),
  ]);
  return [...named, ...(schema.items === undefined ? [] : fieldPaths(schema.items, `${at}[]`))];
}

function pathsIn(value: unknown, at = ""): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => pathsIn(item, `${at}[]`));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, field]) => [`${at}.${name}`, ...pathsIn(field, `${at}.${name}`)]);
}
