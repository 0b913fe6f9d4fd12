// EnvoyProxy's spec.bootstrap: the bootstrap that users put in place of ours, merge into it or patch. What ties a proxy to the control
// plane must stay: the admin endpoint, dynamic_resources and the cluster xds_cluster. Knows nothing else of a bootstrap.

import type { EnvoyProxySpec } from "../../api/envoyproxy.ts";
import { parse } from "yaml";
import { isRecord, type Outcome, patchedJson, same } from "./json-patch.ts";

/** The bootstrap as settings have it, or what is wrong with them, as a sentence. */
export function customBootstrap(base: unknown, { bootstrap }: EnvoyProxySpec): Outcome {
  if (bootstrap === undefined) return { value: base };
  const changed = changedBootstrap(base, bootstrap);
  if ("problem" in changed) return { problem: `bootstrap: ${changed.problem}.` };
  const lost = lostParts(base, changed.value);
  return lost.length === 0 ? changed : { problem: `bootstrap: ${lost.join(" and ")} must stay as generated.` };
}

function changedBootstrap(base: unknown, { type, value, jsonPatches }: NonNullable<EnvoyProxySpec["bootstrap"]>): Outcome {
  if (type === "JSONPatch") return patchedJson(base, jsonPatches ?? []);
  const written = yamlOf(value ?? "");
  if ("problem" in written) return written;
  return type === "Merge" ? { value: merged(base, written.value) } : { value: spelledAsProto(written.value) };
}

function yamlOf(text: string): Outcome {
  try {
    const value: unknown = parse(text);
    return isRecord(value) ? { value } : { problem: "value must be a YAML object" };
  } catch (cause) {
    return { problem: `value is not YAML: ${String(cause).split("\n")[0]?.replace(/:$/, "")}` };
  }
}

/** As protobuf merges: fields one by one, lists joined, a packed message whole. */
function merged(base: unknown, patch: unknown): unknown {
  if (Array.isArray(base) && Array.isArray(patch)) return [...base, ...patch];
  if (!isRecord(base) || !isRecord(patch) || "@type" in patch) return patch;
  const fields: Record<string, unknown> = { ...base };
  for (const [written, value] of Object.entries(patch)) {
    const name = Object.hasOwn(base, written) || !Object.hasOwn(base, protoName(written)) ? written : protoName(written);
    fields[name] = Object.hasOwn(fields, name) ? merged(fields[name], value) : value;
  }
  return fields;
}

/** Messages may be written with dynamicResources for dynamic_resources: only the fields that we look at are spelled anew. */
function spelledAsProto(bootstrap: unknown): unknown {
  if (!isRecord(bootstrap)) return bootstrap;
  return Object.fromEntries(Object.entries(bootstrap).map(([name, value]) => [protoName(name), value]));
}

const protoName = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function lostParts(base: unknown, changed: unknown): readonly string[] {
  const parts: readonly (readonly [string, (bootstrap: unknown) => unknown])[] = [
    ["admin", (bootstrap) => field(bootstrap, "admin")],
    ["dynamic_resources", (bootstrap) => field(bootstrap, "dynamic_resources")],
    ["the cluster xds_cluster", (bootstrap) => field(xdsCluster(bootstrap), "load_assignment")],
  ];
  return parts.filter(([, of]) => !same(of(base), of(changed))).map(([name]) => name);
}

function xdsCluster(bootstrap: unknown): unknown {
  const clusters = field(field(bootstrap, "static_resources"), "clusters");
  return Array.isArray(clusters) ? clusters.find((cluster) => field(cluster, "name") === "xds_cluster") : undefined;
}

function field(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}
