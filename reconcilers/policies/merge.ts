// One policy laid over another (mergeType of Envoy Gateway): a JSON merge patch (RFC 7386), or Kubernetes' strategic one, which also merges the few lists
// that have keys. Pure; knows no kind.

/** How a policy is laid over the one below. */
export type MergeType = "StrategicMerge" | "JSONMerge";

type Json = { readonly [field: string]: unknown };

/** Fields that say what a policy is for are its own. */
const own: readonly string[] = ["targetRef", "targetRefs", "targetSelectors", "mergeType"];

/** Lists whose items are told apart by a field (patchMergeKey in Envoy Gateway's types); others are replaced whole. */
const mergeKeys: Readonly<Record<string, string>> = { compression: "type", compressor: "type", httpUpgrade: "type" };

/** The mergeType of a spec that has one; what is neither word means none, as the schema leaves it open. */
export function mergeTypeOf(spec: object): MergeType | undefined {
  const type = (spec as Json)["mergeType"];
  return type === "StrategicMerge" || type === "JSONMerge" ? type : undefined;
}

/** The spec below with the one above laid over it. */
export function mergeSpecs<Spec extends object>(below: Spec, above: Spec, merge: MergeType): Spec {
  const base = Object.fromEntries(Object.entries(below).filter(([field]) => !own.includes(field)));
  return mergeObjects(base, above as Json, merge === "StrategicMerge") as Spec;
}

function mergeObjects(base: Json, patch: Json, strategic: boolean): Json {
  const merged: Record<string, unknown> = { ...base };
  for (const [field, value] of Object.entries(patch)) {
    const old = base[field];
    const key = strategic ? mergeKeys[field] : undefined;
    if (value === null) delete merged[field];
    else if (isJson(value)) merged[field] = mergeObjects(isJson(old) ? old : {}, value, strategic);
    else if (key !== undefined && Array.isArray(value) && Array.isArray(old)) merged[field] = mergeLists(key, old, value);
    else merged[field] = value;
  }
  return merged;
}

function mergeLists(key: string, old: readonly unknown[], patch: readonly unknown[]): readonly unknown[] {
  const result = [...old];
  for (const item of patch) {
    const position = isJson(item) ? result.findIndex((other) => isJson(other) && other[key] === item[key]) : -1;
    const base = result[position];
    if (isJson(item) && isJson(base)) result[position] = mergeObjects(base, item, true);
    else result.push(item);
  }
  return result;
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
