// The life of a standalone process, as its user sees it: a folder of YAML, a real Envoy, curl.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { get } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "./testing/free-ports.ts";
import { envoyPath } from "./host/envoy-binary.ts";

const timeoutMs = 60_000;
let folder: string;
let port: number;
let backend: Server;
let operator: ChildProcess;

beforeAll(async () => void (process.env["ENVOY_PATH"] = await envoyPath()), 300_000);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "standalone-"));
  backend = createServer((_, response) => response.end("hello")).listen(0, "127.0.0.1");
  await once(backend, "listening");
  [port = 0] = await freePorts(1);
  await writeFile(join(folder, "gateway.yaml"), gateway(port));
  await writeFile(join(folder, "route.yaml"), route("/"));
  const script = `import { runStandalone } from ${JSON.stringify(new URL("./main.ts", import.meta.url).href)};
    await runStandalone({ paths: [${JSON.stringify(folder)}], stateFolder: ${JSON.stringify(join(folder, ".state"))}, adminPort: 0, metricsPort: 0 });`;
  operator = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "ignore" });
});
afterEach(async () => {
  operator.kill("SIGKILL");
  await until(() => envoys(), 0);
  backend.close();
  await rm(folder, { recursive: true, force: true });
});

const gateway = (listenerPort: number) => `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: eg}
spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: eg}
spec:
  gatewayClassName: eg
  listeners: [{name: http, protocol: HTTP, port: ${listenerPort}}]
`;

const route = (path: string) => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: app}
spec:
  parentRefs: [{name: eg}]
  rules:
    - matches: [{path: {type: PathPrefix, value: ${path}}}]
      backendRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: app}]
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {name: app}
spec: {endpoints: [{ip: {address: 127.0.0.1, port: ${(backend.address() as AddressInfo).port}}}]}
`;

/** The status code, or 0 when nobody answers. */
function ask(path: string, host = "127.0.0.1"): Promise<number> {
  return new Promise((resolve) => {
    const request = get({ host, port, path, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on("error", () => resolve(0));
  });
}

/** How many Envoys of this test run: their command line names the folder. */
function envoys(): number {
  const lines = execFileSync("ps", ["-A", "-ww", "-o", "stat=,args="], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 }).split(
    "\n",
  );
  return lines.filter((line) => !line.startsWith("Z") && line.includes(`${folder}/.state`) && line.includes("--service-cluster"))
    .length;
}

async function until<Value>(read: () => Promise<Value> | Value, wanted: Value): Promise<void> {
  const end = performance.now() + 20_000;
  for (;;) {
    const value = await read();
    if (value === wanted) return;
    if (performance.now() > end) throw new Error(`still ${String(value)}, not ${String(wanted)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function problems(): Promise<readonly { file: string; line: number }[]> {
  const { admin } = JSON.parse(await readFile(join(folder, ".state/running.json"), "utf8")) as { admin: string };
  return (await fetch(`http://${admin}/problems`)).json() as Promise<readonly { file: string; line: number }[]>;
}

test(
  "edits are served, a broken one is not, a deletion is, and SIGTERM leaves nothing behind",
  async () => {
    await until(() => ask("/x"), 200);
    await writeFile(join(folder, "route.yaml"), route("/new"));
    await until(() => ask("/x"), 404);
    expect(await ask("/new")).toBe(200);
    await writeFile(join(folder, "route.yaml"), route("[broken"));
    await until(async () => (await problems()).length > 0, true);
    expect((await problems())[0]?.file).toBe(join(folder, "route.yaml"));
    expect(await ask("/new")).toBe(200);
    await writeFile(join(folder, "route.yaml"), route("/mended"));
    await until(() => ask("/mended"), 200);
    await unlink(join(folder, "route.yaml"));
    await until(() => ask("/mended"), 404);
    expect(envoys()).toBeGreaterThan(0);
    operator.kill("SIGTERM");
    expect(await once(operator, "exit")).toEqual([0, null]);
    expect(envoys()).toBe(0);
  },
  timeoutMs,
);

test(
  "an Envoy that is killed comes back; with the operator killed, none is left",
  async () => {
    await until(() => ask("/"), 200);
    const pids = execFileSync("ps", ["-A", "-ww", "-o", "pid=,args="], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 })
      .split("\n")
      .filter((line) => line.includes(`${folder}/.state`) && !line.includes("envoy-guard"))
      .map((line) => Number(line.trim().split(" ")[0]));
    for (const pid of pids.filter((each) => each !== operator.pid)) process.kill(pid, "SIGKILL");
    await until(() => ask("/"), 0);
    await until(() => ask("/"), 200);
    operator.kill("SIGKILL");
    await until(() => envoys(), 0);
    expect(await ask("/")).toBe(0);
  },
  timeoutMs,
);

/** A Gateway at this address that serves the backend under its own name. */
const gatewayAt = (name: string, address: string) => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${name}}
spec:
  gatewayClassName: eg
  addresses: [{value: ${address}}]
  listeners: [{name: http, protocol: HTTP, port: ${port}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}}
spec:
  parentRefs: [{name: ${name}}]
  rules:
    - matches: [{path: {value: /${name}}}]
      backendRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: app}]
`;

// Only Linux has a whole loopback network.
(process.platform === "linux" ? test : test.skip)(
  "Gateways with addresses of their own share a port, also with one that asks for none, and can move",
  async () => {
    const answers = () =>
      Promise.all(
        ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"].map((host) =>
          Promise.all(["/one", "/two"].map((path) => ask(path, host))),
        ),
      );
    const settled = (want: readonly (readonly number[])[]) =>
      until(async () => JSON.stringify(await answers()), JSON.stringify(want));
    await writeFile(join(folder, "route.yaml"), route("/one"));
    await writeFile(join(folder, "two.yaml"), gatewayAt("two", "127.0.0.2"));
    await settled([
      [200, 404],
      [404, 200],
      [200, 404],
      [200, 404],
    ]);
    await writeFile(join(folder, "two.yaml"), gatewayAt("two", "127.0.0.3"));
    await settled([
      [200, 404],
      [200, 404],
      [404, 200],
      [200, 404],
    ]);
    await writeFile(
      join(folder, "gateway.yaml"),
      gateway(port).replace("listeners:", "addresses: [{value: 127.0.0.4}]\n  listeners:"),
    );
    await settled([
      [0, 0],
      [0, 0],
      [404, 200],
      [200, 404],
    ]);
  },
  timeoutMs,
);
