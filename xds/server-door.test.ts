// Who is let in, as a gRPC client meets it on loopback.

import { status } from "@grpc/grpc-js";
import type { Authenticate } from "./identify.ts";
import { createXdsServer, type XdsServerOptions } from "./server.ts";
import { until } from "./testing/envoy.ts";
import { connectClient } from "./testing/grpc-client.ts";
import { createFakeClock, realClock, resource, snapshotOf } from "./testing/snapshots.ts";
import { typeUrls } from "./type-urls.ts";

const { cluster } = typeUrls;
const node = { id: "envoy-1", cluster: "default/test" };
const c1 = resource("c1", "1");
const snapshot = snapshotOf(new Map([[cluster, [c1]]]));

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function start(authenticate: Authenticate, options: Partial<XdsServerOptions> = {}) {
  const refused: unknown[] = [];
  const log = (message: string, { peer, ...fields }: Readonly<Record<string, unknown>>): void =>
    void refused.push({ message, ...fields, peer: typeof peer });
  const server = createXdsServer({ host: "127.0.0.1", port: 0, clock: realClock, log, ...options, authenticate });
  const { port } = await server.listen();
  undo.push(() => server.close());
  server.publish(snapshot);
  return { server, port, refused };
}

function connect(port: number, token?: string) {
  const client = connectClient(port, undefined, token === undefined ? {} : { authorization: `Bearer ${token}` });
  undo.push(client.close);
  return client;
}

const forASecond: Authenticate = async () => ({ authorise: (_, { cluster: proxy }) => ({ proxy }), validMs: 1000 });

test("a client waits until it is known who it is, and is told nothing before", async () => {
  const asked: (string | undefined)[] = [];
  let answer: ((answered: Awaited<ReturnType<Authenticate>>) => void) | undefined;
  const { server, port } = await start(({ token }) => {
    asked.push(token);
    return new Promise((resolve) => (answer = resolve));
  });
  const client = connect(port, "abc");
  client.send({ node, typeUrl: cluster });
  const know = await until(() => answer, "it is asked who the client is");
  expect([client.received, server.streams(), asked]).toEqual([[], [], ["abc"]]);
  know({ authorise: () => ({ proxy: "default/test" }) });
  await until(() => client.received.length > 0, "the clusters come");
});

test("a client that is refused is told why, with the status that says whether to come again, and so are we", async () => {
  const { server, port, refused } = await start(async ({ token }) =>
    token === undefined
      ? { refusal: "no token", because: "unauthenticated" }
      : token === "other"
        ? { authorise: () => ({ refusal: "pod team/a is no proxy of default/test" }) }
        : { refusal: "nobody can say", because: "unavailable" },
  );
  const clients = [connect(port), connect(port, "other"), connect(port, "any")];
  for (const client of clients) {
    client.send({ node, typeUrl: cluster });
    await until(client.ended, "it is turned away");
  }
  expect(clients.map((client) => [client.code(), client.ended(), client.received])).toEqual([
    [status.UNAUTHENTICATED, "no token", []],
    [status.PERMISSION_DENIED, "pod team/a is no proxy of default/test", []],
    [status.UNAVAILABLE, "nobody can say", []],
  ]);
  const told = (reason: string) => ({ message: "xDS client refused", reason, peer: "string" });
  expect(new Set(refused)).toEqual(new Set(["no token", "pod team/a is no proxy of default/test", "nobody can say"].map(told)));
  expect(server.streams()).toEqual([]);
});

test("without an answer in ten seconds, or when asking fails, the client is told to come again", async () => {
  const clock = createFakeClock();
  let asked = 0;
  const { port } = await start(
    ({ token }) => {
      asked += 1;
      if (token === "bug") throw new Error("a bug");
      return new Promise(() => {});
    },
    { clock },
  );
  const [waiting, unlucky] = [connect(port, "a"), connect(port, "bug")];
  await until(unlucky.ended, "the failure is told");
  await until(() => asked === 2, "both are asked about");
  clock.pass(9999);
  expect(waiting.ended()).toBeUndefined();
  clock.pass(1);
  await until(waiting.ended, "the wait ends");
  expect([waiting.code(), unlucky.code()]).toEqual([status.UNAVAILABLE, status.UNAVAILABLE]);
});

test("a stream ends when what its client showed has expired; who comes again and has everything is sent nothing", async () => {
  const clock = createFakeClock();
  const { server, port, refused } = await start(forASecond, {
    clock,
  });
  const client = connect(port, "a");
  client.send({ node, typeUrl: cluster });
  await until(() => client.received.length > 0, "the clusters come");
  client.send({ typeUrl: cluster, responseNonce: client.received[0]!.nonce });
  clock.pass(999);
  expect(client.ended()).toBeUndefined();
  clock.pass(1);
  expect(await until(client.ended, "the stream ends")).toBe("ended");
  await until(() => server.streams().length === 0, "nobody is there");

  const again = connect(port, "b");
  again.send({ node, typeUrl: cluster, initialResourceVersions: { c1: c1.version } });
  await until(() => server.streams()[0]?.types.length === 1, "it has asked again");
  expect([again.received.flatMap(({ names }) => names), refused]).toEqual([[], []]);
});

test("a client that gives up while it waits leaves nothing behind", async () => {
  let answer: ((answered: Awaited<ReturnType<Authenticate>>) => void) | undefined;
  const { server, port, refused } = await start(() => new Promise((resolve) => (answer = resolve)));
  const client = connect(port, "a");
  client.send({ node, typeUrl: cluster });
  const late = await until(() => answer, "it waits");
  client.close();
  await until(client.ended, "it is gone");
  late({ refusal: "too late", because: "unauthenticated" });
  expect([server.streams(), refused]).toEqual([[], []]);
});
