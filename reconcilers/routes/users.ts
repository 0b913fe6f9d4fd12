// Who uses a Service or Backend, or something that we cannot serve: the Gateways with an accepted route that refers to it, whether or not it
// can be reached. For policies, whose status speaks to these Gateways.

import type { Db, Index } from "../../store/db.ts";
import { type ObjectKey, namespaceOf } from "../../store/key.ts";
import type { Kinds } from "../../store/kinds.ts";
import { memo } from "../../store/memo.ts";
import type { BackendReference } from "../backends/reference.ts";
import { conditionOf } from "../conditions.ts";
import { servingGateway } from "../gateway/listener-owners.ts";
import { referencePermitted, type ReferenceTo } from "../references.ts";
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
  return refs.flatMap(({ group = "", kind = "Service", namespace = metadata.namespace ?? "", name, port }) => {
    const used = { group, kind, namespace, name };
    return [value(used, ""), ...(port === undefined ? [] : [value(used, String(port))])];
  });
}

function value({ group, kind, namespace, name }: ReferenceTo, port: string): string {
  return [group, kind, namespace, name, port].join("|");
}

/** Sorted. `port`: number of a Service's port, "" for any. */
export function gatewaysUsing(db: Db, used: ReferenceTo, port: string): readonly ObjectKey[] {
  const at = value(used, port);
  const gateways = [
    ...servedBy(db, "HTTPRoute", db.lookup(httpRoutes, at), used),
    ...servedBy(db, "GRPCRoute", db.lookup(grpcRoutes, at), used),
    ...servedBy(db, "TLSRoute", db.lookup(tlsRoutes, at), used),
    ...servedBy(db, "TCPRoute", db.lookup(tcpRoutes, at), used),
  ];
  return [...new Set(gateways)].toSorted();
}

function servedBy(db: Db, kind: RouteKind, routes: readonly ObjectKey[], used: ReferenceTo): readonly ObjectKey[] {
  return routes.flatMap((route) => {
    const from = { group: "gateway.networking.k8s.io", kind, namespace: namespaceOf(route) };
    return referencePermitted(db, from, used) ? gatewaysOfRoute(db, kind, route) : [];
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
