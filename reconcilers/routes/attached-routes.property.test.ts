// attachedRoutes while routes, listeners, ListenerSets and labels of namespaces come, change and go: after each batch every listener's number
// is that of a recount over all objects, which knows nothing of indexes.

import fc from "fast-check";
import { objectKey } from "../../store/key.ts";
import type { Store } from "../../store/store.ts";
import { gatewayStatus } from "../gateway/status.ts";
import { listenerSet, xListenerSet } from "../listenerset.ts";
import {
  anyEdit,
  changeOf,
  type Edit,
  kindsOf,
  type Listener,
  listenerNames,
  namespaces,
  type RouteId,
} from "../testing/attachment-edits.ts";
import { world } from "../testing/world.ts";

class Recount {
  private readonly routes = new Map<string, Extract<Edit, { readonly type: "route" }>>();
  private readonly sets = new Map<string, Extract<Edit, { readonly type: "set" }>>();
  private readonly teams = new Map<string, string>();
  private gateway: Extract<Edit, { readonly type: "gateway" }> | undefined;

  apply(edit: Edit): void {
    if (edit.type === "gateway") this.gateway = edit;
    else if (edit.type === "set") this.sets.set(`${edit.kind} ${edit.namespace}`, edit);
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
    for (const { kind, namespace, parent, listeners } of this.sets.values()) {
      const { allowed } = this.gateway;
      if (parent !== "gw" || !(allowed === "All" || (allowed === "Same" && namespace === "default"))) continue;
      for (const listener of listeners)
        found[`${kind} ${namespace}/${listener.name}`] = this.count(kind, { namespace, name: "set" }, listener);
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
  for (const namespace of ["default", "near"]) {
    add(`ListenerSet ${namespace}`, listenerSet.status?.(store, objectKey(namespace, "set"))?.listeners);
    add(`XListenerSet ${namespace}`, xListenerSet.status?.(store, objectKey(namespace, "set"))?.listeners);
  }
  return found;
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
