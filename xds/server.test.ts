// The server as a gRPC client meets it on loopback.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { ensureCertificates } from "../operator/host/certificates.ts";
import { createXdsServer, type XdsServer, type XdsServerOptions } from "./server.ts";
import { until } from "./testing/envoy.ts";
import { connectClient } from "./testing/grpc-client.ts";
import { realClock, resource, snapshotOf } from "./testing/snapshots.ts";
import { typeUrls } from "./type-urls.ts";

const { cluster, loadAssignment } = typeUrls;

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

/** A client that goes with the test. */
function connect(...how: Parameters<typeof connectClient>) {
  const client = connectClient(...how);
  undo.push(client.close);
  return client;
}

const node = { id: "envoy-1", cluster: "default/test" };
const snapshot = snapshotOf(
  new Map([
    [cluster, [resource("c1", "1"), resource("c2", "1")]],
    [loadAssignment, [resource("c1", "e1")]],
  ]),
);

test("a client is told when its snapshot comes, is seen while it is there, and acknowledges", async () => {
  const events: unknown[] = [];
  const { server, port } = await start({
    onConnected: (client) => events.push({ connected: client }),
    onDisconnected: (client) => events.push({ disconnected: client }),
    onAcknowledged: (acknowledgement) => events.push(acknowledgement),
  });
  const client = connect(port);
  client.send({ node, typeUrl: cluster, resourceNamesSubscribe: ["*"] });
  await until(() => server.streams().length === 1, "the stream is there");
  expect(client.received).toEqual([]);
  server.publish(snapshot);
  const [response] = await until(() => (client.received.length > 0 ? client.received : undefined), "the clusters come");
  expect({ ...response, names: response!.names.toSorted() }).toEqual({
    typeUrl: cluster,
    nonce: "1",
    names: ["c1", "c2"],
    removed: [],
  });
  const state = {
    typeUrl: cluster,
    wildcard: true,
    names: 0,
    held: 2,
    sentVersion: 1,
    acknowledgedVersion: 0,
    refused: [],
    outstanding: ["1"],
    waiting: [],
    repairs: 0,
    removals: [],
  };
  const [stream] = server.streams();
  expect(stream).toEqual({
    stream: 1,
    nodeId: "envoy-1",
    proxy: "default/test",
    connectedSince: expect.stringMatching(/^\d{4}-.*Z$/),
    bytesSent: expect.any(Number),
    types: [state],
  });
  client.send({ typeUrl: cluster, responseNonce: "1" });
  await until(() => server.streams()[0]?.types[0]?.outstanding.length === 0, "the acknowledgement is there");
  expect(server.streams()[0]!.types).toEqual([{ ...state, acknowledgedVersion: 1, outstanding: [] }]);
  client.close();
  await until(() => server.streams().length === 0, "the stream is gone");
  const who = { stream: 1, nodeId: "envoy-1", proxy: "default/test" };
  expect(events).toEqual([{ connected: who }, { ...who, typeUrl: cluster, snapshotVersion: 1 }, { disconnected: who }]);
});

test("a client is told of its own proxy only, and of nothing more once that is withdrawn", async () => {
  const { server, port } = await start();
  const [mine, other] = [connect(port), connect(port)];
  mine.send({ node, typeUrl: cluster });
  other.send({ node: { id: "envoy-2", cluster: "default/other" }, typeUrl: cluster });
  await until(() => server.streams().length === 2, "both streams are there");
  server.publish(snapshot);
  await until(() => mine.received.length > 0, "the clusters come");
  server.withdraw("default/test");
  mine.send({ typeUrl: cluster, responseNonce: "1" });
  mine.send({ typeUrl: loadAssignment, resourceNamesSubscribe: ["c1"] });
  server.publish({ ...snapshot, proxy: "default/other" });
  await until(() => other.received.length > 0, "the other is told");
  await until(() => server.streams()[0]?.types.length === 2, "the question for endpoints is there");
  expect(mine.received.length).toBe(1);
});

test("a client that says who it is not, or nothing, is turned away with the reason", async () => {
  const { port } = await start({
    authorise: (_, { id }) => (id === "envoy-1" ? { proxy: "default/test" } : { refusal: `${id} may not ask` }),
  });
  const [stranger, nameless] = [connect(port), connect(port)];
  stranger.send({ node: { id: "stranger", cluster: "default/test" }, typeUrl: cluster });
  nameless.send({ typeUrl: cluster });
  await until(stranger.ended, "the stranger is turned away");
  await until(nameless.ended, "the nameless one is turned away");
  expect([stranger.ended(), nameless.ended()]).toEqual(["stranger may not ask", "the first request names no node cluster"]);
});

test("a callback that throws ends the stream it was called for, and no other", async () => {
  const log: string[] = [];
  const { server, port } = await start({
    log: (message) => log.push(message),
    onAcknowledged({ nodeId }) {
      if (nodeId === "envoy-1") throw new Error("a bug");
    },
  });
  const [first, second] = [connect(port), connect(port)];
  server.publish(snapshot);
  first.send({ node, typeUrl: cluster });
  second.send({ node: { ...node, id: "envoy-2" }, typeUrl: cluster });
  for (const client of [first, second]) {
    await until(() => client.received.length > 0, "the clusters come");
    client.send({ typeUrl: cluster, responseNonce: "1" });
  }
  await until(first.ended, "the first stream ends");
  expect([first.ended(), second.ended(), log]).toEqual(["the stream failed", undefined, ["xDS stream failed"]]);
  expect(server.streams().map(({ nodeId }) => nodeId)).toEqual(["envoy-2"]);
});

test("a first request of more than 4 MiB is read", async () => {
  const { server, port } = await start();
  server.publish(snapshot);
  const client = connect(port);
  const names = Array.from({ length: 30_000 }, (_, index) => `service/${"x".repeat(60)}/${index}`);
  client.send({
    node,
    typeUrl: loadAssignment,
    resourceNamesSubscribe: ["c1", ...names],
    initialResourceVersions: Object.fromEntries(names.map((name) => [name, "0123456789ab"])),
  });
  await until(() => client.received.length > 0, "the answer comes");
  expect(client.received.map((response) => response.names)).toEqual([["c1"]]);
}, 20_000);

test("over TLS a client without our authority's certificate is not let in", async () => {
  const folder = await mkdtemp(join(tmpdir(), "xds-tls-"));
  undo.push(() => rm(folder, { recursive: true }));
  const files = await ensureCertificates(folder, "localhost");
  const read = (file: string): Promise<Buffer> => readFile(file);
  const [ca, cert, key] = [await read(files.server.caFile), await read(files.server.certFile), await read(files.server.keyFile)];
  const { server, port } = await start({ tls: { ca: ca.toString(), cert: cert.toString(), key: key.toString() } });
  server.publish(snapshot);
  const known = connect(port, credentials.createSsl(ca, await read(files.client.keyFile), await read(files.client.certFile)));
  const unknown = connect(port, credentials.createSsl(ca));
  known.send({ node, typeUrl: cluster });
  unknown.send({ node, typeUrl: cluster });
  await until(() => known.received.length > 0, "the known client is told");
  await until(unknown.ended, "the unknown one is turned away");
  expect(unknown.received).toEqual([]);
  expect(server.streams().length).toBe(1);
});
