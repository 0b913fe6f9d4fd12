// What the process answers over HTTP: is it alive, is it ready, what does it know. Shows no secrets.

import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** The answer to a query: a value as JSON, a promised text as it is. */
export type Page = (query: URLSearchParams) => unknown;

export interface AdminOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** What is waited for, one sentence each; nothing: the process is ready. */
  readonly waits: () => readonly string[];
  readonly live: () => boolean;
  /** By path. */
  readonly pages: Readonly<Record<string, Page>>;
}

/** Rejects with one sentence when the port cannot be had. */
export async function serveAdmin(options: AdminOptions): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    void answer(options, { pathname, searchParams }, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(new Error(`cannot listen for HTTP on ${options.host}:${options.port}: ${cause.message}`)),
    );
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(
  { waits, live, pages }: AdminOptions,
  { pathname, searchParams }: Pick<URL, "pathname" | "searchParams">,
  response: ServerResponse,
): Promise<void> {
  const page = pages[pathname];
  if (pathname === "/healthz") return void response.writeHead(live() ? 200 : 503).end(live() ? "ok\n" : "deaf\n");
  if (pathname === "/readyz") {
    const missing = waits();
    return void response.writeHead(missing.length === 0 ? 200 : 503).end(missing.length === 0 ? "ok\n" : notYet(missing));
  }
  if (page === undefined) {
    return void response.writeHead(404).end(`There are /healthz, /readyz, ${Object.keys(pages).join(", ")}.\n`);
  }
  try {
    const value = page(searchParams);
    if (value instanceof Promise)
      response.setHeader("content-type", "text/plain; version=0.0.4").end(String((await value) as unknown));
    else response.setHeader("content-type", "application/json").end(JSON.stringify(value, undefined, 2));
  } catch (cause) {
    response.writeHead(500).end(`${cause instanceof Error ? cause.message : String(cause)}\n`);
  }
}

function notYet(missing: readonly string[]): string {
  return ["not yet, for want of", ...missing].join("\n- ") + "\n";
}
