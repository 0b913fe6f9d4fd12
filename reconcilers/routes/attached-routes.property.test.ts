// attachedRoutes while routes, listeners, ListenerSets and labels of namespaces come, change and go: after each batch every listener's number
// is that of a recount over all objects, which knows nothing of indexes.

import fc from "fast-check";
import type { Change } from "../../store/db.ts";
import { objectKey } from "../../store/key.ts";
import type { Store } from "../../store/store.ts";
import { gatewayStatus } from "../gateway/status.ts";
import type { TestObject } from "../testing/object.ts";
import { applied, world } from "../testing/world.ts";
import { xListenerSet } from "../listenerset.ts";

const gatewayApi = "gateway.networking.k8s.io";
const setApi = "gateway.networking.x-k8s.io";
const routeKinds = ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"] as const;
const namespaces = ["default", "near", "far"] as const;
const kindsOf = {
  HTTP: ["HTTPRoute", "GRPCRoute"],
  TLS: ["TLSRoute"],
  TCP: ["TCPRoute"],
  UDP: ["UDPRoute"],
} as const;
type Protocol = keyof typeof kindsOf;

// ── What can be there ─────────────────────────────────────────────────────────

interface Listener {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly kind: (typeof routeKinds)[number] | undefined;
  readonly from: "All" | "Same" | "Selector";
}
interface Parent {
  readonly kind: "Gateway" | "XListenerSet" | "Service";
  readonly namespace: string | undefined;
  readonly name: string;
  readonly sectionName: string | undefined;
  readonly port: number | undefined;
}
type Edit =
  | { readonly type: "gateway"; readonly listeners: readonly Listener[]; readonly allowed: "All" | "Same" | "None" }
  | { readonly type: "set"; readonly namespace: string; readonly parent: string; readonly listeners: readonly Listener[] }
  | { readonly type: "labels"; readonly namespace: string; readonly team: string }
  | { readonly type: "route"; readonly id: RouteId; readonly parents: readonly Parent[]; readonly hostnames: readonly string[] }
  | { readonly type: "gone"; readonly id: RouteId };
interface RouteId {
  readonly kind: (typeof routeKinds)[number];
  readonly namespace: string;
  readonly name: string;
}

const ports = [80, 81, 443] as const;
const listenerNames = ["a", "b", "c"] as const;
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
  kind: fc.constantFrom("Gateway", "Gateway", "XListenerSet", "Service"),
  namespace: fc.constantFrom(undefined, "default", "near"),
  name: fc.constantFrom("gw", "gw", "set", "gone"),
  sectionName: fc.constantFrom(undefined, undefined, ...listenerNames),
  port: fc.constantFrom(undefined, undefined, undefined, ...ports),
});
const anyEdit: fc.Arbitrary<Edit> = fc.oneof(
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
        kind: "XListenerSet",
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
  const group = { Gateway: gatewayApi, XListenerSet: setApi, Service: "" }[kind];
  return {
    group,
    kind,
    name,
    ...(namespace !== undefined && { namespace }),
    ...(sectionName !== undefined && { sectionName }),
    ...(port !== undefined && { port }),
  };
}

// ── The recount ───────────────────────────────────────────────────────────────

class Recount {
  private readonly routes = new Map<string, Extract<Edit, { readonly type: "route" }>>();
  private readonly sets = new Map<string, Extract<Edit, { readonly type: "set" }>>();
  private readonly teams = new Map<string, string>();
  private gateway: Extract<Edit, { readonly type: "gateway" }> | undefined;

  apply(edit: Edit): void {
    if (edit.type === "gateway") this.gateway = edit;
    else if (edit.type === "set") this.sets.set(edit.namespace, edit);
    else if (edit.type === "labels") this.teams.set(edit.namespace, edit.team);
    else if (edit.type === "route") this.routes.set(JSON.stringify(edit.id), edit);
    else this.routes.delete(JSON.stringify(edit.id));
  }

  /** "kind namespace/listener" with the number of its routes, for each that is served. */
  numbers(): Readonly<Record<string, number>> {
    const found: Record<string, number> = {};
    if (this.gateway === undefined) return found;
    for (const listener of this.gateway.listeners)
      found[`Gateway default/${listener.name}`] = this.count("Gateway", { namespace: "default", name: "gw" }, listener);
    for (const { namespace, parent, listeners } of this.sets.values()) {
      const { allowed } = this.gateway;
      if (parent !== "gw" || !(allowed === "All" || (allowed === "Same" && namespace === "default"))) continue;
      for (const listener of listeners)
        found[`XListenerSet ${namespace}/${listener.name}`] = this.count("XListenerSet", { namespace, name: "set" }, listener);
    }
    return found;
  }

  private count(kind: string, owner: { readonly namespace: string; readonly name: string }, listener: Listener): number {
    return [...this.routes.values()].filter(
      ({ id, parents }) =>
        this.allows(owner.namespace, listener, id) &&
        parents.some(
          (ref) =>
            ref.kind === kind &&
            ref.name === owner.name &&
            (ref.namespace ?? id.namespace) === owner.namespace &&
            (ref.sectionName === undefined || ref.sectionName === listener.name) &&
            (ref.port === undefined || ref.port === listener.port),
        ),
    ).length;
  }

  private allows(namespace: string, { protocol, kind, from }: Listener, id: RouteId): boolean {
    const supported: readonly string[] = kindsOf[protocol];
    if (!supported.includes(id.kind) || (kind !== undefined && kind !== id.kind)) return false;
    if (from === "All") return true;
    return from === "Same" ? id.namespace === namespace : this.teams.get(id.namespace) === "a";
  }
}

function told(store: Store): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  const add = (prefix: string, listeners: readonly { readonly name: string; readonly attachedRoutes: number }[] = []): void => {
    for (const { name, attachedRoutes } of listeners) found[`${prefix}/${name}`] = attachedRoutes;
  };
  add("Gateway default", gatewayStatus(store, "default/gw")?.listeners);
  for (const namespace of ["default", "near"] as const)
    add(`XListenerSet ${namespace}`, xListenerSet.status?.(store, objectKey(namespace, "set"))?.listeners);
  return found;
}

function changeOf(edit: Edit): Change {
  if (edit.type !== "gone") return applied(objectOf(edit));
  return { type: "deleted", kind: edit.id.kind, key: objectKey(edit.id.namespace, edit.id.name) };
}

test("whatever comes, changes and goes, in batches of any size, the numbers are those of a recount", () => {
  fc.assert(
    fc.property(fc.array(fc.array(anyEdit, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 12 }), (batches) => {
      const store = world();
      const recount = new Recount();
      for (const batch of batches) {
        store.apply(batch.map(changeOf));
        batch.forEach((edit) => recount.apply(edit));
        expect(told(store)).toEqual(recount.numbers());
      }
    }),
    { numRuns: Number(process.env["RUNS"] ?? 300) },
  );
});

test("routes by the thousand attach and detach, and are counted to the last", () => {
  const listeners: readonly Listener[] = [
    { name: "a", protocol: "HTTP", port: 80, kind: undefined, from: "All" },
    { name: "b", protocol: "HTTP", port: 81, kind: "HTTPRoute", from: "Same" },
    { name: "c", protocol: "TCP", port: 82, kind: undefined, from: "Selector" },
  ];
  const start: readonly Edit[] = [
    { type: "gateway", listeners, allowed: "None" },
    { type: "labels", namespace: "near", team: "a" },
  ];
  const [routes = []] = fc.sample(
    fc.array(
      fc.record({
        kind: fc.constantFrom<RouteId["kind"]>("HTTPRoute", "HTTPRoute", "GRPCRoute", "TCPRoute"),
        namespace: fc.constantFrom(...namespaces),
        sectionName: fc.constantFrom(undefined, ...listenerNames),
        wave: fc.nat(9),
      }),
      { minLength: 3000, maxLength: 3000, size: "max" },
    ),
    { numRuns: 1, seed: 1 },
  );
  const edits = routes.map(({ kind, namespace, sectionName, wave }, index) => {
    const id = { kind, namespace, name: `r${index}` };
    const parents = [{ kind: "Gateway", namespace: "default", name: "gw", sectionName, port: undefined }] as const;
    return { wave, comes: { type: "route", id, parents, hostnames: [] } as const, goes: { type: "gone", id } as const };
  });
  const store = world();
  const recount = new Recount();
  const step = (batch: readonly Edit[]): void => {
    store.apply(batch.map(changeOf));
    batch.forEach((edit) => recount.apply(edit));
    expect(told(store)).toEqual(recount.numbers());
  };
  step(start);
  // Each wave comes while the one before the last goes, so that both are in one batch.
  for (let wave = 0; wave < 12; wave++)
    step([
      ...edits.filter((edit) => edit.wave === wave).map(({ comes }) => comes),
      ...edits.filter((edit) => edit.wave === wave - 2).map(({ goes }) => goes),
    ]);
  expect(told(store)).toEqual({ "Gateway default/a": 0, "Gateway default/b": 0, "Gateway default/c": 0 });
  step(edits.map(({ comes }) => comes));
  expect(told(store)["Gateway default/a"]).toBeGreaterThan(1000);
  for (const { goes } of edits.slice(0, 50)) step([goes]);
  step(edits.map(({ goes }) => goes));
  expect(told(store)).toEqual({ "Gateway default/a": 0, "Gateway default/b": 0, "Gateway default/c": 0 });
});
