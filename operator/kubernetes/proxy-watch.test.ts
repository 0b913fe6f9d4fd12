// Objects come and go as a watch tells of them; what is said of proxies is whole, and said once.

import { createFakeClock } from "../testing/clock.ts";
import type { LiveObject } from "./owned-object.ts";
import { type ObjectEvent, watchProxies } from "./proxy-watch.ts";

type Fields = Readonly<Record<string, unknown>>;

const labels = {
  "app.kubernetes.io/component": "proxy",
  "app.kubernetes.io/managed-by": "envoy-gateway",
  "gateway.envoyproxy.io/owning-gateway-name": "gw",
  "gateway.envoyproxy.io/owning-gateway-namespace": "default",
};

function object(kind: string, fields: Fields = {}, name = "gw"): LiveObject {
  const { metadata, ...rest } = fields as { readonly metadata?: object };
  return { apiVersion: "v1", kind, metadata: { name, namespace: "default", labels, ...metadata }, ...rest };
}
const applied = (one: LiveObject): ObjectEvent => ({ type: "applied", object: one });
const deleted = (one: LiveObject): ObjectEvent => ({ type: "deleted", object: one });
const managed = (...fields: readonly string[]): Fields => ({
  metadata: {
    managedFields: [
      { manager: "envoy-gateway-operator", operation: "Apply", fieldsV1: Object.fromEntries(fields.map((name) => [name, {}])) },
    ],
  },
});

/** A watch of every kind that tells what the test says. */
function watching() {
  const clock = createFakeClock();
  const feeds = new Map<string, { readonly send: (event: ObjectEvent) => void }>();
  const said: string[] = [];
  const watch = watchProxies({
    clock,
    async *watch({ kind }, _selector, signal) {
      const waiting: ObjectEvent[] = [];
      let wake = (): void => undefined;
      feeds.set(kind, { send: (event) => (waiting.push(event), wake()) });
      signal.addEventListener("abort", () => wake());
      while (!signal.aborted) {
        yield* waiting.splice(0);
        if (waiting.length === 0 && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    onState: (proxy, { ready, wanted, addresses }) =>
      said.push(`${proxy}: ${ready} of ${wanted} at ${addresses.map(({ value }) => value).join(" ")}`),
    onGone: (proxy) => said.push(`${proxy}: gone`),
    onDisturbed: (proxy) => said.push(`${proxy}: disturbed`),
  });
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    watch,
    said,
    clock,
    feeds,
    async send(...events: readonly ObjectEvent[]): Promise<void> {
      for (const event of events) if (event.type !== "synced") feeds.get(event.object.kind)?.send(event);
      await settle();
    },
    async sync(...kinds: readonly string[]): Promise<void> {
      for (const [kind, feed] of feeds) if (kinds.length === 0 || kinds.includes(kind)) feed.send({ type: "synced" });
      await settle();
    },
  };
}

const deployment = object("Deployment", { status: { readyReplicas: 1 } });
const service = object("Service", { spec: { type: "ClusterIP", clusterIPs: ["10.96.0.9"] } });

test("nothing is said before everything is known, so that a restart takes nothing back", async () => {
  const { watch, said, send, sync } = watching();
  await send(applied(deployment));
  await sync("Deployment");
  expect(said).toEqual([]);
  await send(applied(service));
  await sync();
  await watch.synced;
  expect(said).toEqual(["default/gw: 1 of 1 at 10.96.0.9"]);
  await watch.close();
});

test("a state is said when it differs, and a proxy without a workload is gone", async () => {
  const { watch, said, send, sync } = watching();
  await sync();
  await send(applied(service));
  await send(applied(object("Deployment")), applied(object("Deployment", { metadata: { resourceVersion: "2" } })));
  await send(applied(deployment));
  await send(deleted(deployment));
  await send(deleted(service));
  expect(said).toEqual(["default/gw: 0 of 1 at 10.96.0.9", "default/gw: 1 of 1 at 10.96.0.9", "default/gw: gone"]);
  await watch.close();
});

test("objects belong to the proxy that their labels, or else an annotation, name", async () => {
  const { watch, said, send, sync } = watching();
  await sync();
  const { "gateway.envoyproxy.io/owning-gateway-name": _, ...others } = labels;
  const merged = { ...others, "gateway.envoyproxy.io/owning-gatewayclass": "eg" };
  await send(applied(object("Deployment", { metadata: { labels: merged } }, "a")));
  await send(
    applied(object("Deployment", { metadata: { annotations: { "gateway.envoyproxy.io/proxy": "default/long" } } }, "b")),
  );
  await send(applied(object("Deployment", { metadata: { labels: {} } }, "c")));
  expect(said).toEqual(["eg: 0 of 1 at ", "default/long: 0 of 1 at "]);
  await watch.close();
});

test("nodes are watched when a Service has node ports, and before anything is said", async () => {
  const { watch, said, send, sync, feeds } = watching();
  await send(applied(deployment), applied(object("Service", { spec: { type: "NodePort" } })));
  expect(feeds.has("Node")).toBe(false);
  await sync();
  expect([feeds.has("Node"), said]).toEqual([true, []]);
  const node = { apiVersion: "v1", kind: "Node", metadata: { name: "n" } };
  const status = { addresses: [{ type: "InternalIP", address: "10.0.0.1" }] };
  await send(applied({ ...node, status }));
  await sync("Node");
  await send(applied({ ...node, status: { ...status, images: [] } }));
  expect(said).toEqual(["default/gw: 1 of 1 at 10.0.0.1"]);
  await watch.close();
});

test("who takes fields of ours or deletes what we made disturbs, at most once a second; who touches others does not", async () => {
  const { watch, said, send, sync, clock } = watching();
  const account = object("ServiceAccount", managed("a", "b"));
  await send(applied(account));
  await sync();
  await send(applied({ ...account, metadata: { ...account.metadata, annotations: { note: "theirs" } } }));
  clock.pass(1000);
  expect(said).toEqual([]);
  await send(applied(object("ServiceAccount", managed("a"))), deleted(account));
  expect(said).toEqual([]);
  clock.pass(1000);
  expect(said).toEqual(["default/gw: disturbed"]);
  await watch.close();
});
