// A proxy before an API server that breaks what passes through it as a test tells it: refuses, answers in the API server's place, holds back,
// falls silent, cuts. Speaks HTTP to clients and HTTPS to the API server.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Agent, request as requestHttps } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ApiServer } from "../cluster/control-plane.ts";

export type Fault =
  /** As if the API server had said so. */
  | { readonly type: "answer"; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** A watch that begins well, and says this error. */
  | { readonly type: "watchError"; readonly code: number; readonly reason: string }
  /** The connection ends in the middle of the first line, as if that were all. */
  | { readonly type: "cut" }
  | { readonly type: "delay"; readonly ms: number };

export interface Faults {
  /** Of a user whom the API server knows as an administrator. */
  readonly kubeconfigFile: string;
  /** What happens to a request: asked for each. "GET /api/v1/secrets?watch=true" */
  fault: (request: string) => Fault | undefined;
  /** Requests so far, in order. */
  readonly seen: string[];
  /** Nobody listens any more; connections are reset. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** From now on, no byte passes on connections that are open, and none is closed. New ones are well. */
  blackHole(): void;
  /** Open requests. */
  readonly open: ReadonlySet<string>;
  stop(): Promise<void>;
}

export async function startFaults(apiServer: Pick<ApiServer, "url" | "caFile" | "token">): Promise<Faults> {
  const agent = new Agent({ ca: readFileSync(apiServer.caFile), keepAlive: true });
  const folder = mkdtempSync(join(tmpdir(), "faults-"));
  const sockets = new Set<Socket>();
  const swallowed = new WeakSet<Socket>();
  const open = new Map<ServerResponse, string>();
  const answers = new Set<ServerResponse>();

  function pass(request: IncomingMessage, response: ServerResponse, cut: boolean): void {
    const { method, headers, url = "/" } = request;
    const outgoing = requestHttps(new URL(url, apiServer.url), { agent, method, headers }, (answer) => {
      if (swallowed.has(request.socket)) return;
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      answer.on("data", (chunk: Buffer) => {
        if (swallowed.has(request.socket)) return;
        if (!cut) return void response.write(chunk);
        response.end(chunk.subarray(0, chunk.length / 2));
        outgoing.destroy();
      });
      answer.on("end", () => swallowed.has(request.socket) || response.end());
      answer.on("error", () => swallowed.has(request.socket) || response.destroy());
    });
    outgoing.on("error", () => swallowed.has(request.socket) || response.destroy());
    response.on("close", () => outgoing.destroy());
    request.pipe(outgoing);
  }

  const server = createServer((request, response) => {
    const what = `${request.method} ${decodeURIComponent(request.url ?? "")}`;
    faults.seen.push(what);
    open.set(response, what);
    answers.add(response);
    response.on("close", () => (open.delete(response), answers.delete(response)));
    const fault = faults.fault(what);
    if (fault === undefined) return pass(request, response, false);
    switch (fault.type) {
      case "answer":
        response.writeHead(fault.status, { "content-type": "application/json", ...fault.headers });
        return void response.end(JSON.stringify({ kind: "Status", message: "a fault", code: fault.status }));
      case "watchError": {
        const object = { kind: "Status", message: "a fault", code: fault.code, reason: fault.reason };
        response.writeHead(200, { "content-type": "application/json" });
        return void response.end(`${JSON.stringify({ type: "ERROR", object })}\n`);
      }
      case "cut":
        return pass(request, response, true);
      case "delay":
        return void setTimeout(() => pass(request, response, false), fault.ms);
    }
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });

  const listen = (port: number): Promise<void> => new Promise((resolve) => void server.listen(port, "127.0.0.1", resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const kubeconfigFile = join(folder, "kubeconfig");
  const config = {
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    clusters: [{ name: "k", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } }],
    users: [{ name: "u", user: { token: apiServer.token } }],
  };
  writeFileSync(kubeconfigFile, JSON.stringify(config), { mode: 0o600 });

  const down = async (): Promise<void> => {
    const closed = new Promise<unknown>((resolve) => void server.close(resolve));
    for (const socket of sockets) socket.resetAndDestroy();
    await closed;
  };
  const faults: Faults = {
    kubeconfigFile,
    fault: () => undefined,
    seen: [],
    down,
    up: () => listen(port),
    blackHole() {
      for (const socket of sockets) swallowed.add(socket);
    },
    get open() {
      return new Set(open.values());
    },
    async stop() {
      if (server.listening) await down();
      agent.destroy();
      rmSync(folder, { recursive: true });
    },
  };
  return faults;
}
