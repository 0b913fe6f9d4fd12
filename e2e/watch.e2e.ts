// The cluster as a source, with a real API server behind a proxy that breaks things: after each fault, what was told is what there is.

import { readFileSync } from "node:fs";
import { readDocuments } from "../operator/yaml.ts";
import { createKubernetesClient, type KubernetesClient } from "../operator/kubernetes/client.ts";
import type { ReflectorTiming } from "../operator/kubernetes/reflector.ts";
import { startApiServer, type ApiServer } from "./cluster/control-plane.ts";
import { inLanes } from "./support/lanes.ts";
import { followCluster, type Followed, type FollowOptions } from "./support/followed.ts";
import { startFaults, type Fault, type Faults } from "./support/faults.ts";
import { until as waitFor } from "./support/until.ts";

let server: ApiServer;
let direct: KubernetesClient;
let faults: Faults;
let ending: (() => Promise<void>)[] = [];

beforeAll(async () => {
  server = await startApiServer();
  direct = createKubernetesClient({ kubeconfig: server.kubeconfigFile });
}, 900_000);
afterAll(async () => {
  direct?.close();
  await server?.stop();
});
beforeEach(async () => {
  faults = await startFaults(server);
});
afterEach(async () => {
  for (const end of ending.toReversed()) await end();
  ending = [];
  await faults.stop();
});

function follow(options: FollowOptions = {}): Followed {
  const followed = followCluster(faults.kubeconfigFile, options);
  ending.push(followed.stop);
  return followed;
}

/** Milliseconds until it came true. */
async function until(condition: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<number> {
  const began = performance.now();
  await waitFor(condition, Boolean, { limitMs, everyMs: 10 });
  return performance.now() - began;
}

const services = "/api/v1/namespaces/default/services";
const secrets = "/api/v1/namespaces/default/secrets";

async function create(path: string, name: string, more: object): Promise<void> {
  await direct.call({ method: "POST", path, body: { metadata: { name }, ...more } });
}
const createService = (name: string, port: number) => create(services, name, { spec: { ports: [{ port }] } });
const editService = (name: string, label: string) =>
  direct.call({ method: "PATCH", patch: "merge", path: `${services}/${name}`, body: { metadata: { labels: { label } } } });
const remove = (path: string) => direct.call({ method: "DELETE", path });

async function servicesThere(): Promise<Map<string, string>> {
  const { items } = (await direct.call({ path: services })) as {
    items: { metadata: { name: string; resourceVersion: string } }[];
  };
  return new Map(items.map(({ metadata }) => [`Service default/${metadata.name}`, metadata.resourceVersion]));
}

/** What was told is what there is. */
async function isCurrent({ has }: Followed): Promise<boolean> {
  const there = await servicesThere();
  const known = new Map([...has].filter(([name]) => name.startsWith("Service ")));
  return known.size === there.size && [...there].every(([name, version]) => known.get(name) === version);
}

let serial = 0;
/** Names that no other test uses. */
function three(): readonly [string, string, string] {
  serial++;
  return [`stays-${serial}`, `goes-${serial}`, `returns-${serial}`];
}

async function prepared(names: readonly string[], timing: Partial<ReflectorTiming> = {}): Promise<Followed> {
  for (const name of names) await createService(name, 80);
  const followed = follow({ timing });
  await until(followed.synced, 30_000);
  expect(await isCurrent(followed)).toBe(true);
  return followed;
}

/** One edited, one deleted, one replaced by another of its name, one new. */
async function turmoil([stays, goes, returns]: readonly [string, string, string]): Promise<void> {
  await editService(stays, "edited");
  await remove(`${services}/${goes}`);
  await remove(`${services}/${returns}`);
  await createService(returns, 81);
  await createService(`new-${serial}`, 80);
}

test.each([1, 15, 60])(
  "what happened while the API server was down for %i s is told when it is back, and nothing else",
  async (seconds) => {
    const names = three();
    const followed = await prepared(names);
    followed.told.length = 0;
    await faults.down();
    await turmoil(names);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    expect(followed.told).toEqual([]);
    await faults.up();
    await until(() => isCurrent(followed));
    expect(followed.told.filter((line) => line.includes("Service ")).toSorted()).toEqual(
      [
        `+ Service default/${names[0]}`,
        `- Service default/${names[1]}`,
        `- Service default/${names[2]}`,
        `+ Service default/${names[2]}`,
        `+ Service default/new-${serial}`,
      ].toSorted(),
    );
    await until(() => followed.states.values().every(({ problem }) => problem === undefined));
  },
);

const answer = (status: number, headers = {}): Fault => ({ type: "answer", status, headers });
const watchError = (code: number, reason: string): Fault => ({ type: "watchError", code, reason });
test.each<[string, Fault]>([
  ["is answered 410", answer(410)],
  ["is answered 401", answer(401)],
  ["is answered 403", answer(403)],
  ["is answered 404", answer(404)],
  ["is answered 429", answer(429, { "retry-after": "1" })],
  ["is answered 500", answer(500)],
  ["is answered 504", answer(504)],
  ["says error 410", watchError(410, "Expired")],
  ["says error 500", watchError(500, "InternalError")],
  ["says error 504", watchError(504, "Timeout")],
  ["is cut in the middle of a line", { type: "cut" }],
  ["begins late", { type: "delay", ms: 1500 }],
])("when a watch %s, nothing is lost", async (_, fault) => {
  const names = three();
  const followed = await prepared(names);
  let left = 3;
  faults.fault = (request) => (request.includes("watch=true") && request.includes("/services") && left-- > 0 ? fault : undefined);
  // The watch that is open ends, so that another begins.
  await faults.down();
  await faults.up();
  await until(() => left < 3);
  await turmoil(names);
  await until(() => isCurrent(followed));
  await until(() => left <= 0 || fault.type === "delay");
});

test("a list that is refused is told of once, and synced comes when it is not", async () => {
  let refusing = true;
  faults.fault = (request) => (refusing && request.includes("/services?") ? answer(403) : undefined);
  const followed = follow();
  await until(() => faults.seen.filter((request) => request.includes("/services?")).length >= 4);
  expect(followed.synced()).toBe(false);
  expect(followed.logs.filter((line) => line.startsWith("we may not read services"))).toHaveLength(1);
  refusing = false;
  await until(followed.synced);
  expect(await isCurrent(followed)).toBe(true);
});

test("a connection on which nothing comes any more, and which nobody closes, is given up for another", async () => {
  const names = three();
  const followed = await prepared(names, { silence: 2000 });
  faults.blackHole();
  await turmoil(names);
  await until(() => isCurrent(followed));
});

test("when the history is gone, and the API server with it, everything is listed again", async () => {
  const names = three();
  const followed = await prepared(names);
  await server.kill();
  await server.restart();
  await faults.down();
  await turmoil(names);
  await server.compact();
  await server.restart();
  await faults.up();
  await until(() => isCurrent(followed), 20_000);
  expect(followed.told.filter((line) => line.endsWith(names[2]))).toHaveLength(3);
});

test("something in between that answers 404 to everything takes no objects away", async () => {
  const followed = await prepared(three());
  followed.told.length = 0;
  faults.fault = () => answer(404);
  await faults.down();
  await faults.up();
  const before = faults.seen.length;
  await until(() => faults.seen.length > before + 200);
  expect(followed.told).toEqual([]);
});

test("a kind is watched as soon as its CRD is there, and its objects go with the CRD", async () => {
  const followed = await prepared(three());
  const backends = "/apis/gateway.envoyproxy.io/v1alpha1/namespaces/default/backends";
  const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const crdText = readFileSync("manifests/crds/gateway.envoyproxy.io_backends.yaml", "utf8");
  const crd = readDocuments(crdText)[0]?.value as { metadata: { name: string } };
  expect(followed.states.get("Backend")).toMatchObject({ absent: true, problem: undefined });
  await direct.call({ method: "POST", path: crds, body: crd });
  const spec = { endpoints: [{ fqdn: { hostname: "example.com", port: 80 } }] };
  const body = { apiVersion: "gateway.envoyproxy.io/v1alpha1", kind: "Backend", metadata: { name: "late" }, spec };
  await until(
    async () =>
      await direct.call({ method: "POST", path: backends, body }).then(
        () => true,
        () => false,
      ),
  );
  await until(() => followed.has.has("Backend default/late"));
  expect(followed.states.get("Backend")?.absent).toBe(false);
  await remove(`${crds}/${crd.metadata.name}`);
  await until(() => !followed.has.has("Backend default/late"));
  await until(() => followed.states.get("Backend")?.absent === true);
});

test("only namespaces with the chosen labels are read, as soon as they have them and as long", async () => {
  const namespaces = "/api/v1/namespaces";
  const label = (name: string, team: string | null) =>
    direct.call({ method: "PATCH", patch: "merge", path: `${namespaces}/${name}`, body: { metadata: { labels: { team } } } });
  for (const name of ["ours", "theirs"]) {
    await create(namespaces, name, {});
    await create(`${namespaces}/${name}/services`, "web", { spec: { ports: [{ port: 80 }] } });
  }
  await label("ours", "a");
  const followed = follow({ scope: { selector: { matchLabels: { team: "a" } } } });
  await until(followed.synced, 30_000);
  const known = (): string[] => [...followed.has.keys()].filter((name) => name.startsWith("Service "));
  expect(known()).toEqual(["Service ours/web"]);
  await label("theirs", "a");
  await until(() => known().length === 2);
  await label("ours", null);
  await until(() => known().length === 1);
  expect(known()).toEqual(["Service theirs/web"]);
  await until(() => ![...faults.open].some((request) => request.includes("/namespaces/ours/")));
});

test("of 5,000 Secrets only those that are referenced are fetched, and each change of them is seen within a second", async () => {
  const value = Buffer.from("x".repeat(1000)).toString("base64");
  const names = Array.from({ length: 5000 }, (_, n) => `secret-${n}`);
  await inLanes(names, (name) => create(secrets, name, { data: { value } }));
  const followed = follow();
  followed.asked.add("default/secret-7").add("default/later");
  await until(followed.synced, 60_000);
  await followed.complete();
  const held = (): string[] => [...followed.has.keys()].filter((name) => name.startsWith("Secret "));
  expect(held()).toEqual(["Secret default/secret-7"]);
  const fetched = (): string[] => faults.seen.filter((request) => request.includes(`${secrets}/`));
  expect(fetched()).toEqual([`GET ${secrets}/secret-7`]);

  const before = followed.has.get("Secret default/secret-7");
  const body = { data: { value: Buffer.from("new").toString("base64") } };
  await direct.call({ method: "PATCH", patch: "merge", path: `${secrets}/secret-7`, body });
  expect(await until(() => followed.has.get("Secret default/secret-7") !== before)).toBeLessThan(1000);
  await create(secrets, "later", { data: { value } });
  expect(await until(() => followed.has.has("Secret default/later"))).toBeLessThan(1000);
  await direct.call({ method: "PATCH", patch: "merge", path: `${secrets}/secret-8`, body });
  followed.asked.delete("default/secret-7");
  await followed.complete();
  expect(held()).toEqual(["Secret default/later"]);
  expect(fetched().filter((request) => request.endsWith("secret-8"))).toEqual([]);
}, 300_000);

test("before the first time, what is referenced is waited for, however long it takes to read it", async () => {
  await create(secrets, "slow", {});
  let failures = 4;
  faults.fault = (request) => (request.includes(`${secrets}/slow`) && failures-- > 0 ? answer(500) : undefined);
  const followed = follow();
  followed.asked.add("default/slow");
  await until(followed.synced, 60_000);
  await followed.complete();
  expect(followed.has.has("Secret default/slow")).toBe(true);
  expect(failures).toBeLessThanOrEqual(0);
});
