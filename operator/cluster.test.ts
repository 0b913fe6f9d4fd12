// How an operator begins while its API server is away, or answers as nobody should: it is alive, says what it waits for, and is ready soon after
// all is well. The API server is a small one of ours, in which there is nothing; with a real one: e2e/faults.e2e.ts.

import { createServer, type RequestListener, type Server } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runOperator } from "./main.ts";
import { freePorts } from "./testing/free-ports.ts";

const endings: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

/** What an API server says of a cluster in which there is nothing; what is written is said to be written. */
const empty: RequestListener = (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  const metadata = { resourceVersion: "1" };
  response.setHeader("content-type", "application/json");
  if (searchParams.has("watch")) return response.flushHeaders();
  if (request.method !== "GET") return void request.on("end", () => response.end(JSON.stringify({ metadata }))).resume();
  const isObject = /\/namespaces\/[^/]+\/[^/]+\/[^/]+$/.test(pathname);
  response.writeHead(isObject ? 404 : 200);
  response.end(JSON.stringify(isObject ? { kind: "Status", reason: "NotFound" } : { metadata, items: [] }));
};

interface Running {
  /** Status and text. */
  readonly ask: (path: string) => Promise<readonly [number, string]>;
  readonly end: Promise<string>;
  readonly stop: () => void;
  /** From now on the API server is there, and answers like this. */
  readonly serve: (listener: RequestListener) => Promise<void>;
}

async function started(): Promise<Running> {
  const [port, healthPort] = (await freePorts(2)) as [number, number];
  const folder = mkdtempSync(join(tmpdir(), "operator-"));
  const kubeconfig = join(folder, "kubeconfig");
  const config = {
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    clusters: [{ name: "k", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } }],
    users: [{ name: "u", user: { token: "secret" } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  const abort = new AbortController();
  const options = { kubeconfig, healthPort, adminPort: 0, metricsPort: "off", xdsPort: 0, xdsHost: "127.0.0.1" } as const;
  const end = runOperator({ ...options, namespace: "system", logLevel: "error" }, abort.signal).then(
    () => "it ended well",
    (cause: unknown) => String(cause),
  );
  let server: Server | undefined;
  endings.push(async () => {
    abort.abort();
    await end;
    server?.closeAllConnections();
    server?.close();
    rmSync(folder, { recursive: true });
  });
  return {
    ask: async (path) => {
      const answer = await fetch(`http://127.0.0.1:${healthPort}${path}`);
      return [answer.status, await answer.text()];
    },
    end,
    stop: () => abort.abort(),
    async serve(listener) {
      server?.closeAllConnections();
      await new Promise<unknown>((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
      server = createServer(listener);
      await new Promise<void>((resolve) => server?.listen(port, "127.0.0.1", resolve));
    },
  };
}

async function until(condition: () => Promise<boolean>, withinMs = 10_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function answers({ ask }: Running, path: string, wanted: RegExp): Promise<void> {
  const got = (): Promise<string> =>
    ask(path).then(
      ([code, text]) => `${code} ${text}`,
      () => "nobody listens",
    );
  await until(async () => wanted.test(await got())).catch(async () => expect(await got()).toMatch(wanted));
}

test("an operator that starts while the API server is away is alive, says what it waits for, and is ready soon after it is back", async () => {
  const running = await started();
  await answers(running, "/readyz", /^503 not yet[^]*the authority of the xDS server cannot be read or made: .*ECONNREFUSED/);
  await answers(running, "/readyz", /^503 not yet[^]*the list of HTTPRoute: .*ECONNREFUSED/);
  expect(await running.ask("/healthz")).toEqual([200, "ok\n"]); // kubelet lets it live
  await running.serve(empty);
  await answers(running, "/readyz", /^200 /);
  expect(await running.ask("/healthz")).toEqual([200, "ok\n"]);
}, 30_000);

test("an operator that is stopped while it waits for the API server ends at once, and well", async () => {
  const running = await started();
  await running.serve(() => undefined); // takes every request, and answers none
  await answers(running, "/readyz", /^503 /);
  running.stop();
  const late = new Promise((resolve) => setTimeout(resolve, 5000, "it goes on"));
  expect(await Promise.race([running.end, late])).toBe("it ended well");
}, 30_000);

test("whoever answers 404 to everything is no API server without our kinds", async () => {
  const running = await started();
  const secrets: RequestListener = (request, response) => {
    if (request.url?.includes("/secrets/") || request.method !== "GET") return empty(request, response);
    response.writeHead(404).end("404 page not found");
  };
  await running.serve(secrets);
  await answers(running, "/readyz", /^503 not yet[^]*the list of HTTPRoute: .*404/);
  await running.serve(empty);
  await answers(running, "/readyz", /^200 /);
  expect(await running.ask("/healthz")).toEqual([200, "ok\n"]);
}, 30_000);
