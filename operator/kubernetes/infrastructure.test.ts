// What an API server cannot be made to do in e2e/infrastructure.e2e.ts: to fail, to be full, to be cut off. It is a small one here, that keeps
// what is applied as it is and answers as the test says.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OwnedObject } from "../../reconcilers/reconciler.ts";
import { systemClock } from "../clock.ts";
import { createKubernetesClient } from "./client.ts";
import { createClusterInfrastructure } from "./infrastructure.ts";

const labels = {
  "app.kubernetes.io/component": "proxy",
  "app.kubernetes.io/managed-by": "envoy-gateway",
  "gateway.envoyproxy.io/owning-gateway-name": "gw",
  "gateway.envoyproxy.io/owning-gateway-namespace": "default",
};
const made = (apiVersion: string, kind: string): OwnedObject => ({
  apiVersion,
  kind,
  metadata: { name: "gw", namespace: "default", labels },
});
const objects = [made("v1", "ConfigMap"), made("apps/v1", "Deployment"), made("v1", "Service")];

type Answer = { readonly code: number; readonly body?: object } | "cut";

let server: Server;
let folder: string;
let answer: (request: string) => Answer | undefined;
const stored = new Map<string, object>();
const writes: string[] = [];

beforeEach(async () => {
  stored.clear();
  writes.length = 0;
  answer = () => undefined;
  folder = mkdtempSync(join(tmpdir(), "api-"));
  server = createServer((request, response) => void respond(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  const { pathname } = new URL(request.url ?? "", "http://api");
  const { code, body } = handle(request.method ?? "", pathname, text, () => response.destroy());
  if (!response.destroyed) response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body ?? {}));
}

function handle(method: string, path: string, text: string, cut: () => void): { readonly code: number; readonly body?: object } {
  if (method !== "GET") writes.push(`${method} ${path.slice(path.lastIndexOf("/", path.length - 4) + 1)}`);
  const told = answer(`${method} ${path}`);
  if (told === "cut") {
    cut();
    return { code: 0 };
  }
  if (told !== undefined) return told;
  if (!path.endsWith("/gw"))
    return { code: 200, body: { metadata: {}, items: [...stored].flatMap(([at, item]) => (at.startsWith(path) ? [item] : [])) } };
  if (method === "PATCH") {
    const object = JSON.parse(text) as OwnedObject;
    stored.set(path, {
      ...object,
      metadata: { ...object.metadata, uid: path, managedFields: [{ manager: "envoy-gateway-operator", operation: "Apply" }] },
    });
  }
  const found = stored.get(path);
  if (method === "DELETE") stored.delete(path);
  return found === undefined ? { code: 404 } : { code: 200, body: found };
}

function running() {
  const kubeconfig = join(folder, "config");
  const { port } = server.address() as AddressInfo;
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "c",
    clusters: [{ name: "c", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } }],
    users: [{ name: "u", user: {} }],
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  const troubles: (string | undefined)[] = [];
  const infrastructure = createClusterInfrastructure({
    client: createKubernetesClient({ kubeconfig }),
    clock: systemClock,
    log: () => {},
    namespaces: ["default"],
    writes: () => true,
    onTrouble: (proxy, trouble) => troubles.push(trouble && `${proxy}: ${trouble}`),
  });
  return { infrastructure, troubles, apply: () => infrastructure.apply("default/gw", objects) };
}

const failure = (code: number, message: string) => ({ code, body: { kind: "Status", message } });

test.each([
  ["an API server that is down", "cut" as const],
  ["a failure inside of it", failure(500, "etcdserver: request timed out")],
  ["too many requests", failure(429, "slow down")],
  ["a write of somebody else at the same moment", failure(409, "the object has been modified")],
])("%s is the next try's business, and no Gateway's", async (_, told) => {
  const { troubles, apply } = running();
  answer = (request) => (request.startsWith("PATCH") && request.endsWith("deployments/gw") ? told : undefined);
  await expect(apply()).rejects.toThrow(told === "cut" ? "hang up" : told.body.message);
  expect(troubles).toEqual([]);
  answer = () => undefined;
  await apply();
  expect([troubles, [...stored.keys()].length]).toEqual([[undefined], 3]);
});

test.each([
  ["who may not", failure(403, "deployments is forbidden")],
  ["a quota", failure(403, "exceeded quota: q")],
  ["a webhook that says no", failure(400, 'admission webhook "w" denied the request: no')],
  ["a webhook that does not answer", failure(500, 'failed calling webhook "w": timeout')],
])("%s is told of the Gateway, in the API server's words, and the other objects are made", async (_, told) => {
  const { troubles, apply } = running();
  answer = (request) => (request.startsWith("PATCH") && request.endsWith("deployments/gw") ? told : undefined);
  const { message } = told.body;
  await expect(apply()).rejects.toThrow(message);
  expect(troubles).toEqual([`default/gw: Deployment default/gw was refused: ${message}`]);
  expect([...stored.keys()].map((path) => path.split("/").at(-2))).toEqual(["configmaps", "services"]);
});

test("what cannot be listed is not taken to be nothing: nothing is written before it is known what there is", async () => {
  const { troubles, apply, infrastructure } = running();
  answer = (request) => (request.endsWith("/services") ? failure(500, "not now") : undefined);
  await expect(apply()).rejects.toThrow("not now");
  await expect(infrastructure.leftBehind()).rejects.toThrow("not now");
  expect([writes, troubles]).toEqual([[], []]);
  answer = (request) => (request.endsWith("/horizontalpodautoscalers") ? failure(404, "no such resource") : undefined);
  await apply();
  expect(await infrastructure.leftBehind()).toEqual(["default/gw"]);
});

test("things are made in order, pods after their files, and removed the other way round", async () => {
  const { apply, infrastructure } = running();
  await apply();
  await infrastructure.apply("default/gw", []);
  expect(writes.map((line) => line.split(" ")[0])).toEqual(["PATCH", "PATCH", "PATCH", "DELETE", "DELETE", "DELETE"]);
  expect(stored.size).toBe(0);
});

test("a ServiceAccount that is lent is used as it is: not applied, not removed, and made only when it has gone", async () => {
  const { apply, infrastructure, troubles } = running();
  const path = "/api/v1/namespaces/default/serviceaccounts/gw";
  const theirs = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "gw", namespace: "default", labels: {} } };
  stored.set(path, theirs);
  const annotations = { "gateway.envoyproxy.io/only-if-absent": "true" };
  const account = made("v1", "ServiceAccount");
  const lent = { ...account, metadata: { ...account.metadata, annotations } };
  await expect(infrastructure.apply("default/gw", [account, ...objects])).rejects.toThrow("does not belong to this proxy");
  await infrastructure.apply("default/gw", [lent, ...objects]);
  expect([stored.get(path), stored.size, troubles.at(-1)]).toEqual([theirs, 4, undefined]);
  await apply();
  await infrastructure.apply("default/gw", []);
  expect([...stored.values()]).toEqual([theirs]);
  stored.clear();
  await infrastructure.apply("default/gw", [lent, ...objects]);
  expect(stored.get(path)).toMatchObject({ metadata: { labels } });
});
