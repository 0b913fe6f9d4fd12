// What Envoy checks and validate.rules cannot say. One entry per message type, applied wherever that message occurs, also inside filters.
// Each states Envoy 1.37's behaviour: a message that breaks one is refused by Envoy, with everything that travels in the same response.

import { type DescMessage, isMessage, type Message, type MessageShape } from "@bufbuild/protobuf";
import { config_core_v3, config_route_v3, type_matcher_v3 } from "#envoy";
import { directResponseLimits } from "../envoy/virtual-host.ts";
import { compileRegex } from "./regex.ts";
import { commandTrouble } from "./substitution.ts";
import type { Report } from "./violation.ts";

type SemanticCheck = (message: Message, report: Report) => void;

const maximumUint32 = 0xffff_ffff;

function on<Desc extends DescMessage>(
  schema: Desc,
  check: (message: MessageShape<Desc>, report: Report) => void,
): [string, SemanticCheck] {
  return [
    schema.typeName,
    (message, report) => {
      if (isMessage(message, schema)) check(message, report);
    },
  ];
}

/** By message type name. */
export const semanticChecks: ReadonlyMap<string, SemanticCheck> = new Map([
  on(type_matcher_v3.RegexMatcherSchema, ({ regex }, report) => {
    groupsOf(regex, report);
  }),

  on(type_matcher_v3.RegexMatchAndSubstituteSchema, ({ pattern, substitution }, report) => {
    const groups = pattern === undefined ? undefined : groupsOf(pattern.regex, () => {});
    for (const [reference, group] of substitution.matchAll(/\\(.?)/gs)) {
      if (group === "\\") continue;
      if (!/^\d$/.test(group ?? ""))
        report("substitution.escape", `${JSON.stringify(reference)} is neither a group nor an escaped backslash`);
      else if (groups !== undefined && Number(group) > groups)
        report("substitution.group", `${reference} refers to a group that the pattern lacks`);
    }
  }),

  on(config_core_v3.HeaderValueOptionSchema, ({ header }, report) => {
    if (header === undefined) return;
    if (isProtected(header.key)) report("header.protected", `the header ${header.key} may not be edited`);
    const trouble = commandTrouble(header.value);
    if (trouble !== undefined) report("header.command", trouble);
  }),

  on(config_route_v3.RouteSchema, ({ requestHeadersToRemove }, report) => {
    checkRemovals(requestHeadersToRemove, report);
  }),

  on(config_route_v3.WeightedCluster_ClusterWeightSchema, ({ requestHeadersToRemove }, report) => {
    checkRemovals(requestHeadersToRemove, report);
  }),

  on(config_route_v3.WeightedClusterSchema, ({ clusters }, report) => {
    const total = clusters.reduce((sum, { weight }) => sum + (weight ?? 0), 0);
    if (total === 0) report("weights.zero", "the sum of the weights must not be 0");
    if (total > maximumUint32) report("weights.sum", `the sum of the weights is ${total}, more than ${maximumUint32}`);
  }),

  on(config_route_v3.RetryPolicy_RetryBackOffSchema, ({ baseInterval, maxInterval }, report) => {
    if (baseInterval === undefined || maxInterval === undefined) return;
    const shorter =
      maxInterval.seconds < baseInterval.seconds ||
      (maxInterval.seconds === baseInterval.seconds && maxInterval.nanos < baseInterval.nanos);
    if (shorter) report("backoff.order", "the longest interval must not be shorter than the base interval");
  }),

  on(config_route_v3.DirectResponseActionSchema, ({ body }, report) => {
    if (body?.specifier.case !== "inlineString" && body?.specifier.case !== "inlineBytes") return;
    const size = Buffer.byteLength(body.specifier.value);
    if (size > directResponseLimits.raised)
      report("body.size", `the body has ${size} bytes, more than ${directResponseLimits.raised}`);
  }),
]);

/** How many groups the pattern has, or undefined with a report when RE2 does not take it. */
function groupsOf(pattern: string, report: Report): number | undefined {
  const compiled = compileRegex(pattern);
  if (compiled.ok) return compiled.groups;
  report("regex.re2", compiled.message);
  return undefined;
}

function checkRemovals(names: readonly string[], report: Report): void {
  for (const name of names) if (isProtected(name)) report("header.protected", `the header ${name} may not be removed`);
}

/** Envoy refuses to edit what routes a request: pseudo-headers and the host. */
function isProtected(name: string): boolean {
  return name.startsWith(":") || name.toLowerCase() === "host";
}
