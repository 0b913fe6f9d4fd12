// Every example, as an API server sees it: `kubectl apply -f` of the folder, with the schemas and CEL rules of all CRDs in force.

import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { startApiServer, type ApiServer } from "./cluster/control-plane.ts";
import { kubernetesProgram } from "./cluster/programs.ts";
import { crds } from "./crds/upstream.ts";

const examples = join(import.meta.dirname, "../manifests/examples");
const folders = [...new Set(globSync("**/*.yaml", { cwd: examples }).map((file) => dirname(file)))].toSorted();

let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer();
  const list = { apiVersion: "v1", kind: "List", items: crds() };
  expect(kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify(list))).toMatchObject({ stderr: "", status: 0 });
  kubectl(["wait", "crd", "--all", "--for=condition=Established", "--timeout=60s"]);
}, 900_000);
afterAll(() => server?.stop());

function kubectl(
  args: readonly string[],
  input = "",
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(kubernetesProgram("kubectl"), ["--kubeconfig", server.kubeconfigFile, ...args], { encoding: "utf8", input });
}

/** "Gateway eg" of each object in the files of the folder, without reading YAML. */
function kindsIn(folder: string): readonly string[] {
  const text = globSync("*.yaml", { cwd: join(examples, folder) }).map((name) =>
    readFileSync(join(examples, folder, name), "utf8"),
  );
  return text.flatMap((one) => [...one.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind!.toLowerCase())).toSorted();
}

test("the examples for clusters and those for standalone mode are found", () => {
  expect(folders).toEqual(expect.arrayContaining(["kubernetes/quickstart", "quickstart", "https", "tcp-udp"]));
});

test.each(folders)("%s is accepted whole, without a warning", (folder) => {
  const { status, stdout, stderr } = kubectl(["apply", "-f", join(examples, folder)]);
  expect(stderr).toBe("");
  expect(status).toBe(0);
  const applied = stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/[./]/)[0]!);
  expect(applied.toSorted()).toEqual(kindsIn(folder));
});

test("an example with a mistake would be refused: a schema, a rule, and a field that does not exist", () => {
  const text = readFileSync(join(examples, "kubernetes/quickstart/all.yaml"), "utf8");
  const apply = (from: string, to: string): string => {
    expect(text).toContain(from);
    return kubectl(["apply", "-f", "-"], text.replace(from, to)).stderr;
  };
  expect(apply("port: 80\n", "port: 80000\n")).toContain("spec.listeners[0].port");
  expect(apply("protocol: HTTP\n", "protocol: TCP\n      hostname: www.example.com\n")).toContain(
    "hostname must not be specified",
  );
  expect(apply("parentRefs:", "parentReferences:")).toContain('unknown field "spec.parentReferences"');
});
