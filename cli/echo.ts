// A small HTTP backend for trying things out: answers any path with what it received. It knows nothing of gateways.

import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";

/** A running echo backend. */
export interface Echo {
  /** The port it listens on; the one asked for, or a free one when that was 0. */
  readonly port: number;
  /** Stops listening and ends open connections. */
  close(): Promise<void>;
}

const longestDelayMs = 60_000;

/**
 * Starts the echo backend on 127.0.0.1. Every answer is JSON: {name, method, path, host, headers, body}.
 * `?delay=500` (milliseconds, also `1.5s`) answers later, `?status=503` answers with that status.
 * Rejects when the port is taken.
 */
export async function startEcho(options: { readonly port: number; readonly name: string }): Promise<Echo> {
  const server = createServer((request, response) => void answer(options.name, request, response));
  await listening(server, options.port);
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the echo backend has no port");
  return {
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve());
  });
}

async function answer(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await read(request);
  const query = new URLSearchParams((request.url ?? "").split("?")[1]);
  const status = Number(query.get("status") ?? 200);
  const send = (): void => {
    response.writeHead(status >= 200 && status <= 599 ? status : 400, { "content-type": "application/json" });
    response.end(`${JSON.stringify(received(name, request, body), undefined, 2)}\n`);
  };
  const delay = delayMs(query.get("delay"));
  if (delay > 0) setTimeout(send, delay);
  else send();
}

function received(name: string, request: IncomingMessage, body: string): Readonly<Record<string, unknown>> {
  return {
    name,
    method: request.method,
    path: request.url,
    host: request.headers.host,
    headers: request.headers,
    ...(body === "" ? {} : { body }),
  };
}

/** "250" and "250ms" are milliseconds, "1.5s" is seconds; anything else is no delay. */
function delayMs(value: string | null): number {
  const parts = /^(\d+(?:\.\d+)?)(ms|s)?$/.exec(value ?? "");
  if (parts === null) return 0;
  return Math.min(Number(parts[1]) * (parts[2] === "s" ? 1000 : 1), longestDelayMs);
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
