// Fields of a BackendTrafficPolicy that are not served: those that only tune are named in its status; those that protect cannot be left out, so that with
// them the policy is refused. Pure.

import type { BackendTrafficSpec } from "../../api/backendtrafficpolicy.ts";
import { mergeTypeOf } from "../policies/merge.ts";

/** Upgrades that need a match of their own. */
export function isConnect(upgrade: string): boolean {
  return /^connect(-udp)?$/i.test(upgrade);
}

export function unserved(spec: BackendTrafficSpec): {
  readonly problems: readonly string[];
  readonly withoutEffect: readonly string[];
} {
  const problems: string[] = [];
  if (spec.rateLimit?.global !== undefined && spec.rateLimit.type !== "Local") {
    problems.push("rateLimit.global: there is no rate limit service yet.");
  }
  if (spec.mergeType !== undefined && mergeTypeOf(spec) === undefined) {
    problems.push(`mergeType: ${spec.mergeType} must be StrategicMerge or JSONMerge.`);
  }
  const idle: readonly (readonly [string, unknown])[] = [
    ["connection.socketBufferLimit", spec.connection?.socketBufferLimit],
    ["loadBalancer.zoneAware", spec.loadBalancer?.zoneAware],
    [
      "compression[].minContentLength",
      [...(spec.compression ?? []), ...(spec.compressor ?? [])].find((each) => each.minContentLength),
    ],
    ["httpUpgrade of type CONNECT", spec.httpUpgrade?.find(({ type }) => isConnect(type))],
    ["rateLimit.local.rules[].cost", spec.rateLimit?.local?.rules?.find(({ cost }) => cost !== undefined)],
    ["telemetry.tracing", spec.telemetry?.tracing],
    ["routingType", spec.routingType],
  ];
  return { problems, withoutEffect: idle.filter(([, value]) => value !== undefined).map(([name]) => name) };
}
