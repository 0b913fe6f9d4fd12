// The built command line, run as a user runs it. `npm test` builds it first.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const binary = join(root, "dist/envoy-gateway.js");
const examples = join(root, "manifests/examples");

const run = (args: readonly string[], input = "") => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [binary, ...args], { input, encoding: "utf8", cwd: root });
  return { status, stdout, stderr };
};

interface Printed {
  readonly resources: readonly { readonly kind: string; readonly status?: object }[];
  readonly xds: Readonly<Record<string, object>>;
}

/** Every condition anywhere inside, as "type=status". */
function conditions(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(conditions);
  if (typeof value !== "object" || value === null) return [];
  const { type, status, reason } = value as { type?: unknown; status?: unknown; reason?: unknown };
  const own = typeof type === "string" && typeof status === "string" && typeof reason === "string" ? [`${type}=${status}`] : [];
  return [...own, ...Object.values(value).flatMap(conditions)];
}

// What of the examples needs no cluster.
for (const example of readdirSync(examples).filter((name) => name !== "kubernetes")) {
  test(`the example ${example} is valid, and all its conditions are True`, () => {
    const { status, stdout, stderr } = run(["translate", "-f", join(examples, example), "-o", "json"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const printed = JSON.parse(stdout) as Printed;
    const said = printed.resources.flatMap((object) => conditions(object.status));
    expect(said.filter((each) => !each.endsWith("=True"))).toEqual([]);
    expect(said).toContain("Programmed=True");
    expect(Object.keys(printed.xds)).toEqual(["default/eg"]);
  });
}

test("version tells what is implemented", () => {
  expect(run(["version"]).stdout).toMatch(
    /^envoy-gateway-operator +\d+\.\d+\.\d+\nEnvoy +1\.37\.0\nGateway API +v1\.4\.1\nEnvoy Gateway API +v1\.7\.0\n$/,
  );
});

test("validate counts what is fine", () => {
  expect(run(["validate", "-f", join(examples, "quickstart")])).toEqual({
    status: 0,
    stdout: "4 objects in 3 files are valid.\n",
    stderr: "",
  });
});

test("validate names file, line, object and field of what is wrong", () => {
  const text =
    "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata:\n  name: eg\nspec:\n  gatewayClassName: eg\n  listeners:\n    - name: http\n      protocol: HTTP\n      port: 70000\n";
  const { status, stdout } = run(["validate", "-f", "-"], text);
  expect(status).toBe(1);
  expect(stdout).toMatch(/^-:10: Gateway default\/eg: spec\.listeners\[0\]\.port: .+\n$/);
});

test("translate says where the YAML is broken, and still prints the rest", () => {
  const folder = mkdtempSync(join(tmpdir(), "cli-"));
  try {
    writeFileSync(join(folder, "broken.yaml"), "kind: [\n");
    const { status, stdout, stderr } = run(["translate", "-f", join(examples, "quickstart"), "-f", folder]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/broken\.yaml:\d+: not YAML: /);
    expect(stdout).toContain("name: tcp-8888");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("private keys are never printed", () => {
  expect(run(["translate", "-f", join(examples, "https"), "-o", "json"]).stdout).not.toContain("BEGIN PRIVATE KEY");
});

test("a file that is not there is one line, not a stack", () => {
  const { status, stderr } = run(["translate", "-f", "/nowhere.yaml"]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^envoy-gateway: cannot read \/nowhere\.yaml: ENOENT.*\n$/);
});

test("a flag misspelt gets a hint", () => {
  const { status, stderr } = run(["standalone", "--quickstar"]);
  expect(status).toBe(1);
  expect(stderr).toContain("Did you mean --quickstart?");
});

test("status shows the conditions of the instance it is pointed at", async () => {
  const condition = { type: "Accepted", status: "True", reason: "Accepted", message: "Fine." };
  const objects = [{ kind: "Gateway", metadata: { namespace: "default", name: "eg" }, status: { conditions: [condition] } }];
  const server = createServer((_, response) => void response.end(JSON.stringify({ objects }))).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const child = spawn(process.execPath, [binary, "status", "gateway/eg", "--admin", `http://127.0.0.1:${port}`]);
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  const code = await new Promise((resolve) => child.once("close", resolve));
  server.close();
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout:
      "OBJECT              ABOUT  CONDITION  STATUS  REASON    MESSAGE\ngateway/default/eg         Accepted   True    Accepted  Fine.\n",
  });
});
