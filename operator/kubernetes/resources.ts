// Where the API server serves the kinds we read and own: paths from kinds, and nothing else.

import { kinds, type KindDefinition } from "../../api/kinds.ts";

/** Where objects of one kind are served. */
export interface ApiResource {
  /** "v1", "apps/v1", … */
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

const owned: readonly ApiResource[] = [
  { apiVersion: "apps/v1", kind: "Deployment", plural: "deployments", namespaced: true },
  { apiVersion: "apps/v1", kind: "DaemonSet", plural: "daemonsets", namespaced: true },
  { apiVersion: "v1", kind: "ServiceAccount", plural: "serviceaccounts", namespaced: true },
  { apiVersion: "v1", kind: "Pod", plural: "pods", namespaced: true },
  { apiVersion: "v1", kind: "Node", plural: "nodes", namespaced: false },
  { apiVersion: "v1", kind: "Event", plural: "events", namespaced: true },
  { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", plural: "horizontalpodautoscalers", namespaced: true },
  { apiVersion: "policy/v1", kind: "PodDisruptionBudget", plural: "poddisruptionbudgets", namespaced: true },
  { apiVersion: "coordination.k8s.io/v1", kind: "Lease", plural: "leases", namespaced: true },
];

/** The resource of a kind in this apiVersion, or in the first that we read if that is none of them; undefined for a kind we do not know. */
export function apiResource(apiVersion: string, kind: string): ApiResource | undefined {
  const ours = kinds.find((each) => each.kind === kind);
  if (ours !== undefined)
    return resourceOf(
      ours,
      ours.versions.find((version) => groupVersion(ours, version) === apiVersion),
    );
  return owned.find((each) => each.kind === kind && each.apiVersion === apiVersion);
}

/** The resource of a kind we read, in this version (default: the first). */
export function resourceOf(definition: KindDefinition, version: string | undefined = definition.versions[0]): ApiResource {
  const { kind, plural, namespaced } = definition;
  return { apiVersion: groupVersion(definition, version ?? ""), kind, plural, namespaced };
}

/** "/api/v1/namespaces/<ns>/services/<name>/status": without namespace all namespaces, without name the collection. */
export function resourcePath(
  { apiVersion, plural, namespaced }: ApiResource,
  at: { readonly namespace?: string | undefined; readonly name?: string; readonly subresource?: string } = {},
): string {
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = namespaced && at.namespace ? `/namespaces/${encodeURIComponent(at.namespace)}` : "";
  const name = at.name === undefined ? "" : `/${encodeURIComponent(at.name)}`;
  return `${root}${place}/${plural}${name}${at.subresource === undefined ? "" : `/${at.subresource}`}`;
}

function groupVersion({ group }: KindDefinition, version: string): string {
  return group === "" ? version : `${group}/${version}`;
}
