// Local rate limits in model terms. Pure.

import { isIP } from "node:net";
import type { RateLimit, RateLimitClientSelector, RateLimitRule } from "../../api/backendtrafficpolicy/ratelimit.ts";
import type { Bucket, LimitCondition, LimitRule, LocalLimit } from "../../xds/model/traffic-filters.ts";
import { regexProblem } from "../regex.ts";
import type { Problems } from "./problems.ts";

const unitMs = {
  Second: 1000,
  Minute: 60_000,
  Hour: 3_600_000,
  Day: 86_400_000,
  Month: 30 * 86_400_000,
  Year: 365 * 86_400_000,
} as const;

const largest = 2 ** 32 - 1;

export function toLocalLimit(spec: RateLimit | undefined, problems: Problems): LocalLimit | undefined {
  if (spec?.local === undefined || spec.type === "Global") return undefined;
  const rules: LimitRule[] = [];
  let rest: Bucket | undefined;
  for (const [index, rule] of (spec.local.rules ?? []).entries()) {
    const at = `rateLimit.local.rules[${index}]`;
    const bucket = toBucket(rule, at, problems);
    const conditions = (rule.clientSelectors ?? []).flatMap((selector) => toConditions(selector, at, problems));
    if (conditions.length > 0) rules.push({ bucket, conditions });
    else if (rest === undefined) rest = bucket;
    else problems.push(`${at}: only one rule can be without clientSelectors.`);
  }
  // Envoy fills all buckets by the clock of the one for the rest.
  const clock = rest?.intervalMs ?? unitMs.Second;
  if (rules.some(({ bucket }) => bucket.intervalMs % clock !== 0)) {
    problems.push("rateLimit.local: the unit of each rule must be a multiple of that of the rule without clientSelectors.");
  }
  return { rules, ...(rest === undefined ? {} : { rest }) };
}

function toBucket({ limit }: RateLimitRule, at: string, problems: Problems): Bucket {
  if (limit.requests < 1 || limit.requests > largest) {
    problems.push(`${at}.limit.requests: ${limit.requests} must be from 1 to ${largest}.`);
  }
  return { requests: limit.requests, intervalMs: unitMs[limit.unit] };
}

function toConditions(selector: RateLimitClientSelector, at: string, problems: Problems): readonly LimitCondition[] {
  const { headers = [], queryParams = [], methods = [], path, sourceCIDR } = selector;
  return [
    ...headers.map((each) => valueCondition("header", each, { at, problems })),
    ...methodConditions(methods),
    ...(path === undefined ? [] : [pathCondition(path, { at, problems })]),
    ...(sourceCIDR === undefined ? [] : sourceConditions(sourceCIDR, { at, problems })),
    ...queryParams.map((each) => valueCondition("query", each, { at, problems })),
  ];
}

interface Place {
  readonly at: string;
  readonly problems: Problems;
}

type ValueMatch = NonNullable<RateLimitClientSelector["headers"]>[number];

function valueCondition(type: "header" | "query", spec: ValueMatch, { at, problems }: Place): LimitCondition {
  const { name, value, invert } = spec;
  if (spec.type === "Distinct") {
    if (invert) problems.push(`${at}: type Distinct of ${name} cannot be inverted.`);
    if (value !== undefined) problems.push(`${at}: type Distinct of ${name} takes no value.`);
    return { type: type === "header" ? "eachHeader" : "eachQuery", name };
  }
  if (value === undefined) problems.push(`${at}: ${name} needs a value.`);
  const matched = spec.type === "RegularExpression" ? ("regex" as const) : ("exact" as const);
  if (matched === "regex") checkRegex(value ?? "", { at, problems });
  return { type, match: { name, type: matched, value: value ?? "" }, matches: !invert };
}

function checkRegex(pattern: string, { at, problems }: Place): void {
  const problem = regexProblem(pattern);
  if (problem !== undefined) problems.push(`${at}: ${problem}.`);
}

const allMethods = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/** One of the methods must match: as one pattern, or as one that must not match when something is inverted. */
function methodConditions(methods: NonNullable<RateLimitClientSelector["methods"]>): readonly LimitCondition[] {
  if (methods.length === 0) return [];
  const inverted = methods.some(({ invert }) => invert);
  const counted = allMethods.filter((method) => methods.some(({ value, invert }) => (value === method) !== invert));
  const listed = inverted ? allMethods.filter((method) => !counted.includes(method)) : counted;
  if (listed.length === 0) return [];
  return [{ type: "header", match: { name: ":method", type: "regex", value: listed.join("|") }, matches: !inverted }];
}

/** The path without its query; a prefix is of whole segments. */
function pathCondition(spec: NonNullable<RateLimitClientSelector["path"]>, { at, problems }: Place): LimitCondition {
  const literal = spec.value.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  if (spec.type === "RegularExpression") checkRegex(spec.value, { at, problems });
  const patterns = {
    Exact: String.raw`${literal}(\?.*)?`,
    PathPrefix: `${literal.replace(/\/+$/, "")}([/?].*)?`,
    RegularExpression: String.raw`(?:${spec.value})(\?.*)?`,
  };
  return { type: "header", match: { name: ":path", type: "regex", value: patterns[spec.type] }, matches: !spec.invert };
}

function sourceConditions(
  { type, value }: NonNullable<RateLimitClientSelector["sourceCIDR"]>,
  { at, problems }: Place,
): readonly LimitCondition[] {
  const [address = "", length, more] = value.split("/");
  const version = isIP(address);
  const bits = Number(length);
  if (version === 0 || more !== undefined || !/^\d{1,3}$/.test(length ?? "") || bits > (version === 4 ? 32 : 128)) {
    problems.push(`${at}: sourceCIDR ${value} is not a CIDR.`);
    return [];
  }
  const cidr = version === 4 ? `${masked(address, bits)}/${bits}` : `${address.toLowerCase()}/${bits}`;
  const within = { type: "source", cidr, family: version === 4 ? 4 : 6, bits } as const;
  return type === "Distinct" ? [within, { type: "eachSource" }] : [within];
}

/** Envoy compares with the address masked. */
function masked(address: string, bits: number): string {
  const whole = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const kept = Math.floor(whole / 2 ** (32 - bits)) * 2 ** (32 - bits);
  return [24, 16, 8, 0].map((shift) => Math.floor(kept / 2 ** shift) % 256).join(".");
}
