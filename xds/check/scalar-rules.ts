// Rules of protoc-gen-validate on single values: strings, bytes, numbers, durations, booleans, enums. The walk over messages is in
// violations.ts. Agrees with Go's generated validators on accept or reject (compared once by differential fuzzing).

import { type DescEnum, isFieldSet, isMessage, type Message } from "@bufbuild/protobuf";
import { type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";
import { validate } from "#envoy";
import type { Report } from "./violation.ts";

export type ValueCheck = (value: unknown, report: Report) => void;

/** Checks of one value under `rules`; undefined when they say nothing about single values. */
export function valueCheck(rules: validate.FieldRules | undefined, enumeration: DescEnum | undefined): ValueCheck | undefined {
  if (rules === undefined) return undefined;
  const { type } = rules;
  switch (type.case) {
    case undefined:
    case "timestamp":
    case "any":
    case "repeated":
    case "map":
      return undefined;
    case "string":
      return stringCheck(type.value);
    case "bytes":
      return bytesCheck(type.value);
    case "bool":
      return boolCheck(type.value);
    case "enum":
      return enumCheck(type.value, enumeration);
    case "duration":
      return durationCheck(type.value);
    case "float":
    case "double":
    case "int32":
    case "int64":
    case "uint32":
    case "uint64":
    case "sint32":
    case "sint64":
    case "fixed32":
    case "fixed64":
    case "sfixed32":
    case "sfixed64":
      return numberCheck(type.case, type.value);
  }
}

/** Code points, as Go counts them: a pair of surrogates is one. */
function runes(text: string): number {
  return Array.from(text).length;
}

type Test<Value> = readonly [rule: string, holds: (value: Value) => boolean, message: string];

function stringCheck(rules: validate.StringRules): ValueCheck {
  const set = (field: keyof typeof validate.StringRulesSchema.field): boolean =>
    isFieldSet(rules, validate.StringRulesSchema.field[field]);
  const candidates: readonly (readonly [boolean, Test<string>])[] = [
    [set("const"), ["const", (text) => text === rules.const, `must equal ${rules.const}`]],
    [set("len"), ["len", (text) => runes(text) === Number(rules.len), `must have ${rules.len} characters`]],
    [set("minLen"), ["min_len", (text) => runes(text) >= Number(rules.minLen), `must have at least ${rules.minLen} characters`]],
    [set("maxLen"), ["max_len", (text) => runes(text) <= Number(rules.maxLen), `must have at most ${rules.maxLen} characters`]],
    [
      set("lenBytes"),
      ["len_bytes", (text) => Buffer.byteLength(text) === Number(rules.lenBytes), `must have ${rules.lenBytes} bytes`],
    ],
    [
      set("minBytes"),
      ["min_bytes", (text) => Buffer.byteLength(text) >= Number(rules.minBytes), `must have at least ${rules.minBytes} bytes`],
    ],
    [
      set("maxBytes"),
      ["max_bytes", (text) => Buffer.byteLength(text) <= Number(rules.maxBytes), `must have at most ${rules.maxBytes} bytes`],
    ],
    [set("prefix"), ["prefix", (text) => text.startsWith(rules.prefix), `must start with ${rules.prefix}`]],
    [set("suffix"), ["suffix", (text) => text.endsWith(rules.suffix), `must end with ${rules.suffix}`]],
    [set("contains"), ["contains", (text) => text.includes(rules.contains), `must contain ${rules.contains}`]],
    [set("notContains"), ["not_contains", (text) => !text.includes(rules.notContains), `must not contain ${rules.notContains}`]],
    [rules.in.length > 0, ["in", (text) => rules.in.includes(text), `must be one of ${rules.in.join(", ")}`]],
    [rules.notIn.length > 0, ["not_in", (text) => !rules.notIn.includes(text), "is a forbidden value"]],
  ];
  const tests = [...candidates.filter(([applies]) => applies).map(([, test]) => test), ...patternTests(rules, set("pattern"))];
  return (value, report) => {
    if (typeof value !== "string" || (rules.ignoreEmpty && value === "")) return;
    for (const [rule, holds, message] of tests) if (!holds(value)) report(`string.${rule}`, message);
  };
}

/* oxlint-disable no-control-regex -- control characters are what these patterns keep out */
const headerPatterns = {
  name: { strict: /^:?[0-9a-zA-Z!#$%&'*+\-.^_|~`]+$/u, loose: /^[^\u0000\n\r]*$/u },
  value: { strict: /^[^\u0000-\u0008\n-\u001f\u007f]*$/u, loose: /^[^\u0000\n\r]*$/u },
};
/* oxlint-enable no-control-regex */

function patternTests(rules: validate.StringRules, hasPattern: boolean): readonly Test<string>[] {
  const tests: Test<string>[] = [];
  if (hasPattern) {
    const pattern = new RegExp(rules.pattern, "u");
    tests.push(["pattern", (text) => pattern.test(text), `must match ${rules.pattern}`]);
  }
  const { wellKnown } = rules;
  if (wellKnown.case === "wellKnownRegex") {
    const kind = wellKnown.value === validate.KnownRegex.HTTP_HEADER_NAME ? "name" : "value";
    // proto2: `strict` is true unless it says otherwise.
    const strict = !isFieldSet(rules, validate.StringRulesSchema.field.strict) || rules.strict;
    const pattern = headerPatterns[kind][strict ? "strict" : "loose"];
    tests.push(["well_known_regex", (text) => pattern.test(text), `must be a valid header ${kind}`]);
  } else if (wellKnown.case !== undefined) {
    throw new Error(`the rule string.${wellKnown.case} is not implemented`); // none of Envoy's messages has another
  }
  return tests;
}

function bytesCheck(rules: validate.BytesRules): ValueCheck {
  const set = (field: keyof typeof validate.BytesRulesSchema.field): boolean =>
    isFieldSet(rules, validate.BytesRulesSchema.field[field]);
  return (value, report) => {
    if (!(value instanceof Uint8Array) || (rules.ignoreEmpty && value.length === 0)) return;
    if (set("len") && value.length !== Number(rules.len)) report("bytes.len", `must have ${rules.len} bytes`);
    if (set("minLen") && value.length < Number(rules.minLen)) report("bytes.min_len", `must have at least ${rules.minLen} bytes`);
    if (set("maxLen") && value.length > Number(rules.maxLen)) report("bytes.max_len", `must have at most ${rules.maxLen} bytes`);
  };
}

function boolCheck(rules: validate.BoolRules): ValueCheck {
  const fixed = isFieldSet(rules, validate.BoolRulesSchema.field.const);
  return (value, report) => {
    if (fixed && value !== rules.const) report("bool.const", `must be ${rules.const}`);
  };
}

function enumCheck(rules: validate.EnumRules, enumeration: DescEnum | undefined): ValueCheck {
  const fixed = isFieldSet(rules, validate.EnumRulesSchema.field.const);
  return (value, report) => {
    if (typeof value !== "number") return;
    if (fixed && value !== rules.const) report("enum.const", `must be ${rules.const}`);
    if (rules.definedOnly && enumeration?.value[value] === undefined)
      report("enum.defined_only", `${value} is not a defined value`);
    if (rules.in.length > 0 && !rules.in.includes(value)) report("enum.in", `must be one of ${rules.in.join(", ")}`);
    if (rules.notIn.includes(value)) report("enum.not_in", `must not be ${value}`);
  };
}

/** Bounds over numbers and big integers alike; JavaScript compares the two by value. */
interface Bounds {
  readonly const?: number | bigint | undefined;
  readonly lt?: number | bigint | undefined;
  readonly lte?: number | bigint | undefined;
  readonly gt?: number | bigint | undefined;
  readonly gte?: number | bigint | undefined;
  readonly in: readonly (number | bigint)[];
  readonly notIn: readonly (number | bigint)[];
}

type NumberRules = Extract<
  validate.FieldRules["type"],
  { readonly value: { readonly ignoreEmpty: boolean; readonly gt: number | bigint } }
>;

function numberCheck(kind: string, rules: NumberRules["value"]): ValueCheck {
  const check = boundsCheck(kind, {
    ...setBounds(rules, (name) => rules[name]),
    in: rules.in,
    notIn: rules.notIn,
  });
  return (value, report) => {
    if (typeof value !== "number" && typeof value !== "bigint") return;
    if (rules.ignoreEmpty && Number(value) === 0) return;
    check(value, report);
  };
}

function durationCheck(rules: validate.DurationRules): ValueCheck {
  const check = boundsCheck("duration", {
    ...setBounds(rules, (name) => (rules[name] === undefined ? undefined : nanoseconds(rules[name]))),
    in: rules.in.map(nanoseconds),
    notIn: rules.notIn.map(nanoseconds),
  });
  return (value, report) => {
    if (isMessage(value, DurationSchema)) check(nanoseconds(value), report);
  };
}

function nanoseconds({ seconds, nanos }: Duration): bigint {
  return seconds * 1_000_000_000n + BigInt(nanos);
}

type BoundName = "const" | "lt" | "lte" | "gt" | "gte";

function setBounds(rules: Message, read: (name: BoundName) => number | bigint | undefined): Pick<Bounds, BoundName> {
  const descriptor = ruleMessages.get(rules.$typeName);
  const bound = (name: BoundName): number | bigint | undefined => {
    const field = descriptor?.field[name];
    return field !== undefined && isFieldSet(rules, field) ? read(name) : undefined;
  };
  return { const: bound("const"), lt: bound("lt"), lte: bound("lte"), gt: bound("gt"), gte: bound("gte") };
}

/** The messages that rules of one type are written in, by name: which of their fields are set decides what applies. */
const ruleMessages = new Map(
  validate.FieldRulesSchema.fields.flatMap((field) =>
    field.message === undefined ? [] : [[field.message.typeName, field.message] as const],
  ),
);

function boundsCheck(kind: string, bounds: Bounds): (value: number | bigint, report: Report) => void {
  const { lt, lte, gt, gte } = bounds;
  const low = gt ?? gte;
  const high = lt ?? lte;
  const aboveLow = (value: number | bigint): boolean => (gt === undefined ? gte === undefined || value >= gte : value > gt);
  const belowHigh = (value: number | bigint): boolean => (lt === undefined ? lte === undefined || value <= lte : value < lt);
  // A range whose bounds are crossed allows what is outside of it.
  const inverted =
    low !== undefined && high !== undefined && (high < low || (high === low && (gt !== undefined || lt !== undefined)));
  const inside = (value: number | bigint): boolean =>
    inverted ? aboveLow(value) || belowHigh(value) : aboveLow(value) && belowHigh(value);
  const limits = [
    gt !== undefined && `> ${gt}`,
    gte !== undefined && `>= ${gte}`,
    lt !== undefined && `< ${lt}`,
    lte !== undefined && `<= ${lte}`,
  ];
  const wanted = limits.filter((limit) => limit !== false).join(inverted ? " or " : " and ");
  return (value, report) => {
    if (bounds.const !== undefined && value !== bounds.const) report(`${kind}.const`, `must equal ${bounds.const}`);
    if (!inside(value)) report(`${kind}.range`, `must be ${wanted}, got ${value}`);
    if (bounds.in.length > 0 && !bounds.in.includes(value)) report(`${kind}.in`, `must be one of ${bounds.in.join(", ")}`);
    if (bounds.notIn.includes(value)) report(`${kind}.not_in`, `must not be ${value}`);
  };
}
