// What a real Envoy refuses is told by the status of the object that caused it, and is mended by itself; and nothing that people can read
// gives a private key away.

import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificate } from "../reconcilers/testing/certificates.ts";
import { envoyPath } from "./host/envoy-binary.ts";
import { runStandalone } from "./main.ts";

const timeoutMs = 40_000;
let folder: string;
let taken: Server;
let port: number;
let logged: string;
const stop = new AbortController();
let running: Promise<void>;

beforeAll(async () => {
  process.env["ENVOY_PATH"] = await envoyPath();
  folder = await mkdtemp(join(tmpdir(), "refusal-"));
  taken = createServer().listen(0, "0.0.0.0");
  await once(taken, "listening");
  port = (taken.address() as AddressInfo).port;
  await writeFile(join(folder, "gateway.yaml"), objects(port));
  logged = "";
  for (const stream of [process.stderr, process.stdout]) {
    jestSpy(stream);
  }
  const options = { paths: [folder], stateFolder: join(folder, ".state"), adminPort: 0, metricsPort: 0, logLevel: "debug" };
  running = runStandalone(options, stop.signal);
}, 300_000);

afterAll(async () => {
  stop.abort();
  await running;
  restore.forEach((each) => each());
  taken.close();
  await rm(folder, { recursive: true });
});

const restore: (() => void)[] = [];
function jestSpy(stream: NodeJS.WriteStream): void {
  const write = stream.write.bind(stream);
  stream.write = (chunk: string | Uint8Array) => ((logged += String(chunk)), true);
  restore.push(() => void (stream.write = write));
}

const pair = makeCertificate({ names: ["example.com"] });
const objects = (listenerPort: number): string => `
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
  listeners:
    - name: https
      protocol: HTTPS
      port: ${listenerPort}
      tls: {certificateRefs: [{name: pair}]}
---
apiVersion: v1
kind: Secret
metadata: {name: pair}
type: kubernetes.io/tls
data:
  tls.crt: ${Buffer.from(pair.certificate).toString("base64")}
  tls.key: ${Buffer.from(pair.key).toString("base64")}
`;

async function addresses(): Promise<{ readonly admin: string; readonly metrics: string }> {
  return JSON.parse(await readFile(join(folder, ".state/running.json"), "utf8")) as { admin: string; metrics: string };
}

async function page(path: string): Promise<string> {
  const { admin, metrics } = await addresses();
  return (await fetch(`http://${path === "/metrics" ? metrics : admin}${path}`)).text();
}

interface Shown {
  readonly kind: string;
  readonly status?: { readonly listeners?: readonly { readonly conditions: readonly Record<string, unknown>[] }[] };
}

/** Condition Programmed of the listener; undefined before there is one. */
async function programmed(): Promise<Record<string, unknown> | undefined> {
  try {
    const all = JSON.parse(await page("/objects")) as readonly Shown[];
    const listeners = all.find(({ kind }) => kind === "Gateway")?.status?.listeners;
    return listeners?.[0]?.conditions.find(({ type }) => type === "Programmed");
  } catch {
    return undefined; // it has not started yet
  }
}

async function until(reason: string): Promise<Record<string, unknown>> {
  const end = performance.now() + 20_000;
  for (;;) {
    const condition = await programmed();
    if (condition?.["reason"] === reason) return condition;
    if (performance.now() > end) throw new Error(`still ${JSON.stringify(condition)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

test(
  "a listener whose port another process has is refused in Envoy's words, and programmed once the port is free",
  async () => {
    expect(await until("RejectedByProxy")).toEqual({
      type: "Programmed",
      status: "False",
      reason: "RejectedByProxy",
      message: expect.stringMatching(new RegExp(`^The proxy refused tcp-${port}: .*${port}.*Address already in use`)),
      observedGeneration: 1,
      lastTransitionTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    expect(await page("/metrics")).toContain('envoy_gateway_responses_refused_total{proxy="default/eg",type="Listener"} ');
    taken.close();
    expect(await until("Programmed")).toMatchObject({ status: "True" });
  },
  timeoutMs,
);

test("the dump shows names, versions and how far streams are; it can be narrowed down", async () => {
  await until("Programmed");
  const dump = JSON.parse(await page("/config_dump?type=Secret")) as {
    readonly proxies: readonly { readonly resources: Readonly<Record<string, readonly unknown[]>> }[];
    readonly streams: readonly { readonly types: readonly unknown[] }[];
  };
  const typeUrl = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
  expect(dump.proxies.map(({ resources }) => resources)).toEqual([
    {
      [typeUrl]: [
        {
          name: "default/pair",
          version: expect.stringMatching(/^\w+$/),
          resource: expect.objectContaining({ name: "default/pair" }),
        },
      ],
    },
  ]);
  expect(dump.streams.map(({ types }) => types)).toEqual([
    [expect.objectContaining({ typeUrl, held: 1, refused: [], outstanding: [] })],
  ]);
  expect(JSON.parse(await page("/config_dump?proxy=none%2Fsuch"))).toEqual({ proxies: [], streams: [], problems: [] });
});

test("a private key is in no page and in no log", async () => {
  await until("Programmed");
  const pages = await Promise.all(["/objects", "/config_dump", "/problems", "/metrics"].map(page));
  const body = pair.key.split("\n")[1]!;
  const encoded = Buffer.from(pair.key).toString("base64").slice(0, 60);
  expect(logged).toContain("revision 1: ");
  for (const text of [...pages, logged]) {
    for (const secret of ["BEGIN PRIVATE KEY", body, encoded]) expect(text.includes(secret)).toBe(false);
  }
});
