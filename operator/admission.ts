// The door for objects from YAML: the kinds of api/ and their schemas. Nothing of a wrong shape comes in by either judge, so that
// reconcilers may trust the types.

import { kindDefinition, kinds, kindServed } from "../api/kinds.ts";
import { asStored } from "../api/stored.ts";
import { validate } from "../api/validate.ts";
import type { Judge } from "./host/yaml.ts";

/** As an API server judges. */
export const schemaJudge: Judge = judgeWith("full");

/** For objects stored before a schema became stricter (`--no-validate`): limits, allowed values, rules and unknown fields do not count. */
export const typesJudge: Judge = judgeWith("types");

function judgeWith(mode: "full" | "types"): Judge {
  return {
    scope(apiVersion, kind) {
      const served = kindServed(apiVersion, kind);
      return served === undefined ? undefined : served.namespaced ? "namespaced" : "cluster";
    },
    judge(apiVersion, kind, value) {
      const served = kindServed(apiVersion, kind);
      if (served === undefined) return { problems: [] };
      // What is stored may come from a version that asks for less.
      const definition = mode === "full" ? served : (kindDefinition(kind) ?? served);
      const { object, problems } = validate(definition, withoutStatus(value), { mode });
      return { object: asStored(kind, object), problems: problems.map(({ at, message }) => ({ path: at, message })) };
    },
    unread,
  };
}

/** An API server takes status through its own subresource only: what a file says of it is not even looked at. */
function withoutStatus(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("status" in value)) return value;
  const { status: _, ...rest } = value;
  return rest;
}

/** Groups that share files with Gateways and mean nothing to them. */
const foreignGroups = new Set([
  "apps",
  "batch",
  "autoscaling",
  "policy",
  "cert-manager.io",
  "monitoring.coreos.com",
  ...["rbac.authorization", "networking", "apiextensions", "admissionregistration", "storage", "scheduling", "coordination"].map(
    (group) => `${group}.k8s.io`,
  ),
]);
const foreignCoreKinds = new Set([
  "Pod",
  "ServiceAccount",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "Endpoints",
  "Node",
  "LimitRange",
]);

/** Deployments and the like are no mistake: users keep them beside their routes. */
function isForeign(apiVersion: string, kind: string): boolean {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? apiVersion === "v1" && foreignCoreKinds.has(kind) : foreignGroups.has(apiVersion.slice(0, slash));
}

function unread(apiVersion: string, kind: string): string | undefined {
  if (isForeign(apiVersion, kind)) return undefined;
  const exact = kinds.find((each) => each.kind === kind);
  const similar = exact ?? kinds.find((each) => each.kind.toLowerCase() === kind.toLowerCase());
  const what = `${kind} of ${apiVersion} is not a kind that is read here`;
  if (similar === undefined) return what;
  const prefix = similar.group === "" ? "" : `${similar.group}/`;
  return `${what}; ${similar.kind} of ${similar.versions.map((version) => `${prefix}${version}`).join(" or ")} is`;
}
