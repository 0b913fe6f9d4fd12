// Checks of what every object has: apiVersion, kind and metadata (Kubernetes API conventions, "Object Names and IDs", "Labels", "Annotations").

import { report } from "./problem.ts";
import type { Findings } from "./problem.ts";
import { isRecord } from "./structure.ts";
import { typeName } from "./scalars.ts";

/** The part of a kind's definition (kinds.ts) that metadata is checked against. */
export interface NamedKind {
  readonly kind: string;
  readonly group: string;
  readonly versions: readonly string[];
  readonly namespaced: boolean;
  readonly nameFormat: "subdomain" | "label" | "label1035" | "segment";
}

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const names = {
  subdomain: {
    limit: 253,
    pattern: new RegExp(String.raw`^${label}(\.${label})*$`),
    text: "a DNS subdomain: lower case letters, digits, '-' and '.'",
  },
  label: { limit: 63, pattern: new RegExp(`^${label}$`), text: "a DNS label: lower case letters, digits and '-'" },
  label1035: { limit: 63, pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/, text: "a DNS label that starts with a letter" },
  segment: { limit: 253, pattern: /^(?!\.{1,2}$)[^/%]+$/, text: "a part of a path: not '.' or '..', without '/' and '%'" },
} as const;

const knownFields = new Set(
  (
    "name generateName namespace selfLink uid resourceVersion generation creationTimestamp deletionTimestamp " +
    "deletionGracePeriodSeconds labels annotations ownerReferences finalizers managedFields"
  ).split(" "),
);

/** Checks apiVersion and kind against the definition. */
export function checkType(object: Readonly<Record<string, unknown>>, kind: NamedKind, findings: Findings): void {
  const allowed = kind.versions.map((version) => (kind.group === "" ? version : `${kind.group}/${version}`));
  if (object.kind !== kind.kind) report(findings, "invalid", `must be ${kind.kind}`, ["kind"]);
  if (typeof object.apiVersion !== "string" || !allowed.includes(object.apiVersion)) {
    report(findings, "notSupported", `must be one of ${allowed.join(", ")}`, ["apiVersion"]);
  }
}

/** Checks metadata; the result has unknown fields and nulls dropped. */
export function checkMetadata(
  metadata: unknown,
  kind: Pick<NamedKind, "namespaced" | "nameFormat">,
  findings: Findings,
): unknown {
  if (metadata === undefined || metadata === null) return report(findings, "required", "is required", ["name"]);
  if (!isRecord(metadata)) return report(findings, "type", `must be of type object, not ${typeName(metadata)}`);
  const cleaned: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(metadata)) {
    if (!knownFields.has(name)) report(findings, "unknownField", "unknown field", [name]);
    else if (value !== null && value !== undefined) cleaned[name] = value;
  }
  checkName(cleaned.name, "name", kind.nameFormat, findings);
  if (cleaned.namespace !== undefined) {
    if (kind.namespaced) checkName(cleaned.namespace, "namespace", "label", findings);
    else report(findings, "forbidden", "objects of this kind belong to no namespace", ["namespace"]);
  }
  checkFieldTypes(cleaned, findings);
  checkKeyed(cleaned, "labels", findings);
  checkKeyed(cleaned, "annotations", findings);
  return cleaned;
}

/** Fields that an API server fills in; here they may come from a dump. Their values are taken as they are, their types are not. */
function checkFieldTypes(metadata: Readonly<Record<string, unknown>>, findings: Findings): void {
  const wanted = (field: string, type: string, is: (value: unknown) => boolean): void => {
    const value = metadata[field];
    if (value !== undefined && !is(value)) report(findings, "type", `must be of type ${type}, not ${typeName(value)}`, [field]);
  };
  for (const field of stringFields) wanted(field, "string", (value) => typeof value === "string");
  for (const field of integerFields) wanted(field, "integer", Number.isSafeInteger);
  wanted("finalizers", "array of strings", (value) => Array.isArray(value) && value.every((item) => typeof item === "string"));
  wanted("ownerReferences", "array of objects", (value) => Array.isArray(value) && value.every(isRecord));
}

const stringFields = ["generateName", "selfLink", "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp"] as const;
const integerFields = ["generation", "deletionGracePeriodSeconds"] as const;

function checkName(value: unknown, field: string, format: keyof typeof names, findings: Findings): void {
  const { limit, pattern, text } = names[format];
  if (value === undefined || value === "") return report(findings, "required", "is required", [field]);
  if (typeof value !== "string") return report(findings, "type", `must be of type string, not ${typeName(value)}`, [field]);
  if (value.length > limit) report(findings, "tooLong", `must have at most ${limit} characters, not ${value.length}`, [field]);
  if (!pattern.test(value)) report(findings, "invalid", `must be ${text}; not ${JSON.stringify(value)}`, [field]);
}

const keyName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const annotationLimit = 256 * 1024;

function checkKeyed(metadata: Readonly<Record<string, unknown>>, field: "labels" | "annotations", findings: Findings): void {
  const entries = metadata[field];
  if (entries === undefined) return;
  if (!isRecord(entries)) return report(findings, "type", `must be of type object, not ${typeName(entries)}`, [field]);
  let size = 0;
  for (const [key, value] of Object.entries(entries)) {
    checkKey(key, field, findings);
    if (typeof value !== "string") report(findings, "type", `must be of type string, not ${typeName(value)}`, [field, key]);
    else if (field === "labels" && value !== "" && (value.length > 63 || !keyName.test(value))) {
      report(findings, "invalid", `must have at most 63 letters, digits, '-', '_' and '.'; not ${JSON.stringify(value)}`, [
        field,
        key,
      ]);
    } else size += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (field === "annotations" && size > annotationLimit)
    report(findings, "tooLong", "must have at most 262144 bytes in all", [field]);
}

function checkKey(key: string, field: "labels" | "annotations", findings: Findings): void {
  const slash = key.indexOf("/");
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  // Annotation keys are compared in lower case by the API server, label keys as they are.
  const domain = field === "annotations" ? prefix?.toLowerCase() : prefix;
  const prefixed = domain === undefined || (domain.length <= 253 && names.subdomain.pattern.test(domain));
  if (!prefixed || name.length > 63 || !keyName.test(name)) {
    report(findings, "invalid", "the key must be a name of at most 63 characters, perhaps after a DNS subdomain and a slash", [
      field,
      key,
    ]);
  }
}
