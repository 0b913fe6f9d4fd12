// How an operator begins while its API server is away, or answers as nobody should: it is alive, says what it waits for, and is ready soon after
// all is well. The API server is a small one of ours, in which there is nothing; with a real one: e2e/faults.e2e.ts.

import { createServer, type RequestListener, type Server } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OperatorOptions } from "./config.ts";
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
  readonly edit: (options: Partial<OperatorOptions> | "broken") => void;
  readonly metric: (name: string) => Promise<number>;
  readonly end: Promise<string>;
  readonly stop: () => void;
  /** From now on the API server is there, and answers like this. */
  readonly serve: (listener: RequestListener) => Promise<void>;
}

async function started(): Promise<Running> {
  const [port, healthPort, metricsPort] = (await freePorts(3)) as [number, number, number];
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
  const options = {
    kubeconfig,
    healthPort,
    adminPort: 0,
    metricsPort,
    xdsPort: 0,
    xdsHost: "127.0.0.1",
    namespace: "system",
    logLevel: "error",
  };
  const read = (text: string): typeof options => ({ ...options, ...(JSON.parse(text) as object) });
  const file = join(folder, "config.json");
  writeFileSync(file, "{}");
  const end = runOperator(read("{}"), abort.signal, { file, text: "{}", read }).then(
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
    edit: (edited) => writeFileSync(file, edited === "broken" ? edited : JSON.stringify(edited)),
    async metric(name) {
      const page = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
      return Number(new RegExp(`^${name} (.*)$`, "m").exec(await page.text())?.[1]);
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

test.each<[string, RequestListener, RegExp]>([
  ["for everything", () => undefined, /^503 /],
  [
    "for its authority only",
    (request, response) => void (request.url?.includes("/secrets/") || empty(request, response)),
    /^503 not yet, for want of\n- the authority of the xDS server\n$/,
  ],
])(
  "an operator that is stopped while it waits for the API server %s ends within seconds, and well",
  async (_, listener, waiting) => {
    const running = await started();
    await running.serve(listener); // takes requests that it does not answer
    await answers(running, "/readyz", waiting);
    running.stop();
    const late = new Promise((resolve) => void setTimeout(resolve, 6000, "it goes on").unref());
    expect(await Promise.race([running.end, late])).toBe("it ended well");
  },
  30_000,
);

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

test("metrics tell of each watch how many objects it knows, since when it is silent, and what is wrong with it", async () => {
  const running = await started();
  const named = (name: string): object => ({ metadata: { name, namespace: "a", uid: name, resourceVersion: "1" } });
  const items = ["one", "two", "three"].map(named);
  await running.serve((request, response) => {
    if (request.url?.startsWith("/api/v1/services?")) return void response.writeHead(500).end();
    if (!request.url?.startsWith("/api/v1/secrets?limit")) return empty(request, response);
    response.end(JSON.stringify({ metadata: { resourceVersion: "1" }, items }));
  });
  const of = (name: string, watch: string): Promise<number> =>
    running.metric(`envoy_gateway_watch_${name}\\{watch="${watch}"\\}`);
  await answers(running, "/readyz", /^503 not yet[^]*the list of Service: .*500/);
  await until(async () => (await of("objects", "Secret")) === 3);
  await until(async () => (await of("begins_total", "Secret")) === 1);
  const lists = [await of("lists_total", "Secret"), await of("begins_total", "Secret"), await of("problem", "Secret")];
  expect(lists).toEqual([1, 1, 0]);
  expect([
    await of("objects", "Deployment of proxies"),
    await of("lists_total", "Service"),
    await of("problem", "Service"),
  ]).toEqual([0, 0, 1]);
  expect(await of("silence_seconds", "Secret")).toBeLessThan(20);
}, 30_000);

test("an edit of the config file is taken up at once where that can be, and by beginning anew where not; a broken one is not", async () => {
  const running = await started();
  await running.serve(empty);
  await answers(running, "/readyz", /^200 /);
  const batches = (): Promise<number> => running.metric("envoy_gateway_batches_total");
  const before = await batches();
  running.edit({ deployType: "ControllerNamespace" });
  await until(async () => (await batches()) > before);
  running.edit("broken");
  const elsewhere = ((await freePorts(1)) as [number])[0];
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect([await running.ask("/readyz"), (await batches()) > before]).toEqual([[200, "ok\n"], true]);
  running.edit({ adminPort: elsewhere });
  await until(async () =>
    fetch(`http://127.0.0.1:${elsewhere}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  await answers(running, "/readyz", /^200 /);
  running.stop();
  expect(await running.end).toBe("it ended well");
}, 30_000);
