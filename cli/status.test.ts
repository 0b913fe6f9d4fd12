// `status` against a cluster: which lists it asks an API server for, and that it prints what a standalone instance's looks like. The built command
// line runs; the server answers the few lists a test gives it, and 404 as a cluster without the CRD does.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const endings: (() => void)[] = [];
afterEach(() => endings.splice(0).forEach((end) => end()));

const condition = { type: "Accepted", status: "True", reason: "Accepted", message: "It is.", observedGeneration: 1 };
const gatewayClass = { metadata: { name: "eg" }, status: { conditions: [condition] } };
const gateway = { metadata: { namespace: "team", name: "eg" }, status: { conditions: [condition] } };

/** A kubeconfig for an API server that has these lists, and the paths it was asked for. */
async function cluster(lists: Readonly<Record<string, readonly object[]>>) {
  const asked: string[] = [];
  const server = createServer(({ url = "" }, response) => {
    const path = url.replace(/\?.*/, "");
    asked.push(path);
    const items = lists[path];
    response.statusCode = items === undefined ? 404 : 200;
    response.end(JSON.stringify(items === undefined ? { kind: "Status" } : { metadata: { resourceVersion: "1" }, items }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const folder = mkdtempSync(join(tmpdir(), "status-"));
  const kubeconfig = join(folder, "config");
  const { port } = server.address() as AddressInfo;
  const config = {
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    clusters: [{ name: "k", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } }],
    users: [{ name: "u", user: {} }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  endings.push(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });
  return { kubeconfig, asked };
}

async function status(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [join(root, "dist/envoy-gateway.js"), "status", ...args], {
    env: { ...process.env, KUBECONFIG: "", ...env },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout, stderr };
}

const lists = {
  "/apis/gateway.networking.k8s.io/v1/gatewayclasses": [gatewayClass],
  "/apis/gateway.networking.k8s.io/v1/gateways": [gateway],
};
const table = [
  "OBJECT           ABOUT  CONDITION  STATUS  REASON    MESSAGE",
  "gatewayclass/eg         Accepted   True    Accepted  It is.",
  "gateway/team/eg         Accepted   True    Accepted  It is.",
  "",
].join("\n");

test("a cluster's conditions are one table, whatever kinds it lacks, and its Secrets are left alone", async () => {
  const { kubeconfig, asked } = await cluster(lists);
  expect(await status(["--kubeconfig", kubeconfig])).toEqual({ code: 0, stdout: table, stderr: "" });
  expect(asked.filter((path) => path.startsWith("/api/"))).toEqual([]);
});

test("KUBECONFIG names a cluster too, unless an instance is named", async () => {
  const { kubeconfig } = await cluster(lists);
  expect((await status([], { KUBECONFIG: kubeconfig })).stdout).toBe(table);
  const named = await status(["--admin", "http://127.0.0.1:1"], { KUBECONFIG: kubeconfig });
  expect(named).toMatchObject({ code: 1, stderr: expect.stringContaining("no running instance answers at http://127.0.0.1:1") });
  const both = await status(["--admin", "http://127.0.0.1:1", "--kubeconfig", kubeconfig]);
  expect(both).toMatchObject({ code: 1, stderr: expect.stringContaining("cannot be used with") });
});

test("only what is asked for is read: one kind of one namespace, whole with its kind", async () => {
  const { kubeconfig, asked } = await cluster({ "/apis/gateway.networking.k8s.io/v1/namespaces/team/gateways": [gateway] });
  const { code, stdout } = await status(["gw/eg", "-n", "team", "-o", "json", "--kubeconfig", kubeconfig]);
  const whole = { apiVersion: "gateway.networking.k8s.io/v1", kind: "Gateway", ...gateway };
  expect({ code, printed: JSON.parse(stdout) as unknown }).toEqual({ code: 0, printed: [whole] });
  expect(asked).toEqual(["/apis/gateway.networking.k8s.io/v1/namespaces/team/gateways"]);
});

test("a kubeconfig that cannot be read is named", async () => {
  const { kubeconfig } = await cluster({});
  const { code, stderr } = await status(["--kubeconfig", `${kubeconfig}-that-is-not-there`]);
  expect({ code, stderr: stderr.replaceAll(kubeconfig, "FILE").split(":").slice(0, 2).join(":") }).toEqual({
    code: 1,
    stderr: "envoy-gateway: cannot read the kubeconfig FILE-that-is-not-there",
  });
});
