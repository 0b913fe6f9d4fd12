// manifests/rbac.yaml lets the operator do what it does, kind by kind, and no more than that.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { kinds } from "../../api/kinds.ts";
import { reconcilers } from "../../reconcilers/index.ts";
import { ownedKinds } from "./owned-object.ts";
import { type ApiResource, resourceOf } from "./resources.ts";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}
interface Document {
  readonly kind: string;
  readonly rules?: readonly Rule[];
}

const text = readFileSync(join(import.meta.dirname, "../../manifests/rbac.yaml"), "utf8");
const documents = parseAllDocuments(text).map((document) => document.toJS() as Document);

function verbsOf(kind: "ClusterRole" | "Role", group: string, resource: string): readonly string[] {
  const rules = documents.filter((document) => document.kind === kind).flatMap((document) => document.rules ?? []);
  const matching = rules.filter(({ apiGroups, resources }) => apiGroups.includes(group) && resources.includes(resource));
  return [...new Set(matching.flatMap(({ verbs }) => verbs))].toSorted();
}

function groupOf({ apiVersion }: ApiResource): string {
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
}

const read = ["get", "list", "watch"];
const own = ["create", "delete", "get", "list", "patch", "watch"];

test.each(kinds.map((definition) => [definition.kind, resourceOf(definition)] as const))("%s may be read", (_, resource) => {
  expect(verbsOf("ClusterRole", groupOf(resource), resource.plural)).toEqual(expect.arrayContaining(read));
});

test.each(ownedKinds.map((resource) => [resource.kind, resource] as const))("%s may be owned", (_, resource) => {
  expect(verbsOf("ClusterRole", groupOf(resource), resource.plural)).toEqual(own);
});

const withStatus = kinds.filter(({ kind, hasStatus }) => hasStatus && reconcilers.some((one) => one.kind === kind));
test.each(withStatus.map((definition) => [definition.kind, resourceOf(definition)] as const))(
  "the status of a %s may be written, and nothing else of it",
  (_, resource) => {
    expect(verbsOf("ClusterRole", groupOf(resource), `${resource.plural}/status`)).toEqual(["patch"]);
    expect(verbsOf("ClusterRole", groupOf(resource), resource.plural)).toEqual(read);
  },
);

test("Secrets are written in the operator's own namespace only, leases live there, and tokens may be reviewed", () => {
  expect(verbsOf("ClusterRole", "", "secrets")).toEqual(read);
  expect(verbsOf("Role", "", "secrets")).toEqual(["create", "get", "update"]);
  expect(verbsOf("Role", "coordination.k8s.io", "leases")).toEqual(["create", "get", "update"]);
  expect(verbsOf("ClusterRole", "authentication.k8s.io", "tokenreviews")).toEqual(["create"]);
});

test("no rule has a wildcard", () => {
  const rules = documents.flatMap((document) => document.rules ?? []);
  expect(rules.filter((rule) => [...rule.apiGroups, ...rule.resources, ...rule.verbs].includes("*"))).toEqual([]);
});
