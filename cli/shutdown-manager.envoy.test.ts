// A real Envoy that is told to end while clients use it.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { Agent, createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect as connectTcp, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { envoyPath } from "../operator/host/envoy-binary.ts";
import { until } from "../xds/testing/envoy.ts";
import { startShutdownManager, type ShutdownManager, type ShutdownOptions } from "./shutdown-manager.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const socket = (port: number) => ({ socket_address: { address: "127.0.0.1", port_value: port } });
const extension = (name: string, type: string, more: object = {}) => ({
  name,
  typed_config: { "@type": `type.googleapis.com/${type}`, ...more },
});

/** An Envoy in front of a backend, on ports of its choice. */
async function startEnvoy(backend: number) {
  const folder = await mkdtemp(join(tmpdir(), "shutdown-"));
  const manager = extension("hcm", "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", {
    stat_prefix: "web",
    route_config: {
      virtual_hosts: [{ name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "backend" } }] }],
    },
    http_filters: [extension("router", "envoy.extensions.filters.http.router.v3.Router")],
  });
  const assignment = { cluster_name: "backend", endpoints: [{ lb_endpoints: [{ endpoint: { address: socket(backend) } }] }] };
  const config = {
    admin: { address: socket(0) },
    static_resources: {
      listeners: [{ name: "web", address: socket(0), filter_chains: [{ filters: [manager] }] }],
      clusters: [{ name: "backend", type: "STATIC", connect_timeout: "1s", load_assignment: assignment }],
    },
  };
  const adminFile = join(folder, "admin");
  const args = ["--config-yaml", JSON.stringify(config), "--admin-address-path", adminFile, "--use-dynamic-base-id"];
  const child = spawn(await envoyPath(), [...args, "-l", "error", "--drain-strategy", "immediate", "--concurrency", "2"]);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  undo.push(async () => {
    child.kill("SIGKILL");
    await exited;
    await rm(folder, { recursive: true });
  });
  const address = await until(() => readFile(adminFile, "utf8").catch(() => undefined), "Envoy writes its admin address");
  const admin = { host: "127.0.0.1", port: Number(address.split(":")[1]) };
  const ask = async (path: string): Promise<string> => (await fetch(`http://${address}${path}`)).text();
  const listeners = await until(async () => {
    const dump = JSON.parse(await ask("/listeners?format=json")) as {
      listener_statuses?: { local_address: { socket_address: { port_value: number } } }[];
    };
    return dump.listener_statuses;
  }, "the listener listens");
  const { port_value: port } = listeners[0]!.local_address.socket_address;
  return { admin, port, ask, end: () => child.kill("SIGTERM"), exited };
}

/** A backend that answers a path "/slow" when it is told to, and all others at once. */
async function startBackend(): Promise<{ readonly port: number; readonly held: ServerResponse[] }> {
  const held: ServerResponse[] = [];
  const server: Server = createServer((incoming, response) => {
    if (incoming.url === "/slow") held.push(response);
    else response.end("ok");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  undo.push(() => (server.close(), server.closeAllConnections()));
  return { port: (server.address() as AddressInfo).port, held };
}

function get(port: number, path: string, agent?: Agent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path, agent }, (response) => {
      response.resume();
      response.on("end", () => resolve(response));
    })
      .on("error", reject)
      .end();
  });
}

function keepAlive(): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  undo.push(() => agent.destroy());
  return agent;
}

async function start(options: Partial<ShutdownOptions> = {}) {
  const backend = await startBackend();
  const envoy = await startEnvoy(backend.port);
  const log: string[] = [];
  const manager = await startShutdownManager({
    host: "127.0.0.1",
    port: 0,
    admin: envoy.admin,
    minDrainMs: 0,
    drainMs: 30_000,
    exitAtConnections: 0,
    pollMs: 10,
    log: (message) => log.push(message),
    ...options,
  });
  undo.push(() => manager.close());
  return { backend, envoy, manager, log };
}

/** What kubelet does with a pod that ends. */
function endPod(manager: ShutdownManager) {
  const over = { asked: false, told: false };
  const hook = get(manager.port, "/shutdown/ready").then(({ statusCode }) => ((over.asked = true), statusCode));
  const signal = manager.terminate().then(() => (over.told = true));
  return { over, hook, signal };
}

const drains = (ask: (path: string) => Promise<string>) =>
  until(async () => (await ask("/ready")).includes("DRAINING") || undefined, "Envoy drains");

test("requests under way end well, clients that keep connections are asked to leave, late ones are served, and then Envoy may end", async () => {
  const { backend, envoy, manager, log } = await start();
  const agent = keepAlive();
  expect((await get(envoy.port, "/", agent)).headers.connection).not.toBe("close");
  const slow = get(envoy.port, "/slow");
  await until(() => backend.held.length === 1 || undefined, "the slow request is at the backend");

  const { over, hook, signal } = endPod(manager);
  await drains(envoy.ask);
  const [kept, late] = [await get(envoy.port, "/", agent), await get(envoy.port, "/")];
  expect([kept, late].map(({ statusCode, headers }) => [statusCode, headers.connection])).toEqual([
    [200, "close"],
    [200, "close"],
  ]);
  expect(over).toEqual({ asked: false, told: false });

  backend.held[0]!.end("at last");
  expect((await slow).statusCode).toBe(200);
  expect(await hook).toBe(200);
  await signal;
  expect(log).toEqual([expect.stringMatching(/^drained for [\d.]+ s: 0 connections are left$/)]);
  envoy.end();
  await envoy.exited;
}, 60_000);

test("who does not leave is waited for until the time is over", async () => {
  const { envoy, manager, log } = await start({ drainMs: 700 });
  const idle = connectTcp(envoy.port, "127.0.0.1");
  undo.push(() => idle.destroy());
  await until(
    async () => /web.*|downstream_cx_active: 1/.test(await envoy.ask("/stats?filter=downstream_cx_active$")) || undefined,
    "it is there",
  );
  const { hook } = endPod(manager);
  expect(await hook).toBe(200);
  expect(log).toEqual([expect.stringMatching(/^drained for 0\.[7-9] s: the time is over$/)]);
}, 60_000);

test("nobody there is no reason to end before load balancers have looked elsewhere", async () => {
  const { manager, log } = await start({ minDrainMs: 600 });
  expect(await endPod(manager).hook).toBe(200);
  expect(log).toEqual([expect.stringMatching(/^drained for 0\.[6-9] s: 0 connections are left$/)]);
}, 60_000);

test("neither a question without a signal nor a signal without a question drains", async () => {
  const { envoy, manager, log } = await start({ apartMs: 200 });
  expect((await get(manager.port, "/shutdown/ready")).statusCode).toBe(200);
  await new Promise((resolve) => setTimeout(resolve, 250));
  await manager.terminate();
  expect([log, (await envoy.ask("/ready")).trim()]).toEqual([[], "LIVE"]);
  expect((await get(manager.port, "/healthz")).statusCode).toBe(200);
  expect((await get(manager.port, "/elsewhere")).statusCode).toBe(404);
}, 60_000);

test("a sidecar that starts anew takes back what an earlier one began", async () => {
  const { envoy } = await start();
  await fetch(`http://127.0.0.1:${envoy.admin.port}/healthcheck/fail`, { method: "POST" });
  expect((await envoy.ask("/ready")).trim()).toBe("DRAINING");
  const nothing = { minDrainMs: 0, drainMs: 1, exitAtConnections: 0, log: () => {} };
  const again = await startShutdownManager({ host: "127.0.0.1", port: 0, admin: envoy.admin, ...nothing });
  undo.push(() => again.close());
  expect((await envoy.ask("/ready")).trim()).toBe("LIVE");
}, 60_000);

test("as a process it ends after the drain, and with an Envoy that is gone", async () => {
  const gone = await startBackend();
  const args = [
    "envoy",
    "shutdown-manager",
    "--port=0",
    `--admin-port=${gone.port}`,
    "--min-drain-duration=1ms",
    "--drain-timeout=500ms",
  ];
  const child = spawn(process.execPath, [join(import.meta.dirname, "../dist/envoy-gateway.js"), ...args]);
  undo.push(() => child.kill("SIGKILL"));
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const [, port] = await until(() => /listening on port (\d+)/.exec(log) ?? undefined, "it listens");
  const hook = get(Number(port), "/shutdown/ready");
  child.kill("SIGTERM");
  expect((await hook).statusCode).toBe(200);
  expect(await exited).toBe(0);
}, 60_000);
