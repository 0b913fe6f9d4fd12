// Answers that a real API server cannot be made to give on demand, by a server that says what the test tells it.

import { createServer, type RequestListener } from "node:http";
import { createServer as createNetServer, type AddressInfo, type Server as NetServer, type Socket } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKubernetesClient, hasStatus, type KubernetesClient } from "./client.ts";

const endings: (() => void)[] = [];
afterEach(() => endings.splice(0).forEach((end) => end()));

function clientOf(server: NetServer, scheme = "http"): KubernetesClient {
  const folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
  const kubeconfig = join(folder, "config");
  const { port } = server.address() as AddressInfo;
  const config = {
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u", namespace: "team" } }],
    clusters: [{ name: "k", cluster: { server: `${scheme}://127.0.0.1:${port}/prefix`, "insecure-skip-tls-verify": true } }],
    users: [{ name: "u", user: { token: "secret" } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  const client = createKubernetesClient({ kubeconfig, connectMs: 200 });
  endings.push(() => {
    client.close();
    server.close();
    rmSync(folder, { recursive: true });
  });
  return client;
}

async function answering(listener: RequestListener): Promise<KubernetesClient> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endings.push(() => server.closeAllConnections());
  return clientOf(server);
}

test("a call carries the token, the media type of its patch and its query, below the path of the server", async () => {
  const client = await answering((request, response) => {
    const { method, url, headers } = request;
    response.end(JSON.stringify({ method, url, token: headers.authorization, type: headers["content-type"] }));
  });
  const query = { fieldManager: "a b", force: true, dryRun: undefined };
  expect(await client.call({ method: "PATCH", path: "/api/v1/x", patch: "apply", body: {}, query })).toEqual({
    method: "PATCH",
    url: "/prefix/api/v1/x?fieldManager=a+b&force=true",
    token: "Bearer secret",
    type: "application/apply-patch+yaml",
  });
  expect(client.namespace).toBe("team");
});

test.each([
  [
    "a Status",
    { "retry-after": "3" },
    { kind: "Status", reason: "Conflict", message: "it moved" },
    "GET /api: 409 it moved",
    "Conflict",
    3000,
  ],
  [
    "a Status with details",
    {},
    { kind: "Status", message: "slow", details: { retryAfterSeconds: 2 } },
    "GET /api: 409 slow",
    "",
    2000,
  ],
  ["anything else", {}, "upstream connect error", 'GET /api: 409 "upstream connect error"', "", undefined],
])(
  "an answer that is not 2xx and carries %s is an error that says so",
  async (_, headers, body, message, reason, retryAfterMs) => {
    const client = await answering((_request, response) => void response.writeHead(409, headers).end(JSON.stringify(body)));
    const error: unknown = await client.call({ path: "/api" }).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ message, reason, retryAfterMs });
    expect([hasStatus(error, 409), hasStatus(error, 404, 410)]).toEqual([true, false]);
    await expect(client.stream({ path: "/api" })).rejects.toThrow(message);
  },
);

test("a server that takes the connection and says nothing is given up after the timeout", async () => {
  const client = await answering(() => undefined);
  await expect(client.call({ path: "/api", timeoutMs: 50 })).rejects.toThrow(/GET \/api: no answer from .* within 50 ms/);
});

test("a server that takes the connection and never speaks TLS is given up sooner than one that thinks", async () => {
  const sockets: Socket[] = [];
  const server = createNetServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = clientOf(server, "https");
  for (const ask of [client.call, client.stream])
    await expect(ask({ path: "/api" })).rejects.toThrow(/GET \/api: no connection to .* within 200 ms/);
  for (const socket of sockets) socket.destroy();
});

test("when a connection turns out to be dead, no other try is wasted on those that were opened with it", async () => {
  let swallowing = new Set<Socket>();
  const seen = new Set<Socket>();
  const client = await answering((request, response) => {
    seen.add(request.socket);
    if (!swallowing.has(request.socket)) setTimeout(() => response.end("{}"), 20);
  });
  await Promise.all(Array.from({ length: 5 }, () => client.call({ path: "/api" })));
  expect(seen.size).toBe(5);
  swallowing = new Set(seen);
  await expect(client.call({ path: "/api", timeoutMs: 100 })).rejects.toThrow("no answer from");
  expect(await client.call({ path: "/api", timeoutMs: 1000 })).toEqual({});
});

test("a call that finds all connections in use is given up in time, and an urgent one waits for no other", async () => {
  const client = await answering((request, response) => void (request.url === "/prefix/lease" && response.end("{}")));
  const hung = Array.from({ length: 40 }, () => client.call({ path: "/hangs", timeoutMs: 2000 }).catch(() => "nothing"));
  const began = performance.now();
  await expect(client.call({ path: "/lease", timeoutMs: 100 })).rejects.toThrow("no answer");
  await expect(client.call({ path: "/lease", signal: AbortSignal.timeout(100) })).rejects.toThrow("timeout");
  expect(await client.call({ path: "/lease", timeoutMs: 400, urgent: true })).toEqual({});
  expect(performance.now() - began).toBeLessThan(1500);
  await Promise.all(hung);
});

test("a call that was called off before it began is not made, and a stream ends when it is called off", async () => {
  let asked = 0;
  const client = await answering((_, response) => void (asked++, response.write("first")));
  await expect(client.call({ path: "/api", signal: AbortSignal.abort() })).rejects.toThrow("abort");
  expect(asked).toBe(0);
  const end = new AbortController();
  const chunks = await client.stream({ path: "/api", signal: end.signal });
  await expect(
    (async () => {
      for await (const chunk of chunks) if (chunk.toString() === "first") end.abort();
    })(),
  ).rejects.toThrow("abort");
});

test("nobody is waited for longer than half a minute, whatever he says", async () => {
  const client = await answering((_, response) => void response.writeHead(429, { "retry-after": "3600" }).end());
  await expect(client.call({ path: "/api" })).rejects.toMatchObject({ retryAfterMs: 30_000 });
});

test("an answer that stops in the middle is given up too", async () => {
  const client = await answering((_, response) => void response.writeHead(200, { "content-length": "10" }).write("{"));
  await expect(client.call({ path: "/api", timeoutMs: 50 })).rejects.toThrow("aborted");
});

test("a stream gives chunks as they come, beyond the timeout", async () => {
  const client = await answering((_, response) => {
    response.write("first");
    setTimeout(() => response.end("second"), 700);
  });
  const chunks: string[] = [];
  for await (const chunk of await client.stream({ path: "/api", timeoutMs: 500 })) chunks.push(chunk.toString());
  expect(chunks).toEqual(["first", "second"]);
});

test.each([[{ kubeconfig: "/does/not/exist" }, "cannot read the kubeconfig /does/not/exist"]])(
  "without a usable kubeconfig it says so",
  (options, message) => {
    expect(() => createKubernetesClient(options)).toThrow(message);
  },
);
