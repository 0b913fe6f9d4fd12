// Spellings that every builder needs: packed messages, durations, matchers, where to fetch from, and whose object this is.

import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { type Any, anyPack, type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";
import { config_core_v3, type type_matcher_v3 } from "#envoy";
import type { MessageInit } from "./message-init.ts";
import type { NamedMatch } from "../model/request.ts";
import type { Origin } from "../model/origin.ts";

export function packed<Desc extends DescMessage>(schema: Desc, fields: MessageInitShape<Desc>): Any {
  return anyPack(schema, create(schema, fields));
}

export function milliseconds(value: number): Duration {
  const whole = Math.floor(value / 1000);
  return create(DurationSchema, { seconds: BigInt(whole), nanos: Math.round((value - whole * 1000) * 1_000_000) });
}

/** Resources come over the one ADS stream. */
export const fromAds = {
  configSourceSpecifier: { case: "ads", value: {} },
  resourceApiVersion: config_core_v3.ApiVersion.V3,
} as const satisfies MessageInit<typeof config_core_v3.ConfigSourceSchema>;

export function stringMatch(match: Pick<NamedMatch, "type" | "value">): MessageInit<typeof type_matcher_v3.StringMatcherSchema> {
  return match.type === "exact"
    ? { matchPattern: { case: "exact", value: match.value } }
    : { matchPattern: { case: "safeRegex", value: { regex: match.value } } };
}

/** A literal text inside an RE2 pattern. */
export function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** Envoy Gateway's metadata: tools and access logs find the user's objects by it. */
export function originMetadata(origins: readonly Origin[]): MessageInit<typeof config_core_v3.MetadataSchema> {
  const resources = origins.map(({ kind, namespace, name, section }) => ({
    kind,
    name,
    namespace,
    ...(section === undefined ? {} : { sectionName: section }),
  }));
  return { filterMetadata: { "envoy-gateway": { resources } } };
}
