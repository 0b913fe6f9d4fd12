// The client of stories: one line asks, one line answers. "POST example.com:1234/path | Header: value" asks a port of 127.0.0.1 for that host.

import { type Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { type Agent as TlsAgent, request as httpsRequest } from "node:https";
import type { TLSSocket } from "node:tls";
import type { Seen } from "./backend.ts";

export interface Answer {
  /** 0: no answer; then `error` says why. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly error?: string;
  /** What the backend saw, when a backend answered. */
  readonly seen?: Seen;
  /** Fingerprint (SHA-256) of the server's certificate, over TLS. */
  readonly certificate?: string;
}

export interface AskOptions {
  readonly body?: string;
  /** Server name: the request goes over TLS. */
  readonly sni?: string;
  /** Keeps its connections; by default each request has one of its own. */
  readonly agent?: Agent | TlsAgent;
  readonly sigalgs?: string;
}

interface Line {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

function parseLine(line: string): Line {
  const [first = "", ...rest] = line.split(" | ");
  const [, method = "GET", host = "", path = ""] = /^(?:([A-Z]+) )?([^/]*)(\/.*)$/.exec(first) ?? [];
  return { method, host, path, headers: Object.fromEntries(rest.map((header) => header.split(/: ?(.*)/s).slice(0, 2))) };
}

/** Never rejects. */
export function ask(port: number, line: string, options: AskOptions = {}): Promise<Answer> {
  const { method, host, path, headers } = parseLine(line);
  const { body, sni, agent = false, sigalgs } = options;
  const common = { host: "127.0.0.1", port, method, path, headers: { ...headers, host }, agent, timeout: 20_000 };
  return new Promise((resolve) => {
    const take = (response: IncomingMessage): void => {
      const chunks: Buffer[] = [];
      const peer = response.socket as Partial<TLSSocket>;
      const certificate = peer.getPeerCertificate?.().fingerprint256;
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", (error) => resolve(failure(error)));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: text,
          ...(response.headers["x-backend"] !== undefined && text !== "" && { seen: JSON.parse(text) as Seen }),
          ...(certificate !== undefined && { certificate }),
        });
      });
    };
    const tls = { ...common, servername: sni, rejectUnauthorized: false, ...(sigalgs !== undefined && { sigalgs }) };
    const request = sni === undefined ? httpRequest(common, take) : httpsRequest(tls, take);
    request.on("timeout", () => request.destroy(new Error("timeout")));
    request.on("error", (error) => resolve(failure(error)));
    request.end(body);
  });
}

function failure(error: NodeJS.ErrnoException): Answer {
  return { status: 0, headers: {}, body: "", error: error.code ?? error.message };
}

/** "v1" when the backend of that name answered 200, else "404" or "503 v1". */
export function short({ status, headers, error }: Answer): string {
  const backend = headers["x-backend"];
  if (status === 0) return `failed: ${error}`;
  if (status === 200 && backend !== undefined) return String(backend);
  return [status, backend].filter((part) => part !== undefined).join(" ");
}

/** The short answers to many questions, as pairs like those of a table. */
export function answers(
  port: number,
  table: readonly (readonly [line: string, want: string])[],
): Promise<(readonly [string, string])[]> {
  return Promise.all(table.map(async ([line]) => [line, short(await ask(port, line))] as const));
}

/** How often each backend answered, of `count` requests of which a few are under way at a time. */
export async function shares(port: number, count: number, line = "a.example/"): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const answer = short(await ask(port, line));
      counts[answer] = (counts[answer] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return counts;
}

/** One HTTP/2 connection. */
export interface Http2Connection {
  ask(line: string): Promise<string>;
  /** Whether the other side asked to end it, or ended it. */
  ended(): boolean;
  close(): void;
}

export function connect(origin: string, sni?: string): Http2Connection {
  const session = connectHttp2(origin, { ...(sni !== undefined && { servername: sni }), rejectUnauthorized: false });
  let ended = false;
  for (const event of ["goaway", "close", "error"]) session.on(event, () => (ended = true));
  return {
    ended: () => ended,
    close: () => session.close(),
    ask(line) {
      const { method, host, path, headers } = parseLine(line);
      return new Promise((resolve, reject) => {
        session.once("error", reject);
        const stream = session.request({ ...headers, ":method": method, ":path": path, ":authority": host });
        stream.once("error", reject);
        stream.once("response", (head) => {
          stream.resume();
          session.off("error", reject);
          const backend = head["x-backend"];
          resolve(head[":status"] === 200 && backend !== undefined ? String(backend) : String(head[":status"]));
        });
      });
    },
  };
}

/** Short answers over one HTTP/2 connection, asked one after the other. */
export async function askHttp2(origin: string, lines: readonly string[], sni?: string): Promise<string[]> {
  const connection = connect(origin, sni);
  const got: string[] = [];
  try {
    for (const line of lines) got.push(await connection.ask(line));
  } finally {
    connection.close();
  }
  return got;
}

/** What comes back of `text` over an upgraded connection, or the status of the refusal. */
export function askWebSocket(port: number, line: string, text: string): Promise<string> {
  const { host, path, headers } = parseLine(line);
  const upgrade = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "c3Rvcmllcw==",
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port, path, headers: { ...headers, ...upgrade, host }, agent: false });
    request.on("upgrade", (response, socket) => {
      socket.write(text);
      socket.once("data", (data: Buffer) => {
        socket.destroy();
        resolve(`${String(response.headers["x-backend"])}: ${data.toString()}`);
      });
    });
    request.on("response", (response) => (response.resume(), resolve(String(response.statusCode))));
    request.on("error", reject);
    request.end();
  });
}
