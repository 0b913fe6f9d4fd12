// Edits that move routes to and from listeners, as random values and as changes of a store: Gateways, ListenerSets, labels of namespaces, routes.

import fc from "fast-check";
import type { Change } from "../../store/db.ts";
import { objectKey } from "../../store/key.ts";
import type { TestObject } from "./object.ts";
import { applied } from "./world.ts";

const gatewayApi = "gateway.networking.k8s.io";
const setApi = "gateway.networking.x-k8s.io";
const routeKinds = ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"] as const;
export const namespaces = ["default", "near", "far"] as const;
export const kindsOf = {
  HTTP: ["HTTPRoute", "GRPCRoute"],
  TLS: ["TLSRoute"],
  TCP: ["TCPRoute"],
  UDP: ["UDPRoute"],
} as const;
type Protocol = keyof typeof kindsOf;
export type SetKind = "ListenerSet" | "XListenerSet";

// ── What can be there ─────────────────────────────────────────────────────────

export interface Listener {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly kind: (typeof routeKinds)[number] | undefined;
  readonly from: "All" | "Same" | "Selector";
}
interface Parent {
  readonly kind: "Gateway" | SetKind | "Service";
  readonly namespace: string | undefined;
  readonly name: string;
  readonly sectionName: string | undefined;
  readonly port: number | undefined;
}
export type Edit =
  | { readonly type: "gateway"; readonly listeners: readonly Listener[]; readonly allowed: "All" | "Same" | "None" }
  | {
      readonly type: "set";
      readonly kind: SetKind;
      readonly namespace: string;
      readonly parent: string;
      readonly listeners: readonly Listener[];
    }
  | { readonly type: "labels"; readonly namespace: string; readonly team: string }
  | { readonly type: "route"; readonly id: RouteId; readonly parents: readonly Parent[]; readonly hostnames: readonly string[] }
  | { readonly type: "gone"; readonly id: RouteId };
export interface RouteId {
  readonly kind: (typeof routeKinds)[number];
  readonly namespace: string;
  readonly name: string;
}

const ports = [80, 81, 443] as const;
export const listenerNames = ["a", "b", "c"] as const;
const anyListeners = fc.uniqueArray(
  fc.record<Listener>({
    name: fc.constantFrom(...listenerNames),
    protocol: fc.constantFrom<Protocol>("HTTP", "HTTP", "TLS", "TCP", "UDP"),
    port: fc.constantFrom(...ports),
    kind: fc.constantFrom(undefined, undefined, ...routeKinds),
    from: fc.constantFrom("All", "Same", "Selector"),
  }),
  { selector: ({ name }) => name, minLength: 1, maxLength: 3 },
);
const anyId = fc.record<RouteId>({
  kind: fc.constantFrom(...routeKinds),
  namespace: fc.constantFrom(...namespaces),
  name: fc.constantFrom("r1", "r2", "r3"),
});
const anyParent = fc.record<Parent>({
  kind: fc.constantFrom("Gateway", "Gateway", "ListenerSet", "XListenerSet", "Service"),
  namespace: fc.constantFrom(undefined, "default", "near"),
  name: fc.constantFrom("gw", "gw", "set", "gone"),
  sectionName: fc.constantFrom(undefined, undefined, ...listenerNames),
  port: fc.constantFrom(undefined, undefined, undefined, ...ports),
});
export const anyEdit: fc.Arbitrary<Edit> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("gateway"),
      listeners: anyListeners,
      allowed: fc.constantFrom("All", "Same", "None"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("set"),
      kind: fc.constantFrom("ListenerSet", "XListenerSet"),
      namespace: fc.constantFrom("default", "near"),
      parent: fc.constantFrom("gw", "gw", "gone"),
      listeners: anyListeners,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("labels"),
      namespace: fc.constantFrom(...namespaces),
      team: fc.constantFrom("a", "b"),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant("route"),
      id: anyId,
      parents: fc.array(anyParent, { maxLength: 3 }),
      hostnames: fc.constantFrom([], ["a.test"], ["b.test", "*.test"]),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("gone"), id: anyId }) },
);

// ── As objects of the store ───────────────────────────────────────────────────

function objectOf(edit: Exclude<Edit, { readonly type: "gone" }>): TestObject {
  switch (edit.type) {
    case "gateway":
      return {
        kind: "Gateway",
        metadata: { namespace: "default", name: "gw" },
        spec: {
          gatewayClassName: "eg",
          allowedListeners: { namespaces: { from: edit.allowed } },
          listeners: edit.listeners.map(listenerOf),
        },
      };
    case "set":
      return {
        kind: edit.kind,
        metadata: { namespace: edit.namespace, name: "set" },
        spec: {
          parentRef: { group: gatewayApi, kind: "Gateway", namespace: "default", name: edit.parent },
          listeners: edit.listeners.map(listenerOf),
        },
      };
    case "labels":
      return { kind: "Namespace", metadata: { name: edit.namespace, labels: { team: edit.team } } };
    case "route":
      return {
        kind: edit.id.kind,
        metadata: { namespace: edit.id.namespace, name: edit.id.name },
        spec: { parentRefs: edit.parents.map(parentOf), hostnames: edit.hostnames, rules: [] },
      };
  }
}

function listenerOf({ name, protocol, port, kind, from }: Listener) {
  const selector = from === "Selector" ? { selector: { matchLabels: { team: "a" } } } : {};
  const kinds = kind === undefined ? {} : { kinds: [{ group: gatewayApi, kind }] };
  const tls = protocol === "TLS" ? { tls: { mode: "Passthrough" } } : {};
  return { name, protocol, port, ...tls, allowedRoutes: { namespaces: { from, ...selector }, ...kinds } };
}

function parentOf({ kind, namespace, name, sectionName, port }: Parent) {
  const group = { Gateway: gatewayApi, ListenerSet: gatewayApi, XListenerSet: setApi, Service: "" }[kind];
  return {
    group,
    kind,
    name,
    ...(namespace !== undefined && { namespace }),
    ...(sectionName !== undefined && { sectionName }),
    ...(port !== undefined && { port }),
  };
}

export function changeOf(edit: Edit): Change {
  if (edit.type !== "gone") return applied(objectOf(edit));
  return { type: "deleted", kind: edit.id.kind, key: objectKey(edit.id.namespace, edit.id.name) };
}
