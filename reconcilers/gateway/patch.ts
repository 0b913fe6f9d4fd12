// Patches that users write for generated objects: JSON merge patch (RFC 7386) and the parts of Kubernetes' strategic merge patch that
// generated objects need. Pure; knows no kind.

import type { OwnedObject } from "../reconciler.ts";

/** KubernetesPatchSpec of EnvoyProxy. */
export interface Patch {
  readonly type?: string;
  readonly value?: unknown;
}

type Json = { readonly [field: string]: unknown };

/** The object after a patch, which may change everything but its identity; a patch that is no object changes nothing. */
export function patched(object: OwnedObject, patch: Patch | undefined): OwnedObject {
  const value = patch?.value;
  if (!isJson(value)) return object;
  const merged = mergeObjects(object, value, patch?.type !== "JSONMerge");
  const metadata = isJson(merged.metadata) ? merged.metadata : {};
  const { name, namespace } = object.metadata;
  return {
    ...merged,
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { ...metadata, name, ...(namespace === undefined ? {} : { namespace }) },
  };
}

function mergeObjects(base: Json, patch: Json, strategic: boolean): Json {
  const merged: Record<string, unknown> = { ...base };
  for (const [field, value] of Object.entries(patch)) {
    const old = base[field];
    if (strategic && field.startsWith("$")) continue; // directives of strategic merge patches are not followed
    if (value === null) delete merged[field];
    else if (isJson(value)) merged[field] = mergeObjects(isJson(old) ? old : {}, value, strategic);
    else if (strategic && Array.isArray(value) && Array.isArray(old)) merged[field] = mergeLists(field, old, value);
    else merged[field] = value;
  }
  return merged;
}

/** Keys by which the Kubernetes API merges the lists of pods and services (patchMergeKey of core/v1). */
const mergeKeys: Readonly<Record<string, string>> = {
  containers: "name",
  initContainers: "name",
  ephemeralContainers: "name",
  volumes: "name",
  env: "name",
  imagePullSecrets: "name",
  volumeMounts: "mountPath",
  volumeDevices: "devicePath",
  hostAliases: "ip",
  topologySpreadConstraints: "topologyKey",
  ownerReferences: "uid",
};

function mergeLists(field: string, old: readonly unknown[], patch: readonly unknown[]): readonly unknown[] {
  const key = field === "ports" ? portKey(patch) : mergeKeys[field];
  if (key === undefined) return patch;
  const result = [...old];
  for (const item of patch) {
    const position = isJson(item) ? result.findIndex((other) => isJson(other) && other[key] === item[key]) : -1;
    const base = result[position];
    if (isJson(item) && item["$patch"] === "delete") result.splice(position, position < 0 ? 0 : 1);
    else if (isJson(item) && isJson(base)) result[position] = mergeObjects(base, item, true);
    else result.push(item);
  }
  return result;
}

/** Ports of a container and of a Service have different keys. */
function portKey(ports: readonly unknown[]): string {
  return ports.some((port) => isJson(port) && "containerPort" in port) ? "containerPort" : "port";
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
