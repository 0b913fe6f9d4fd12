// The admin endpoint on the loopback address: is it alive, is it ready, what does it know. Shows no secrets.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface AdminOptions {
  readonly port: number;
  readonly ready: () => boolean;
  /** Answers by path, as JSON. */
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
    else response.setHeader("content-type", "application/json").end(JSON.stringify(page(), undefined, 2));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(new Error(`listen for the admin endpoint on 127.0.0.1:${options.port}: ${cause.message}`, { cause })),
    );
    server.listen(options.port, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => void (server.close(), server.closeAllConnections()),
  };
}
