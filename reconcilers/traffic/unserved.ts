// Fields of a BackendTrafficPolicy that are not served: those that only tune are named in its status; those that protect cannot be left out, so that with
// them the policy is refused. Pure.

import type { BackendTrafficSpec } from "../../api/backendtrafficpolicy.ts";
import { mergeTypeOf } from "../policies/merge.ts";

export function unserved(spec: BackendTrafficSpec): {
  readonly problems: readonly string[];
  readonly withoutEffect: readonly string[];
} {
  const problems: string[] = [];
  if (spec.rateLimit?.global !== undefined && spec.rateLimit.type !== "Local") {
    problems.push("rateLimit.global: there is no rate limit service yet.");
  }
  if (spec.rateLimit?.local !== undefined && spec.rateLimit.type !== "Global") problems.push("rateLimit.local: not served yet.");
  if (spec.requestBuffer?.limit !== undefined) problems.push("requestBuffer: not served yet.");
  if (spec.responseOverride !== undefined) problems.push("responseOverride: not served yet.");
  if (spec.mergeType !== undefined && mergeTypeOf(spec) === undefined) {
    problems.push(`mergeType: ${spec.mergeType} must be StrategicMerge or JSONMerge.`);
  }
  const idle: readonly (readonly [string, unknown])[] = [
    ["connection.socketBufferLimit", spec.connection?.socketBufferLimit],
    ["loadBalancer.zoneAware", spec.loadBalancer?.zoneAware],
    ["compression", spec.compression],
    ["compressor", spec.compressor],
    ["faultInjection", spec.faultInjection],
    ["httpUpgrade", spec.httpUpgrade],
    ["telemetry", spec.telemetry],
    ["routingType", spec.routingType],
  ];
  return { problems, withoutEffect: idle.filter(([, value]) => value !== undefined).map(([name]) => name) };
}
