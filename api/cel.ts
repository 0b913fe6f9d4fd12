// CEL as the API server evaluates it in `x-kubernetes-validations`: the only importer of @bufbuild/cel, with Kubernetes' extra functions.
// It knows rules and CEL values; which rules belong to which value is validate/rules.ts.
// Left out: optional types and the cost limit; rules of our kinds need neither.

import { CelScalar, celEnv, celFunc, celList, celMap, celMethod, isCelError, listType, parse, plan } from "@bufbuild/cel";
import type { CelInput, CelList } from "@bufbuild/cel";
import { strings } from "@bufbuild/cel/ext";
import type { Rule } from "./schema.ts";
import { formatMistake, regExpOf } from "./validate/formats.ts";

export type { CelInput };

export interface CompiledRule {
  readonly rule: Rule;
  /** It names `oldSelf`: it can only be judged with the value before the change. */
  readonly transition: boolean;
  /** true: holds. Otherwise why it does not, in a sentence: the rule's message, or how evaluating it failed. */
  evaluate(self: CelInput, oldSelf: CelInput | undefined): true | string;
}

/** How the message of a rule begins that could not be evaluated. */
export const notChecked = "could not be checked";

/** Throws when the rule is not CEL, or uses what we left out: rules are ours, not the user's. */
export function compileRule(rule: Rule): CompiledRule {
  if (rule.optionalOldSelf) throw new Error(`CEL rule needs optionalOldSelf, which is not supported: ${rule.rule}`);
  const holds = program(rule.rule);
  const sentence = rule.messageExpression === undefined ? undefined : program(rule.messageExpression);
  return {
    rule,
    transition: /\boldSelf\b/.test(rule.rule.replaceAll(/'[^']*'|"[^"]*"/g, "")),
    evaluate(self, oldSelf) {
      const bindings: Record<string, CelInput> = oldSelf === undefined ? { self } : { self, oldSelf };
      const result = holds(bindings);
      if (result === true) return true;
      if (result === false) {
        const said = sentence?.(bindings);
        return typeof said === "string" && said.trim() !== "" ? said : rule.message;
      }
      const cause = isCelError(result) ? result.message : "the result is not true or false";
      return `${notChecked} (${rule.message}): ${cause} in rule ${rule.rule}`;
    },
  };
}

/** Why a text is no CEL expression, on one line; undefined when it is one. Functions and attributes are not looked up. */
export function celSyntaxProblem(source: string): string | undefined {
  try {
    parse(source);
    return undefined;
  } catch (cause) {
    return (cause instanceof Error ? cause.message : String(cause)).split("\n")[0];
  }
}

/** An object with fields of a schema: names that CEL cannot spell are escaped as the API server does. */
export function celObject(fields: Iterable<readonly [string, CelInput]>): CelInput {
  const escaped = new Map<string, CelInput>();
  for (const [name, value] of fields) escaped.set(escapedName(name), value);
  return celMap(escaped);
}

/** A map with keys of the user's choice. */
export function celDictionary(entries: Iterable<readonly [string, CelInput]>): CelInput {
  return celMap(new Map(entries));
}

export function celArray(items: readonly CelInput[]): CelInput {
  return celList(items);
}

const reserved = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return".split(" "),
);

function escapedName(name: string): string {
  if (reserved.has(name)) return `__${name}__`;
  return /__|[./-]/.test(name)
    ? name.replaceAll("__", "__underscores__").replaceAll(".", "__dot__").replaceAll("-", "__dash__").replaceAll("/", "__slash__")
    : name;
}

function program(source: string): (bindings: Record<string, CelInput>) => unknown {
  try {
    const run = plan(environment, parse(source));
    return (bindings) => {
      try {
        return run(bindings);
      } catch (cause) {
        return cause;
      }
    };
  } catch (cause) {
    throw new Error(`compile CEL rule: ${source}`, { cause });
  }
}

const anyList = listType(CelScalar.DYN);

/** Functions that Kubernetes adds to CEL (Kubernetes documentation, "CEL in Kubernetes"), as far as rules of our kinds use them. */
const kubernetes = [
  celFunc("isIP", [CelScalar.STRING], CelScalar.BOOL, (text) => isAddress(text)),
  celFunc("isURL", [CelScalar.STRING], CelScalar.BOOL, (text) => isAbsoluteUrl(text)),
  celMethod("find", CelScalar.STRING, [CelScalar.STRING], CelScalar.STRING, function (pattern) {
    return regExpOf(pattern).exec(this)?.[0] ?? "";
  }),
  celMethod("isSorted", anyList, [], CelScalar.BOOL, function () {
    const items = [...comparable(this)];
    return items.every((item, i) => i === 0 || items[i - 1]! <= item);
  }),
  celMethod("sum", anyList, [], CelScalar.INT, function () {
    return [...this].reduce<bigint>((sum, item) => (typeof item === "bigint" ? sum + item : sum), 0n);
  }),
];

/** IPv4 addresses in the clothes of IPv6 are none to Kubernetes. */
function isAddress(text: string): boolean {
  return formatMistake("ip", text) === undefined && !/^[:0]*:ffff:\d+\.\d+\.\d+\.\d+$/i.test(text);
}

function isAbsoluteUrl(text: string): boolean {
  return URL.canParse(text) || (text.startsWith("/") && URL.canParse(text, "http://host"));
}

function* comparable(list: CelList): Iterable<bigint | number | string> {
  for (const item of list) {
    if (typeof item === "bigint" || typeof item === "number" || typeof item === "string") yield item;
    else throw new Error("only numbers and strings have an order");
  }
}

const environment = celEnv({ funcs: [...strings, ...kubernetes], re2: { compile: regExpOf } });
