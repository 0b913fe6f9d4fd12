// What Secrets that do not concern us cost in memory, with a real API server, in processes that do nothing but follow them.

import { fork } from "node:child_process";
import { once } from "node:events";
import { createKubernetesClient, type KubernetesClient } from "../operator/kubernetes/client.ts";
import { startApiServer, type ApiServer } from "./cluster/control-plane.ts";
import { inLanes } from "./support/lanes.ts";
import { until } from "./support/until.ts";

let server: ApiServer;
let direct: KubernetesClient;
const ending: (() => void)[] = [];

beforeAll(async () => {
  server = await startApiServer();
  direct = createKubernetesClient({ kubeconfig: server.kubeconfigFile });
}, 900_000);
afterAll(async () => {
  for (const end of ending) end();
  direct?.close();
  await server?.stop();
});

async function create(path: string, name: string, more: object): Promise<void> {
  await direct.call({ method: "POST", path, body: { metadata: { name }, ...more } });
}

interface Reading {
  readonly synced: boolean;
  readonly objects: number;
  readonly bytes: number;
}

/** A process that only follows Secrets, and how to ask it. */
function followingSecrets(): { readonly read: () => Promise<Reading>; readonly stop: () => void } {
  const child = fork("e2e/watch/secrets.ts", [server.kubeconfigFile], { execArgv: ["--expose-gc"] });
  const read = async (): Promise<Reading> => {
    child.send("?");
    const [reading] = (await once(child, "message")) as [Reading];
    return reading;
  };
  return { read, stop: () => void child.kill() };
}

test("5,000 Secrets that nobody refers to cost a process less than 25 MB, whether it sees them come or finds them", async () => {
  const here = "/api/v1/namespaces/many/secrets";
  await create("/api/v1/namespaces", "many", {});
  const witness = followingSecrets();
  ending.push(witness.stop);
  await until(async () => (await witness.read()).synced, Boolean, { limitMs: 30_000 });
  const before = await witness.read();
  const value = Buffer.alloc(8000, "x").toString("base64");
  const names = Array.from({ length: 5000 }, (_, n) => `secret-${n}`);
  await inLanes(names, (name) => create(here, name, { data: { value } }));
  await until(async () => (await witness.read()).objects === before.objects + names.length, Boolean, { limitMs: 30_000 });
  const finder = followingSecrets();
  ending.push(finder.stop);
  await until(async () => (await finder.read()).synced, Boolean, { limitMs: 30_000 });
  const after = [await witness.read(), await finder.read()];
  expect(after.map(({ objects }) => objects - before.objects)).toEqual([5000, 5000]);
  const grown = after.map(({ bytes }) => Math.round((bytes - before.bytes) / 2 ** 20));
  console.log(`5,000 Secrets: ${grown.join(" and ")} MB`);
  expect(Math.max(...grown)).toBeLessThan(25);
  await direct.call({ method: "DELETE", path: here });
  await until(async () => (await witness.read()).objects === before.objects, Boolean, { limitMs: 60_000 });
});
