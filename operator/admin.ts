// What the process answers over HTTP: is it alive, is it ready, what does it know. Shows no secrets.

import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface AdminOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly ready: () => boolean;
  /** Answers by path: a value as JSON, a promised text as it is. */
  readonly pages: Readonly<Record<string, () => unknown>>;
}

export async function serveAdmin(options: AdminOptions): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const page = options.pages[path];
    if (path === "/healthz") response.end("ok\n");
    else if (path === "/readyz") response.writeHead(options.ready() ? 200 : 503).end(options.ready() ? "ok\n" : "not yet\n");
    else if (page === undefined)
      response.writeHead(404).end(`There are /healthz, /readyz, ${Object.keys(options.pages).join(", ")}.\n`);
    else void answer(page(), response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(new Error(`listen for HTTP on ${options.host}:${options.port}: ${cause.message}`, { cause })),
    );
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => void (server.close(), server.closeAllConnections()),
  };
}

async function answer(page: unknown, response: ServerResponse): Promise<void> {
  if (page instanceof Promise) response.setHeader("content-type", "text/plain; version=0.0.4").end(String(await page));
  else response.setHeader("content-type", "application/json").end(JSON.stringify(page, undefined, 2));
}
