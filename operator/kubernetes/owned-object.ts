// Objects that we own in a cluster, seen one by one: where they are served, whose they are, what the API server says of them. Pure.

import type { ObjectKey } from "../../store/key.ts";
import { onlyIfAbsent, proxyAnnotation } from "../../reconcilers/gateway/owned-metadata.ts";
import type { OwnedObject } from "../../reconcilers/reconciler.ts";
import { type ApiResource, apiResource, resourcePath } from "./resources.ts";

/** Who we are to server-side apply: fields of ours are those that we apply under this name. */
export const fieldManager = "envoy-gateway-operator";

/** What all objects of proxies have, and nothing else in the cluster. */
export const proxySelector = "app.kubernetes.io/managed-by=envoy-gateway,app.kubernetes.io/component=proxy";

/** The kinds that a proxy may consist of, in the order in which they are made. */
export const ownedKinds: readonly ApiResource[] = [
  required("v1", "ServiceAccount"),
  required("v1", "ConfigMap"),
  required("apps/v1", "Deployment"),
  required("apps/v1", "DaemonSet"),
  required("v1", "Service"),
  required("autoscaling/v2", "HorizontalPodAutoscaler"),
  required("policy/v1", "PodDisruptionBudget"),
];

/** An object as the API server shows it, as far as we look. */
export interface LiveObject extends OwnedObject {
  readonly metadata: OwnedObject["metadata"] & {
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly deletionTimestamp?: string;
    readonly managedFields?: readonly ManagedFields[];
  };
}

interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly fieldsV1?: unknown;
}

type Named = Pick<OwnedObject, "apiVersion" | "kind"> & {
  readonly metadata: Pick<OwnedObject["metadata"], "name" | "namespace">;
};

/** "Service default/web", for messages and as the identity of an object. */
export function titleOf({ kind, metadata }: Named): string {
  return `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`;
}

export function pathOf({ apiVersion, kind, metadata }: Named): string {
  return resourcePath(required(apiVersion, kind), { namespace: metadata.namespace, name: metadata.name });
}

/** Position in the order in which things are made; they are removed the other way round. */
export function rankOf({ kind }: Pick<OwnedObject, "kind">): number {
  return ownedKinds.findIndex((each) => each.kind === kind);
}

export function isWorkload({ kind }: Pick<OwnedObject, "kind">): boolean {
  return kind === "Deployment" || kind === "DaemonSet";
}

const identifying = [
  "app.kubernetes.io/component",
  "app.kubernetes.io/managed-by",
  "gateway.envoyproxy.io/owning-gateway-name",
  "gateway.envoyproxy.io/owning-gateway-namespace",
  "gateway.envoyproxy.io/owning-gatewayclass",
];

/** Whose an object is, as a text that is equal for the objects of one proxy; undefined when it is no object of a proxy. */
export function belongingOf({ metadata }: Pick<OwnedObject, "metadata">): string | undefined {
  const labels = metadata.labels ?? {};
  if (labels["app.kubernetes.io/component"] !== "proxy" || labels["app.kubernetes.io/managed-by"] !== "envoy-gateway")
    return undefined;
  return identifying.map((name) => labels[name] ?? "").join(" ");
}

/** Does what stands there take the place of an object that would be made only if there were none? */
export function isLent(live: LiveObject | undefined, wanted: OwnedObject): boolean {
  const may = wanted.metadata.annotations?.[onlyIfAbsent] === "true";
  return may && live !== undefined && belongingOf(live) !== belongingOf(wanted);
}

/** The proxy that an object of ours belongs to, as xds/ calls it: "namespace/name" of a Gateway, or a class's name. */
export function proxyOfObject(object: Pick<OwnedObject, "metadata">): string | undefined {
  if (belongingOf(object) === undefined) return undefined;
  const { labels = {}, annotations = {} } = object.metadata;
  const name = labels["gateway.envoyproxy.io/owning-gateway-name"];
  return (
    annotations[proxyAnnotation] ??
    labels["gateway.envoyproxy.io/owning-gatewayclass"] ??
    (name && `${labels["gateway.envoyproxy.io/owning-gateway-namespace"] ?? ""}/${name}`)
  );
}

/** A selector that finds the objects of a proxy, and perhaps those of others: see proxyOfObject. */
export function selectorOf(proxy: string): string {
  const [namespace, name] = proxy.split("/");
  const whose =
    name === undefined
      ? "gateway.envoyproxy.io/owning-gatewayclass"
      : `gateway.envoyproxy.io/owning-gateway-namespace=${namespace}`;
  return `${proxySelector},${whose}`;
}

/** The key of the Gateway or GatewayClass that calls for a proxy. */
export function ownerOfProxy(proxy: string): ObjectKey {
  return proxy.includes("/") ? (proxy as ObjectKey) : `/${proxy}`;
}
export function proxyOfOwner(owner: ObjectKey): string {
  return owner.startsWith("/") ? owner.slice(1) : owner;
}

/** Have we applied it? */
export function isAppliedByUs(object: LiveObject): boolean {
  return isAppliedBy(object, fieldManager);
}
export function isAppliedBy({ metadata }: LiveObject, by: string): boolean {
  return (metadata.managedFields ?? []).some(({ manager, operation }) => manager === by && operation === "Apply");
}

/** Is spec.replicas of a workload a field that we applied? */
export function ownsReplicas({ metadata }: LiveObject): boolean {
  return (metadata.managedFields ?? []).some(
    ({ manager, operation, fieldsV1 }) =>
      manager === fieldManager && operation === "Apply" && field(fieldsV1, "f:spec", "f:replicas") !== undefined,
  );
}

/** A field of a JSON object; undefined when there is none. */
export function field(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const name of path) {
    if (typeof here !== "object" || here === null) return undefined;
    here = (here as Readonly<Record<string, unknown>>)[name];
  }
  return here;
}

function required(apiVersion: string, kind: string): ApiResource {
  const resource = apiResource(apiVersion, kind);
  if (resource === undefined) throw new Error(`${apiVersion} ${kind} is no kind that a proxy consists of`);
  return resource;
}
