// What is wrong with a message, before Envoy sees it: the validate.rules that Envoy itself checks on arrival, read from the descriptors, and
// the semantic rules of semantic.ts. Walks into Any, so that filters are checked with their route. The plan of a message type is made once.

import {
  type DescField,
  type DescMessage,
  type DescOneof,
  getOption,
  hasOption,
  isFieldSet,
  isMessage,
  type Message,
  type MessageShape,
} from "@bufbuild/protobuf";
import { isReflectMessage, reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import { anyUnpack, AnySchema, isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { registry, validate } from "#envoy";
import { valueCheck } from "./scalar-rules.ts";
import { semanticChecks } from "./semantic.ts";
import type { Report, Violation } from "./violation.ts";

/** Every violation in the message and below; empty means that Envoy takes it as far as we can tell. */
export function violations<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): readonly Violation[] {
  const found: Violation[] = [];
  plan(schema)(reflect(schema, message), "", found);
  return found;
}

type Plan = (message: ReflectMessage, path: string, found: Violation[]) => void;

const plans = new WeakMap<DescMessage, Plan>();

function plan(descriptor: DescMessage): Plan {
  const known = plans.get(descriptor);
  if (known !== undefined) return known;
  const off = getOption(descriptor, validate.disabled) || getOption(descriptor, validate.ignored);
  const made = off ? nothing : descriptor.typeName === AnySchema.typeName ? anyPlan : messagePlan(descriptor);
  plans.set(descriptor, made);
  return made;
}

function nothing(): void {}

function messagePlan(descriptor: DescMessage): Plan {
  const semantic = semanticChecks.get(descriptor.typeName);
  let parts: readonly Plan[] | undefined; // on first use: messages contain themselves
  return (message, path, found) => {
    parts ??= [...descriptor.fields.map(fieldPlan), ...descriptor.oneofs.map(oneofPlan)].filter((part) => part !== undefined);
    for (const part of parts) part(message, path, found);
    semantic?.(message.message, reporter(path, found));
  };
}

function anyPlan(message: ReflectMessage, path: string, found: Violation[]): void {
  const packed = message.message;
  if (!isMessage(packed, AnySchema) || packed.typeUrl === "") return;
  const inner = anyUnpack(packed, registry);
  const descriptor = inner === undefined ? undefined : registry.getMessage(inner.$typeName);
  if (inner === undefined || descriptor === undefined) {
    found.push({ path, rule: "any.type", message: `${packed.typeUrl} is not a known type` });
  } else {
    plan(descriptor)(reflect(descriptor, inner), `${path}[${inner.$typeName}]`, found);
  }
}

function oneofPlan(oneof: DescOneof): Plan | undefined {
  if (!hasOption(oneof, validate.required) || !getOption(oneof, validate.required)) return undefined;
  const names = oneof.fields.map((field) => field.name).join(", ");
  return (message, path, found) => {
    if (message.oneofCase(oneof) !== undefined) return;
    found.push({ path: below(path, oneof.name), rule: "oneof.required", message: `one of ${names} must be set` });
  };
}

function fieldPlan(field: DescField): Plan | undefined {
  const rules = hasOption(field, validate.rules) ? getOption(field, validate.rules) : undefined;
  switch (field.fieldKind) {
    case "list":
      return listPlan(field, rules);
    case "map":
      return mapPlan(field, rules);
    case "message":
      return singularMessagePlan(field, rules);
    case "scalar":
    case "enum": {
      const check = valueCheck(rules, field.enum);
      if (check === undefined) return undefined;
      const optional = field.oneof !== undefined || field.presence === explicitPresence;
      return (message, path, found) => {
        if (optional && !message.isSet(field)) return;
        check(message.get(field), reporter(below(path, field.name), found));
      };
    }
  }
}

/** google.protobuf.FeatureSet.FieldPresence.EXPLICIT */
const explicitPresence = 1;

function listPlan(field: DescField & { readonly fieldKind: "list" }, rules: validate.FieldRules | undefined): Plan | undefined {
  const list = rules?.type.case === "repeated" ? rules.type.value : undefined;
  const check = valueCheck(list?.items, field.enum);
  const inner = field.listKind === "message" && list?.items?.message?.skip !== true ? lazyPlan(field.message) : undefined;
  if (list === undefined && inner === undefined) return undefined;
  const { minItems, maxItems } = validate.RepeatedRulesSchema.field;
  return (message, path, found) => {
    const items = [...message.get(field)];
    const at = below(path, field.name);
    if (list?.ignoreEmpty && items.length === 0) return;
    const report = reporter(at, found);
    if (list && isFieldSet(list, minItems) && items.length < Number(list.minItems)) {
      report("repeated.min_items", `needs at least ${list.minItems} items, has ${items.length}`);
    }
    if (list && isFieldSet(list, maxItems) && items.length > Number(list.maxItems)) {
      report("repeated.max_items", `allows at most ${list.maxItems} items, has ${items.length}`);
    }
    if (list?.unique && new Set(items).size !== items.length) report("repeated.unique", "items must be unique");
    for (const [position, item] of items.entries()) checkItem(item, `${at}[${position}]`, { check, inner, found });
  };
}

function mapPlan(field: DescField & { readonly fieldKind: "map" }, rules: validate.FieldRules | undefined): Plan | undefined {
  const map = rules?.type.case === "map" ? rules.type.value : undefined;
  const checkKey = valueCheck(map?.keys, undefined);
  const check = valueCheck(map?.values, field.enum);
  const inner = field.mapKind === "message" ? lazyPlan(field.message) : undefined;
  if (map === undefined && inner === undefined) return undefined;
  const { minPairs, maxPairs } = validate.MapRulesSchema.field;
  return (message, path, found) => {
    const entries = [...message.get(field)];
    const at = below(path, field.name);
    if (map?.ignoreEmpty && entries.length === 0) return;
    const report = reporter(at, found);
    if (map && isFieldSet(map, minPairs) && entries.length < Number(map.minPairs)) {
      report("map.min_pairs", `needs at least ${map.minPairs} entries`);
    }
    if (map && isFieldSet(map, maxPairs) && entries.length > Number(map.maxPairs)) {
      report("map.max_pairs", `allows at most ${map.maxPairs} entries`);
    }
    for (const [key, item] of entries) {
      const itemPath = `${at}[${JSON.stringify(String(key))}]`;
      checkKey?.(key, reporter(itemPath, found));
      checkItem(item, itemPath, { check, inner, found });
    }
  };
}

interface ItemChecks {
  readonly check: ReturnType<typeof valueCheck>;
  readonly inner: Plan | undefined;
  readonly found: Violation[];
}

function checkItem(item: unknown, path: string, { check, inner, found }: ItemChecks): void {
  const nested = isReflectMessage(item);
  check?.(nested ? item.message : item, reporter(path, found));
  if (nested) inner?.(item, path, found);
}

function singularMessagePlan(field: DescField & { readonly fieldKind: "message" }, rules: validate.FieldRules | undefined): Plan {
  const type = rules?.type;
  const typed = type?.case === "any" || type?.case === "duration" || type?.case === "timestamp" ? type.value : undefined;
  // On a member of a oneof, `required` holds only when that member is the one that is set.
  const required = (rules?.message?.required === true || typed?.required === true) && field.oneof === undefined;
  const anyRules = type?.case === "any" ? type.value : undefined;
  const isAny = field.message.typeName === AnySchema.typeName;
  const wrapper = isWrapperDesc(field.message);
  // An `any` rule on another message says "required, look no further".
  const skip = rules?.message?.skip === true || wrapper || (anyRules !== undefined && !isAny);
  const inner = skip ? undefined : lazyPlan(field.message);
  const check = valueCheck(rules, undefined);
  return (message, path, found) => {
    const at = below(path, field.name);
    if (!message.isSet(field)) {
      if (required) found.push({ path: at, rule: "message.required", message: "is required" });
      return;
    }
    const value = message.get(field);
    if (!isReflectMessage(value)) return;
    check?.(wrapper ? wrapped(value.message) : value.message, reporter(at, found));
    if (anyRules !== undefined) checkAnyType(anyRules, value.message, reporter(at, found));
    inner?.(value, at, found);
  };
}

function checkAnyType(rules: validate.AnyRules, value: Message, report: Report): void {
  if (!isMessage(value, AnySchema)) return;
  if (rules.in.length > 0 && !rules.in.includes(value.typeUrl)) report("any.in", `type must be one of ${rules.in.join(", ")}`);
  if (rules.notIn.includes(value.typeUrl)) report("any.not_in", `type ${value.typeUrl} is not allowed`);
}

function wrapped(message: Message): unknown {
  return "value" in message ? message.value : undefined;
}

function lazyPlan(descriptor: DescMessage): Plan {
  return (message, path, found) => plan(descriptor)(message, path, found);
}

function reporter(path: string, found: Violation[]): Report {
  return (rule, message) => found.push({ path, rule, message });
}

function below(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
