// The layout of a table that is in use changes, told to a real Envoy: no request gets another answer, and buckets need the anchor.

import type { RouteLayout } from "./model/route.ts";
import type { Snapshot, TypeUrl } from "./resource.ts";
import { createXdsServer } from "./server.ts";
import { encode } from "./snapshot.ts";
import { createClient, startEnvoy, until } from "./testing/envoy.ts";
import { someHost, someListener, someProxy, someRoute } from "./testing/models.ts";
import { realClock } from "./testing/snapshots.ts";
import { typeUrls } from "./type-urls.ts";

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const names = Array.from({ length: 200 }, (_, i) => `host-${i}.example`);

async function start(anchored: boolean) {
  const settled = new Map<TypeUrl, number>();
  const server = createXdsServer({
    host: "127.0.0.1",
    port: 0,
    clock: realClock,
    timing: { graceMs: 100 },
    onAcknowledged: ({ typeUrl, snapshotVersion }) => void settled.set(typeUrl, snapshotVersion),
  });
  const { port } = await server.listen();
  undo.push(() => server.close());
  const envoy = await startEnvoy(port, { anchored });
  undo.push(() => envoy.stop());
  let snapshot: Snapshot | undefined;
  return {
    envoy,
    server,
    settled: () => until(() => settled.get(typeUrls.listener) === snapshot?.version, "the listener is acknowledged"),
    publish(routeLayout: RouteLayout, status = 200): void {
      const hosts = [...names, "*.wild.example"].map((name) =>
        someHost(name, [someRoute({ action: { type: "respond", status } })]),
      );
      const proxy = someProxy({ tables: { "http-80": hosts }, listeners: [someListener({ port: 0 })] });
      snapshot = encode({ ...proxy, name: "default/test", routeLayout }, snapshot).snapshot;
      server.publish(snapshot);
    },
  };
}

test("a table in use goes to buckets and back four times: every request is answered with 200", async () => {
  const { envoy, publish, settled } = await start(true);
  publish("plain");
  const port = await envoy.portOf("tcp-80");
  const first = createClient(port);
  await until(async () => (await first.get(names[0]!)) === 200, "requests are answered");
  first.close();
  const answers = new Map<number | string, number>();
  let stopped = false;
  const load = Array.from({ length: 6 }, async (_, worker) => {
    const client = createClient(port);
    for (let i = worker; !stopped; i++) {
      const answer = await client.get(i % 7 === 0 ? "a.wild.example" : names[i % names.length]!);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
    client.close();
  });
  const enough = async (): Promise<void> => {
    const sum = (): number => [...answers.values()].reduce((all, one) => all + one, 0);
    const before = sum();
    await until(() => sum() > before + 300, "more requests are answered");
  };
  for (const layout of ["bucketed", "plain", "bucketed", "plain", "bucketed", "plain", "bucketed"] as const) {
    publish(layout);
    await settled();
    await enough();
  }
  stopped = true;
  await Promise.all(load);
  expect([...answers.keys()]).toEqual([200]);
}, 60_000);

test("a bucketed listener that a running Envoy is told of serves at once, and follows edits", async () => {
  const { envoy, publish, server } = await start(true);
  server.publish(encode({ ...someProxy({ listeners: [], tables: {} }), name: "default/test" }).snapshot);
  await until(async () => (await envoy.admin("/ready")).startsWith("LIVE"), "Envoy is ready");
  publish("bucketed");
  const client = createClient(await envoy.portOf("tcp-80"));
  undo.push(() => client.close());
  await until(async () => (await client.get(names[3]!)) === 200, "requests are answered", 5000);
  publish("bucketed", 201);
  await until(async () => (await client.get(names[3]!)) === 201, "the edit is there", 5000);
  expect(await client.get("nobody.example")).toBe(404);
}, 60_000);

test("an Envoy without the anchor keeps the plain table: buckets would answer 404 for ever", async () => {
  const { envoy, publish, server } = await start(false);
  publish("plain");
  const client = createClient(await envoy.portOf("tcp-80"));
  undo.push(() => client.close());
  await until(async () => (await client.get(names[3]!)) === 200, "requests are answered");
  publish("bucketed");
  await until(() => server.streams()[0]!.types.some(({ waiting }) => waiting.includes("tcp-80")), "the listener waits");
  expect(await client.get(names[3]!)).toBe(200);
}, 60_000);
