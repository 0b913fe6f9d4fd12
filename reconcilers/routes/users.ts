// Who uses a Service or Backend: the Gateways with an accepted route that refers to it, whether or not it can be reached. For policies,
// whose status speaks to these Gateways.

import type { Db, Index } from "../../store/db.ts";
import { type ObjectKey, nameOf, namespaceOf, objectKey } from "../../store/key.ts";
import type { Kinds } from "../../store/kinds.ts";
import { memo } from "../../store/memo.ts";
import type { BackendReference } from "../backends/reference.ts";
import { conditionOf } from "../conditions.ts";
import { servingGateway } from "../gateway/listener-owners.ts";
import { referencePermitted } from "../references.ts";
import { attachments } from "./attachment.ts";
import type { RouteKind } from "./attachment.ts";
import { parentConditions } from "./status.ts";

function byBackend<K extends RouteKind>(kind: K): Index<K> {
  return { kind, name: "routesByBackend", values: (route) => [...new Set(backendValues(route))] };
}

const httpRoutes = byBackend("HTTPRoute");
const grpcRoutes = byBackend("GRPCRoute");
const tlsRoutes = byBackend("TLSRoute");
const tcpRoutes = byBackend("TCPRoute");

interface Rule {
  readonly backendRefs?: readonly (BackendReference & { readonly filters?: readonly Filter[] })[];
  readonly filters?: readonly Filter[];
}
interface Filter {
  readonly requestMirror?: { readonly backendRef: BackendReference };
}

function backendValues({ metadata, spec }: Kinds[RouteKind]): readonly string[] {
  const rules: readonly Rule[] = spec.rules ?? [];
  const mirrors = (filters: readonly Filter[] = []) => filters.flatMap(({ requestMirror }) => requestMirror?.backendRef ?? []);
  const refs = rules.flatMap(({ backendRefs = [], filters }) => [
    ...backendRefs,
    ...mirrors(filters),
    ...backendRefs.flatMap((ref) => mirrors(ref.filters)),
  ]);
  return refs.flatMap(({ kind = "Service", namespace = metadata.namespace ?? "", name, port }) => {
    const key = objectKey(namespace, name);
    return [value(kind, key, ""), ...(port === undefined ? [] : [value(kind, key, String(port))])];
  });
}

function value(kind: string, key: ObjectKey, port: string): string {
  return `${kind}|${key}|${port}`;
}

/** Sorted. `port`: number of a Service's port, "" for any. */
export const gatewaysUsing = memo(
  "gatewaysUsing",
  (db: Db, kind: "Service" | "Backend", key: ObjectKey, port: string): readonly ObjectKey[] => {
    const at = value(kind, key, port);
    const gateways = [
      ...servedBy(db, "HTTPRoute", db.lookup(httpRoutes, at), { kind, key }),
      ...servedBy(db, "GRPCRoute", db.lookup(grpcRoutes, at), { kind, key }),
      ...servedBy(db, "TLSRoute", db.lookup(tlsRoutes, at), { kind, key }),
      ...servedBy(db, "TCPRoute", db.lookup(tcpRoutes, at), { kind, key }),
    ];
    return [...new Set(gateways)].toSorted();
  },
);

function servedBy(
  db: Db,
  kind: RouteKind,
  routes: readonly ObjectKey[],
  target: { readonly kind: "Service" | "Backend"; readonly key: ObjectKey },
): readonly ObjectKey[] {
  const group = target.kind === "Service" ? "" : "gateway.envoyproxy.io";
  const to = { group, kind: target.kind, namespace: namespaceOf(target.key), name: nameOf(target.key) };
  return routes.flatMap((route) => {
    const from = { group: "gateway.networking.k8s.io", kind, namespace: namespaceOf(route) };
    return referencePermitted(db, from, to) ? gatewaysOfRoute(db, kind, route) : [];
  });
}

const gatewaysOfRoute = memo("gatewaysOfRoute", (db: Db, kind: RouteKind, key: ObjectKey): readonly ObjectKey[] => {
  const parents = attachments(db, kind, key);
  return parentConditions(db, kind, key).flatMap(({ position, conditions }) => {
    const parent = parents[position]?.parent;
    if (parent === undefined || conditionOf(conditions, "Accepted")?.status !== "True") return [];
    return servingGateway(db, parent) ?? [];
  });
});
