// Routes to clusters that warm on DNS, told to a real Envoy by a real snapshot: no request may meet a cluster that is not ready.

import type { Cluster } from "./model/backend.ts";
import type { Snapshot } from "./resource.ts";
import { createXdsServer } from "./server.ts";
import { encode } from "./snapshot.ts";
import { createClient, startBackend, startEnvoy, until } from "./testing/envoy.ts";
import { someBackend, someCluster, someForward, someHost, someListener, someProxy, someRoute } from "./testing/models.ts";
import { realClock } from "./testing/snapshots.ts";

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

test("thirty routes to new names under load: each host says 404 and then 200, nothing else", async () => {
  const server = createXdsServer({ host: "127.0.0.1", port: 0, clock: realClock });
  const { port: xdsPort } = await server.listen();
  const backend = await startBackend();
  const envoy = await startEnvoy(xdsPort);
  undo.push(
    () => server.close(),
    () => backend.stop(),
    () => envoy.stop(),
  );
  const clusterFor = (host: string): Cluster => {
    const endpoints = [{ hostname: "localhost", port: backend.port, priority: 0 }];
    return someCluster({ name: `backend/default/${host}`, discovery: { type: "dns", endpoints, family: "v4" } });
  };
  const hostFor = (host: string) => {
    const backends = [someBackend({ cluster: `backend/default/${host}` })];
    return someHost(host, [someRoute({ name: host, action: someForward({ backends }) })]);
  };
  let snapshot: Snapshot | undefined;
  const publish = (hosts: readonly string[]): void => {
    const parts = { tables: { "http-80": hosts.map(hostFor) }, clusters: hosts.map(clusterFor), assignments: [] };
    const proxy = someProxy({ ...parts, listeners: [someListener({ port: 0 })] });
    snapshot = encode({ ...proxy, name: "default/test" }, snapshot).snapshot;
    server.publish(snapshot);
  };

  let hosts = ["host-0"];
  publish(hosts);
  const port = await envoy.portOf("tcp-80");
  // Envoy knows its port a moment before its workers accept connections.
  const first = createClient(port);
  await until(async () => typeof (await first.get("nobody")) === "number", "connections are accepted");
  first.close();
  const seen = new Map<string, Set<number | string>>();
  let stopped = false;
  const load = Array.from({ length: 4 }, async () => {
    const client = createClient(port);
    while (!stopped) {
      const host = hosts.at(-1)!;
      const answers = seen.get(host) ?? new Set();
      seen.set(host, answers.add(await client.get(host)));
    }
    client.close();
  });
  for (let count = 0; count < 30; count++) {
    const host = `host-${count}`;
    publish(hosts);
    await until(() => seen.get(host)?.has(200), `${host} is served`);
    const next = `host-${count + 1}`;
    hosts = [...hosts, next];
    // The next publish() adds it; until then it is asked for in vain.
    await until(() => seen.get(next)?.has(404), `${next} is asked for`);
  }
  stopped = true;
  await Promise.all(load);
  const served = [...seen]
    .slice(0, 30)
    .map(([host, answers]) => ({ host, odd: [...answers].filter((a) => a !== 200 && a !== 404) }));
  expect(served).toEqual(Array.from({ length: 30 }, (_, count) => ({ host: `host-${count}`, odd: [] })));
}, 60_000);
