// Backends for stories: each says who it is and what it was asked. Speaks HTTP/1.1, over TLS when it has a
// certificate, or HTTP/2 without TLS, on loopback or a Unix socket, and echoes over upgraded connections. Asked with query parameters: ?delay=<ms>, ?status=<code>, ?fail=<first n times, per path>.

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2 } from "node:http2";
import { createServer as createHttps } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { StoryCertificate } from "./certificates.ts";

/** What a backend saw of one request. */
export interface Seen {
  readonly backend: string;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly version: string;
  /** Values of one name joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Server name (SNI) of a connection over TLS; absent without TLS. */
  readonly serverName?: string;
}

export interface Backend {
  readonly name: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  /** Requests in order of arrival, while `recording`. */
  readonly seen: Seen[];
  /** Off for backends under load. */
  recording: boolean;
  close(): Promise<void>;
}

export interface BackendOptions {
  readonly protocol?: "http1" | "h2c";
  /** Path of a Unix socket to listen on instead of a port. */
  readonly path?: string;
  /** TLS with this certificate. */
  readonly certificate?: StoryCertificate;
}

export async function startBackend(
  name: string,
  { protocol = "http1", path, certificate }: BackendOptions = {},
): Promise<Backend> {
  const failures = new Map<string, number>();
  const sockets = new Set<Socket>();
  const answer = (request: IncomingMessage, response: ServerResponse): void => void respond(request, response);
  const server =
    protocol === "h2c"
      ? createHttp2((request, response) => answer(request as never, response as never))
      : certificate === undefined
        ? createServer(answer)
        : createHttps(certificate.pem, answer);
  server.on("connection", (socket: Socket) => sockets.add(socket.once("close", () => sockets.delete(socket))));
  server.on("upgrade", (request: IncomingMessage, socket: Socket) => {
    backend.seen.push(seenOf(name, request, ""));
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nx-backend: ${name}\r\n\r\n`);
    socket.on("error", () => socket.destroy()).pipe(socket);
  });

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const seen = seenOf(name, request, body);
    if (backend.recording) backend.seen.push(seen);
    const { pathname, searchParams: asked } = new URL(seen.path, "http://backend");
    const failed = failures.get(pathname) ?? 0;
    const failing = failed < Number(asked.get("fail") ?? 0);
    if (failing) failures.set(pathname, failed + 1);
    const delay = Number(asked.get("delay") ?? 0);
    if (delay > 0) await new Promise((resolve) => void setTimeout(resolve, delay).unref());
    for (const pair of (seen.headers["x-echo-set-header"] ?? "").split(",").filter(Boolean)) {
      const [header = "", value = ""] = pair.split(":");
      response.appendHeader(header.trim(), value.trim());
    }
    const status = failing ? 503 : Number(asked.get("status") ?? 200);
    response.writeHead(status, { "content-type": "application/json", "x-backend": name }).end(JSON.stringify(seen));
  }

  const backend: Backend = {
    name,
    seen: [],
    recording: true,
    port: await listen(server, path),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return backend;
}

async function listen(server: ReturnType<typeof createServer> | ReturnType<typeof createHttp2>, path?: string): Promise<number> {
  if (path === undefined) server.listen(0, "127.0.0.1");
  else server.listen(path);
  await once(server, "listening");
  return path === undefined ? (server.address() as AddressInfo).port : 0;
}

function seenOf(backend: string, request: IncomingMessage, body: string): Seen {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : (value ?? "")]),
  );
  const host = headers["host"] ?? headers[":authority"] ?? "";
  const { method = "", url: path = "", httpVersion: version } = request;
  const { servername } = request.socket as { readonly servername?: string | false };
  const secure = typeof servername === "string" ? { serverName: servername } : {};
  return { backend, method, path, host, version, headers, body, ...secure };
}
