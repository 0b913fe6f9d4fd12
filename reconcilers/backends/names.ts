// Names of clusters: what is reached, and nothing of the rule that reaches it. A name says everything needed to make its cluster, so
// that a cluster is a query of its name alone. Knows no objects.

import { objectKey, nameOf, namespaceOf } from "../../store/key.ts";
import type { ObjectKey } from "../../store/key.ts";

/** What a cluster's name stands for. */
export type ClusterTarget =
  | { readonly type: "service"; readonly key: ObjectKey; readonly port: number; readonly transport: Transport }
  | { readonly type: "backend"; readonly key: ObjectKey }
  | { readonly type: "group"; readonly members: readonly GroupMember[] }
  /** The same cluster without TLS of ours, for connections that bring their own. */
  | { readonly type: "plain"; readonly cluster: string }
  /** The same cluster, spoken to in HTTP/2. */
  | { readonly type: "http2"; readonly cluster: string }
  /** The same cluster with the settings of a policy. */
  | { readonly type: "variant"; readonly cluster: string; readonly variant: string; readonly host?: string };

/** Protocol of a Service's port. */
export type Transport = "TCP" | "UDP";

/** One share of a group: a cluster whose endpoints are taken over as a locality of this weight. */
export interface GroupMember {
  readonly cluster: string;
  readonly weight: number;
}

/** "service/<namespace>/<name>/<port>", with "/udp" behind it for a UDP port: DNS has both under one number. */
export function serviceCluster(key: ObjectKey, port: number, transport: Transport = "TCP"): string {
  return `service/${namespaceOf(key)}/${nameOf(key)}/${port}${transport === "UDP" ? "/udp" : ""}`;
}

/** "plain/<cluster>". */
export function plainCluster(cluster: string): string {
  return `plain/${cluster}`;
}

/** "http2/<cluster>". */
export function http2Cluster(cluster: string): string {
  return `http2/${cluster}`;
}

/**
 * "<cluster>/~<variant>": with settings of a policy, which are found by this hash (traffic/settings.ts). "@<host>" behind it where they ask for
 * the health of that host.
 */
export function variantCluster(cluster: string, variant: string, host?: string): string {
  return `${cluster}/~${variant}${host === undefined ? "" : `@${host}`}`;
}

/** "backend/<namespace>/<name>": a Backend brings its ports along. */
export function backendCluster(key: ObjectKey): string {
  return `backend/${namespaceOf(key)}/${nameOf(key)}`;
}

/** "group/<cluster>=<weight>,…", sorted, so that every rule that reaches the same set in the same shares uses the same cluster. */
export function groupCluster(members: readonly GroupMember[]): string {
  const weights = new Map<string, number>();
  for (const { cluster, weight } of members) weights.set(cluster, (weights.get(cluster) ?? 0) + weight);
  const parts = [...weights].map(([cluster, weight]) => `${cluster}=${weight}`).toSorted();
  return `group/${parts.join(",")}`;
}

/** The inverse of the functions above; undefined for a name they did not make. */
export function clusterTarget(name: string): ClusterTarget | undefined {
  const tilde = name.lastIndexOf("/~");
  if (tilde >= 0) {
    const [variant = "", host] = name.slice(tilde + 2).split("@");
    return { type: "variant", cluster: name.slice(0, tilde), variant, ...(host === undefined ? {} : { host }) };
  }
  if (name.startsWith("group/")) {
    const members = name.slice("group/".length).split(",").map(toMember);
    return { type: "group", members };
  }
  if (name.startsWith("plain/")) return { type: "plain", cluster: name.slice("plain/".length) };
  if (name.startsWith("http2/")) return { type: "http2", cluster: name.slice("http2/".length) };
  const [kind, namespace, object, port, transport] = name.split("/");
  if (namespace === undefined || object === undefined) return undefined;
  const key = objectKey(namespace, object);
  if (kind === "service") return { type: "service", key, port: Number(port), transport: transport === "udp" ? "UDP" : "TCP" };
  if (kind === "backend") return { type: "backend", key };
  return undefined;
}

function toMember(part: string): GroupMember {
  const equals = part.lastIndexOf("=");
  return { cluster: part.slice(0, equals), weight: Number(part.slice(equals + 1)) };
}
