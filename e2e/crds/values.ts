// Values for a schema, the same in every run: valid ones built from the bottom up, and near misses of each.
// Knows no kind. Strings come from the schema's own words (enums, literals of its rules) and a few that APIs like to hear.

import type { JsonSchema } from "../../api/schema.ts";
import { validate } from "../../api/validate.ts";

export type Random = () => number;

/** Numbers in [0, 1) from a seed (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface Maker {
  readonly random: Random;
  /** Strings and numbers worth trying: literals of rules above. */
  readonly words: readonly string[];
  readonly numbers: readonly number[];
  /** Share of children that need not be valid. */
  readonly wild: number;
  readonly depth: number;
}

const pick = <Item>(items: readonly Item[], random: Random): Item => items[Math.floor(random() * items.length)]!;

/** A value of the schema. Valid by the schema itself if a few tries find one, unless the maker is wild. */
export function makeValue(schema: JsonSchema, above: Maker): unknown {
  const maker = { ...above, ...literals(schema, above), depth: above.depth + 1 };
  const tries = maker.random() < maker.wild ? 1 : 25;
  let value: unknown;
  for (let i = 0; i < tries; i++) {
    value = draft(schema, maker);
    if (tries > 1 && validate(schema, value).problems.length === 0) return value;
  }
  return value;
}

function literals(schema: JsonSchema, { words, numbers }: Maker): Pick<Maker, "words" | "numbers"> {
  const rules = (schema["x-kubernetes-validations"] ?? []).map(({ rule }) => rule).join(" ");
  if (rules === "") return { words, numbers };
  const quoted = [...rules.matchAll(/'([^'\\]{1,60})'|"([^"\\]{1,60})"/g)].map((found) => found[1] ?? found[2] ?? "");
  const counts = [...rules.matchAll(/\b\d{1,5}\b/g)].map(([text]) => Number(text));
  return { words: [...new Set([...words, ...quoted])], numbers: [...new Set([...numbers, ...counts])] };
}

function draft(schema: JsonSchema, maker: Maker): unknown {
  const { random } = maker;
  const fixed = enumOf(schema);
  if (fixed !== undefined) return random() < maker.wild / 5 ? "no such choice" : pick(fixed, random);
  if (schema["x-kubernetes-int-or-string"]) return pick<unknown>([0, 1, 65_536, "10%", "1Gi", "50Mi", "3", ""], random);
  switch (schema.type) {
    case "string":
      return textOf(schema, maker);
    case "integer":
    case "number":
      return pick(numbersFor(schema, maker), random);
    case "boolean":
      return random() < 0.5;
    case "array":
      return listOf(schema, maker);
    case "object":
      return recordOf(schema, maker);
    case undefined:
      return pick<unknown>([{ any: 1 }, "any", 1], random);
  }
}

const samples = [
  "a",
  "b",
  "eg",
  "x-header",
  "example.com",
  "*.example.com",
  "a.b.c",
  "10.0.0.1",
  "10.0.0.2",
  "::1",
  "10.0.0.0/8",
  "/",
  "/path",
  "1s",
  "10ms",
  "1h30m",
  "gateway.envoyproxy.io",
  "Service",
  "http",
  "HTTP",
  "8080",
  "True",
  "Ready",
  "1Gi",
  "^a.*$",
  "",
  "example.com/controller",
  "https://example.com",
  "http://a.example:80",
  "*",
  "https://*.a.example",
  "docker.io/envoy",
  "envoy:v1",
  "envoyproxy/envoy:v1.37.0",
  "2026-01-01T00:00:00Z",
  "A B",
  "a_b",
  "/a/../b",
  "//",
  "#",
  "%2f",
  "GET",
  "sha256:abc",
  "value: 1",
];

function textOf({ pattern, minLength = 0, maxLength, format }: JsonSchema, maker: Maker): string {
  const { random, words } = maker;
  if (format === "date-time") return "2026-01-01T00:00:00Z";
  const sound = new RegExp(pattern ?? "", "u");
  const all = [...words, ...words, ...samples].filter((text) => sound.test(text) && text.length >= minLength);
  const long = maker.numbers.filter((count) => count > 60 && count < 5000);
  if (long.length > 0 && random() < 0.1) return stretched("a", pick(long, random) + 1);
  const short = all.filter((text) => text.length <= (maxLength ?? Infinity));
  if (maxLength !== undefined && maxLength <= 300 && random() < 0.05) return stretched(pick(["a", "/"], random), maxLength);
  return short.length === 0 ? "a".repeat(minLength) : pick(short, random);
}

const stretched = (text: string, length: number): string => text.repeat(Math.max(length, 0));

function listOf(schema: JsonSchema, maker: Maker): readonly unknown[] {
  const { minItems = 0, maxItems = 64, items = {} } = schema;
  const most = Math.min(maxItems, minItems + (maker.depth > 6 ? 1 : 2));
  const length = minItems + Math.floor(maker.random() * (most - minItems + 1));
  const made = Array.from({ length }, () => makeValue(items, maker));
  if (made.length < 2 || maker.random() >= 0.2) return made;
  // Twins, for rules of uniqueness; some are short of a field.
  return made.with(1, maker.random() < 0.3 ? shortOfOne(made[0], maker.random) : made[0]);
}

function shortOfOne(value: unknown, random: Random): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value) || Object.keys(value).length === 0) return value;
  const left = pick(Object.keys(value), random);
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== left));
}

function recordOf(schema: JsonSchema, maker: Maker): Readonly<Record<string, unknown>> {
  const { random, depth } = maker;
  const required = new Set(schema.required);
  // Small objects at first, full ones at times: rules of unions want few fields, coverage wants many.
  const share = pick([0.1, 0.3, 0.6], random) / (depth > 10 ? 3 : 1);
  const made: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (name === "metadata" && field.properties === undefined) made[name] = {};
    else if (required.has(name) ? random() >= maker.wild / 10 : random() < share) made[name] = makeValue(field, maker);
  }
  if (typeof schema.additionalProperties === "object" && random() < 0.7)
    made[textOf({ type: "string" }, maker)] = makeValue(schema.additionalProperties, maker);
  if (schema["x-kubernetes-preserve-unknown-fields"] && random() < 0.5) made["kept"] = "as it is";
  return made;
}

function numbersFor(schema: JsonSchema, { numbers }: Maker): readonly number[] {
  const edges = bounds(schema);
  return schema.minimum === undefined ? [0, 1, 2, 80, 443].concat(edges, numbers) : edges.concat(numbers);
}

/** Values just outside, at and just inside the limits of a number. */
function bounds({ minimum, maximum }: JsonSchema): number[] {
  return [minimum, maximum].flatMap((limit) => (limit === undefined ? [] : [limit - 1, limit, limit + 1]));
}

function enumOf(schema: JsonSchema): readonly unknown[] | undefined {
  const all = [schema, ...(schema.allOf ?? [])].flatMap((one) => (one.enum === undefined ? [] : [one.enum]));
  return all.length === 0 ? undefined : all[0]!.filter((value) => all.every((other) => other.includes(value)));
}

/** A change of one place in a value: what was done, and the whole new value. */
export interface Mutation {
  readonly what: string;
  readonly value: unknown;
}

/** Every near miss of a value: each field missing, of a wrong type, at and beyond each limit, unknown, not of the enum or pattern. */
export function* mutations(schema: JsonSchema, value: unknown, at = ""): Generator<Mutation> {
  for (const wrong of ["text", 1, true, [], {}, null, 1.5])
    yield { what: `${at} becomes ${JSON.stringify(wrong)}`, value: wrong };
  for (const limit of limits(schema, value)) yield { what: `${at} at a limit`, value: limit };
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries())
      for (const { what, value: changed } of mutations(schema.items ?? {}, item, `${at}[]`))
        yield { what, value: value.with(index, changed) };
    return;
  }
  if (typeof value !== "object" || value === null) return;
  yield { what: `${at}.unknown`, value: { ...value, unknownField: 1 } };
  for (const [name, field] of Object.entries(value)) {
    const { [name]: _, ...rest } = value as Readonly<Record<string, unknown>>;
    yield { what: `${at}.${name} is missing`, value: rest };
    const below =
      schema.properties?.[name] ?? (typeof schema.additionalProperties === "object" ? schema.additionalProperties : {});
    for (const { what, value: changed } of mutations(below, field, `${at}.${name}`))
      yield { what, value: { ...rest, [name]: changed } };
  }
}

function limits(schema: JsonSchema, value: unknown): readonly unknown[] {
  const { minLength, maxLength, minItems, maxItems, minProperties, maxProperties } = schema;
  const around = (...all: readonly (number | undefined)[]) =>
    all
      .flatMap((limit) => (limit === undefined ? [] : [limit - 1, limit, limit + 1]))
      .filter((size) => size >= 0 && size <= 5000);
  const items = Array.isArray(value) && value.length > 0 ? around(minItems, maxItems).map((size) => cycled(value, size)) : [];
  const texts = typeof value === "string" ? around(minLength, maxLength).map((size) => stretched("a", size)) : [];
  const named = around(minProperties, maxProperties).map((size) =>
    Object.fromEntries(Array.from({ length: size }, (_, index) => [`key${index}`, "a"])),
  );
  const numbers = typeof value === "number" ? [...bounds(schema), 0, -1, 2 ** 31, 2 ** 53] : [];
  const misses = schema.pattern === undefined && schema.enum === undefined ? [] : ["no match at all \n", "", "A", "-"];
  return [...items, ...texts, ...(typeof value === "object" && !Array.isArray(value) ? named : []), ...numbers, ...misses];
}

function cycled(items: readonly unknown[], size: number): readonly unknown[] {
  return Array.from({ length: size }, (_, index) => items[index % items.length]);
}
