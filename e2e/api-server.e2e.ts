// The API server that tests of the operator run against: what they count on.

import { execFileSync } from "node:child_process";
import { startApiServer, type ApiServer } from "./cluster/control-plane.ts";
import { kubernetesProgram } from "./cluster/programs.ts";

let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer();
}, 900_000);
afterAll(() => server?.stop());

function kubectl(...args: readonly string[]): string {
  const program = kubernetesProgram("kubectl");
  return execFileSync(program, ["--kubeconfig", server.kubeconfigFile, ...args], { encoding: "utf8" });
}

function revision(name: string): string {
  return kubectl("get", "configmap", name, "-o", "jsonpath={.metadata.resourceVersion}");
}

/** The code that a watch from the revision is answered with: 200 for a stream, or the code of its first event's error. */
async function watchFrom(resourceVersion: string): Promise<number> {
  const path = `/api/v1/namespaces/default/configmaps?watch=true&timeoutSeconds=1&resourceVersion=${resourceVersion}`;
  const text = kubectl("get", "--raw", path);
  const first = text === "" ? undefined : (JSON.parse(text.split("\n")[0]!) as { type: string; object: { code: number } });
  return first?.type === "ERROR" ? first.object.code : 200;
}

test("what was written is there after a crash and a restart, at the same address", async () => {
  const { url } = server;
  kubectl("create", "configmap", "kept", "--from-literal=a=b");
  await server.kill();
  expect(() => kubectl("get", "configmap", "kept")).toThrow("refused");
  await server.restart();
  expect(server.url).toBe(url);
  expect(kubectl("get", "configmap", "kept", "-o", "jsonpath={.data.a}")).toBe("b");
});

test("a watch from before a compaction is answered 410", async () => {
  kubectl("create", "configmap", "early");
  const early = revision("early");
  kubectl("create", "configmap", "late");
  expect(await watchFrom(early)).toBe(200);
  await server.compact();
  await server.restart();
  expect(await watchFrom(early)).toBe(410);
});
