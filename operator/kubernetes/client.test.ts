// Answers that a real API server cannot be made to give on demand, by a server that says what the test tells it.

import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKubernetesClient, hasStatus, type KubernetesClient } from "./client.ts";

const endings: (() => void)[] = [];
afterEach(() => endings.splice(0).forEach((end) => end()));

async function answering(listener: RequestListener): Promise<KubernetesClient> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
  const kubeconfig = join(folder, "config");
  const { port } = server.address() as AddressInfo;
  const config = {
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u", namespace: "team" } }],
    clusters: [{ name: "k", cluster: { server: `http://127.0.0.1:${port}/prefix`, "insecure-skip-tls-verify": true } }],
    users: [{ name: "u", user: { token: "secret" } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  const client = createKubernetesClient({ kubeconfig });
  endings.push(() => {
    client.close();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });
  return client;
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

test("an answer that stops in the middle is given up too", async () => {
  const client = await answering((_, response) => void response.writeHead(200, { "content-length": "10" }).write("{"));
  await expect(client.call({ path: "/api", timeoutMs: 50 })).rejects.toThrow("aborted");
});

test("a stream gives chunks as they come, beyond the timeout", async () => {
  const client = await answering((_, response) => {
    response.write("first");
    setTimeout(() => response.end("second"), 120);
  });
  const chunks: string[] = [];
  for await (const chunk of await client.stream({ path: "/api", timeoutMs: 60 })) chunks.push(chunk.toString());
  expect(chunks).toEqual(["first", "second"]);
});

test.each([[{ kubeconfig: "/does/not/exist" }, "cannot read the kubeconfig /does/not/exist"]])(
  "without a usable kubeconfig it says so",
  (options, message) => {
    expect(() => createKubernetesClient(options)).toThrow(message);
  },
);
