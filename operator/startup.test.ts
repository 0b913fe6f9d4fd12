// What keeps a standalone process from starting: one clear sentence, and nothing left behind.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StandaloneOptions } from "./config.ts";
import { envoyPath } from "./host/envoy-binary.ts";
import { runStandalone } from "./main.ts";

let folder: string;
let taken: Server;
let port: number;
let envoy: string;

beforeAll(async () => void (envoy = await envoyPath()), 300_000);
beforeEach(async () => {
  process.env["ENVOY_PATH"] = envoy;
  folder = await mkdtemp(join(tmpdir(), "startup-"));
  taken = createServer().listen(0, "0.0.0.0");
  await once(taken, "listening");
  port = (taken.address() as AddressInfo).port;
});
afterEach(async () => {
  taken.close();
  await rm(folder, { recursive: true, force: true });
});

async function failure(options: Partial<StandaloneOptions>): Promise<string> {
  const given = { paths: [folder], stateFolder: join(folder, ".state"), adminPort: 0, metricsPort: 0, logLevel: "error" };
  const error: unknown = await runStandalone({ ...given, ...options }, AbortSignal.timeout(20_000)).then(
    () => "it ran",
    (cause: unknown) => cause,
  );
  const { message, cause } = error as { readonly message?: string; readonly cause?: { readonly message: string } };
  return message === undefined ? String(error) : `${message}|${cause?.message ?? ""}`;
}

for (const [what, option] of [
  ["admin server", "adminPort"],
  ["metrics page", "metricsPort"],
  ["xDS server", "xdsPort"],
] as const) {
  test(`the port of the ${what} is taken`, async () => {
    const place = what === "xDS server" ? "xDS" : "HTTP";
    expect(await failure({ [option]: port })).toMatch(
      new RegExp(`^cannot listen for ${place} on [\\d.]+:${port}: .*(EADDRINUSE|address already in use)`),
    );
    expect(await readdir(join(folder, ".state"))).toEqual(["certs"]);
  });
}

test("the folder of resources is not there", async () => {
  const missing = join(folder, "missing");
  expect(await failure({ paths: [missing] })).toMatch(new RegExp(`^cannot read the resources at ${missing}: ENOENT`));
});

test("the state directory cannot be written", async () => {
  await writeFile(join(folder, "file"), "");
  const stateFolder = join(folder, "file/state");
  expect(await failure({ stateFolder })).toMatch(new RegExp(`^cannot keep certificates in ${stateFolder}/certs\\|ENOTDIR`));
  expect(await failure({ stateFolder, certificatesFolder: join(folder, "certs") })).toMatch(
    new RegExp(`^cannot write to the state directory ${stateFolder}\\|ENOTDIR`),
  );
});

test("ENVOY_PATH leads nowhere, or to another version", async () => {
  process.env["ENVOY_PATH"] = join(folder, "none");
  expect(await failure({})).toMatch(/^ENVOY_PATH is .*\/none, which does not run\|/);
  process.env["ENVOY_PATH"] = join(folder, "old");
  await writeFile(join(folder, "old"), "#!/bin/sh\necho envoy version: abc/1.20.0/Clean/RELEASE/BoringSSL\n");
  await chmod(join(folder, "old"), 0o755);
  expect(await failure({})).toBe(
    `ENVOY_PATH is ${folder}/old, version abc/1.20.0/Clean/RELEASE/BoringSSL; version 1.37 is needed|`,
  );
});

test("on the command line that is one line and exit status 1, and the process ends by itself", async () => {
  const config = join(folder, "config.yaml");
  await writeFile(
    config,
    `apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyGateway
provider: {type: Custom, custom: {resource: {type: File, file: {paths: [${folder}]}}}}
admin: {address: {host: 127.0.0.1, port: ${port}}}
`,
  );
  const main = join(import.meta.dirname, "../cli/main.ts");
  const child = spawn(process.execPath, [main, "server", "--config-path", config, "--state-dir", join(folder, ".state")]);
  let stderr = "";
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  const [code] = (await once(child, "close")) as [number];
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(
      new RegExp(`^envoy-gateway: cannot listen for HTTP on 127.0.0.1:${port}: listen EADDRINUSE[^\\n]*\\n$`),
    ),
  });
}, 30_000);
