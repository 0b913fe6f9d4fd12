// The server against a real Envoy: what clients of the Envoy see while it is told things.

import { createXdsServer, type RefusedResponse, type XdsServer, type XdsServerOptions } from "./server.ts";
import type { Resource, Snapshot, TypeUrl } from "./resource.ts";
import { assignmentOf, clusterOf, createClient, listenerOf, routesOf, startBackend, startEnvoy, until } from "./testing/envoy.ts";
import { realClock, snapshotOf } from "./testing/snapshots.ts";
import { typeUrls } from "./type-urls.ts";

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function start(options: Partial<XdsServerOptions> = {}): Promise<{ server: XdsServer; port: number }> {
  const server = createXdsServer({ host: "127.0.0.1", port: 0, clock: realClock, ...options });
  const { port } = await server.listen();
  undo.push(() => server.close());
  return { server, port };
}

async function startAll(options?: Partial<XdsServerOptions>) {
  const { server, port } = await start(options);
  const backend = await startBackend();
  undo.push(() => backend.stop());
  const envoy = await startEnvoy(port);
  undo.push(() => envoy.stop());
  return { server, port, backend, envoy };
}

/** One listener, one route table, one cluster per host. */
function served(
  hosts: readonly string[],
  backendPort: number,
  listeners: readonly Resource[] = [listenerOf("web", "web")],
  says = true,
) {
  return new Map<TypeUrl, readonly Resource[]>([
    [typeUrls.cluster, hosts.map((host) => clusterOf(host))],
    [typeUrls.loadAssignment, hosts.map((host) => assignmentOf(host, [backendPort]))],
    [typeUrls.listener, listeners],
    [typeUrls.routeConfiguration, [routesOf("web", hosts, says)]],
  ]);
}

for (const says of [true, false])
  test(`fifty hosts with new clusters come and go and no request gets a wrong answer, when routes ${says ? "" : "do not "}say what they need`, async () => {
    const { server, backend, envoy } = await startAll({ timing: { graceMs: 300 } });
    let hosts = ["always"];
    let snapshot: Snapshot | undefined;
    const publish = (): void => server.publish((snapshot = snapshotOf(served(hosts, backend.port, undefined, says), snapshot)));
    publish();
    const port = await envoy.portOf("web");
    const clients = Array.from({ length: 8 }, () => createClient(port));
    undo.push(() => clients.forEach((client) => client.close()));
    await until(async () => (await clients[0]!.get("always")) === 200, "the first host is served");

    const answers = new Map<string, (number | string)[]>();
    let wanted = "always";
    let stopped = false;
    const load = clients.map(async (client, index) => {
      while (!stopped) {
        const host = index % 2 === 0 ? "always" : wanted;
        const seen = answers.get(host) ?? [];
        answers.set(host, seen);
        const answer = await client.get(host);
        if (seen.at(-1) !== answer) seen.push(answer);
      }
    });
    for (let count = 0; count < 50; count++) {
      const host = (wanted = `host-${count}`);
      await until(() => answers.get(host)?.includes(404), `${host} is asked for`);
      hosts = [...hosts, host];
      publish();
      await until(() => answers.get(host)?.includes(200), `${host} is served`);
    }
    hosts = ["always"];
    publish();
    await until(async () => !(await envoy.admin("/clusters")).includes("host-49::"), "the clusters are gone");
    stopped = true;
    await Promise.all(load);

    expect(answers.get("always")).toEqual([200]);
    answers.delete("always");
    expect(answers.size).toBe(50);
    // A host may be asked for by several connections: one may still say 404 when another already says 200, on another worker.
    for (const [host, seen] of answers)
      expect({ host, odd: seen.filter((answer) => answer !== 404 && answer !== 200) }).toEqual({ host, odd: [] });
  }, 60_000);

test("a bad listener among good ones is named, and the good ones serve", async () => {
  const refused: RefusedResponse[] = [];
  const { server, backend, envoy } = await startAll({ timing: { repairMs: 5 }, onRefused: (each) => refused.push(each) });
  const good = Array.from({ length: 7 }, (_, index) => listenerOf(`good-${index}`, "web"));
  const bad = listenerOf("bad", "web", "not an address");
  server.publish(snapshotOf(served(["always"], backend.port, [...good.slice(0, 3), bad, ...good.slice(3)])));
  await until(() => refused.some(({ resource }) => resource), "the bad one stands alone", 40_000).catch((cause: unknown) => {
    // What was said on the stream tells why it did not come to an end.
    throw new Error(JSON.stringify({ refused, streams: server.streams() }), { cause });
  });
  for (const { name } of good) {
    const client = createClient(await envoy.portOf(name));
    await until(async () => (await client.get("always")) === 200, `${name} serves`);
    client.close();
  }
  const named = refused.filter(({ resource }) => resource);
  expect(named.map(({ typeUrl, names, nodeId, proxy }) => ({ typeUrl, names, nodeId, proxy }))).toEqual([
    { typeUrl: typeUrls.listener, names: ["bad"], nodeId: "envoy-1", proxy: "default/test" },
  ]);
  expect(named[0]!.message).toContain("malformed IP address: not an address");
  // 8 → 4 → 2 → 1 are refused; that is all.
  expect(refused.map(({ names }) => names.length)).toEqual([8, 4, 2, 1]);
}, 60_000);

test("after a restart of the server nothing is sent that the Envoy already has", async () => {
  const first = await startAll();
  const resources = served(["always", "other"], first.backend.port);
  const snapshot = snapshotOf(resources);
  first.server.publish(snapshot);
  const client = createClient(await first.envoy.portOf("web"));
  undo.push(() => client.close());
  await until(async () => (await client.get("always")) === 200, "the host is served");
  await first.server.close();

  const second = await start({ port: first.port });
  second.server.publish(snapshotOf(resources));
  await until(() => second.server.streams()[0]?.types.length === 4, "the Envoy is back and asks for all four types");
  const [{ types, bytesSent } = { types: [], bytesSent: -1 }] = second.server.streams();
  expect(bytesSent).toBe(0);
  expect(types.map(({ typeUrl, held, outstanding }) => ({ typeUrl, held, outstanding }))).toEqual([
    { typeUrl: typeUrls.cluster, held: 2, outstanding: [] },
    { typeUrl: typeUrls.loadAssignment, held: 2, outstanding: [] },
    { typeUrl: typeUrls.listener, held: 1, outstanding: [] },
    { typeUrl: typeUrls.routeConfiguration, held: 1, outstanding: [] },
  ]);
  expect(await client.get("always")).toBe(200);
}, 60_000);
