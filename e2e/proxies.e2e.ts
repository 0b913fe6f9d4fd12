// Gateways come alive, and what becomes of their proxies reaches their status: the whole operator against a real API server. No controller runs
// there, so the test says what controllers would.

import { runOperator } from "../operator/main.ts";
import { freePorts } from "../operator/testing/free-ports.ts";
import { crds } from "./crds/upstream.ts";
import { type Json, type Objects, pathOf, startObjects, until } from "./infrastructure/world.ts";

let objects: Objects;
beforeAll(async () => {
  objects = await startObjects();
  for (const body of crds()) {
    const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    await objects.client.call({ method: "POST", path, body });
  }
  // A kind is served some moments after its CRD is there.
  const create = (): Promise<string> => objects.create("GatewayClass", "eg", { spec: { controllerName } }).then(() => "", String);
  await until(create, (problem) => problem === "");
}, 900_000);
afterAll(() => objects?.close());

const controllerName = "gateway.envoyproxy.io/gatewayclass-controller";
const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

/** The same after a restart: proxies are told the port. */
let ports: [number, number, number] | undefined;

/** Until the test ends, or the returned function is called. */
async function start(more: Parameters<typeof runOperator>[0] = {}): Promise<() => Promise<void>> {
  const stop = new AbortController();
  ports ??= (await freePorts(3)) as [number, number, number];
  const [xdsPort, adminPort, healthPort] = ports;
  const running = runOperator(
    {
      kubeconfig: objects.kubeconfigFile,
      xdsHost: "127.0.0.1",
      xdsPort,
      adminPort,
      healthPort,
      metricsPort: "off",
      leaderElection: "off",
      logLevel: "error",
      ...more,
    },
    stop.signal,
  );
  const end = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  endings.push(end);
  return end;
}

let count = 0;
async function gateway(name = `gw-${++count}`): Promise<string> {
  const listeners = [{ name: "http", protocol: "HTTP", port: 80 }];
  await objects.create("Gateway", name, { spec: { gatewayClassName: "eg", listeners } });
  return name;
}

async function programmed(name: string): Promise<string> {
  const status = ((await objects.read("Gateway", name)) as unknown as { status?: { addresses?: Json[]; conditions?: Json[] } })
    .status;
  const condition = status?.conditions?.find(({ type }) => type === "Programmed");
  const addresses = (status?.addresses ?? []).map(({ value }) => String(value)).join(" ");
  return [condition?.["status"], condition?.["reason"], condition?.["message"], addresses].join(" | ");
}

const becomes = (name: string, want: string): Promise<string> =>
  until(
    () => programmed(name),
    (said) => said.includes(want),
  );
const exists = (kind: string, name: string) =>
  until(
    () => objects.read(kind, name),
    (found) => found !== undefined,
  );
const goes = (kind: string, name: string) =>
  until(
    () => objects.read(kind, name),
    (found) => found === undefined,
  );
const balance = (name: string, ip: string): Promise<void> =>
  objects.merge("Service", { name, subresource: "status" }, { status: { loadBalancer: { ingress: [{ ip }] } } });

async function alive(): Promise<string> {
  const name = await gateway();
  await exists("Service", name);
  await balance(name, "192.0.2.1");
  await objects.makeReady("Deployment", name);
  await becomes(name, "True | Programmed");
  return name;
}

test("a Gateway is programmed when it has an address and a proxy is ready, and says until then what is missing", async () => {
  await start();
  const name = await gateway();
  await exists("Service", name);
  await becomes(name, "False | AddressNotAssigned");
  await balance(name, "192.0.2.1");
  expect(await becomes(name, "False | NoResources")).toBe("False | NoResources | No proxy is ready. | ");
  const { labels } = (await objects.read("Deployment", name))!.metadata;
  const containers = [{ name: "envoy", image: "envoy" }];
  await objects.create("Pod", `${name}-1`, { metadata: { name: `${name}-1`, labels }, spec: { containers } });
  const waiting = { reason: "ImagePullBackOff", message: "no such image" };
  const containerStatuses = [{ name: "envoy", image: "envoy", imageID: "", ready: false, restartCount: 0, state: { waiting } }];
  await objects.merge("Pod", { name: `${name}-1`, subresource: "status" }, { status: { containerStatuses } });
  await becomes(name, `Container envoy of pod ${name}-1: ImagePullBackOff, no such image`);
  await objects.remove("Pod", `${name}-1`);
  await objects.makeReady("Deployment", name);
  expect(await becomes(name, "True")).toBe(
    "True | Programmed | Address assigned, 1 of 1 proxies run the current configuration. | 192.0.2.1",
  );
  await objects.remove("Gateway", name);
  await goes("Deployment", name);
  await goes("Service", name);
});

test("what somebody deletes or edits is made again, and a number of replicas is not", async () => {
  await start();
  const name = await alive();
  const { uid } = (await objects.read("ConfigMap", name))!.metadata;
  await objects.remove("ConfigMap", name);
  await until(
    () => objects.read("ConfigMap", name),
    (found) => found !== undefined && found.metadata.uid !== uid,
  );
  await objects.merge("Deployment", { name, subresource: "scale" }, { spec: { replicas: 2 } });
  await objects.merge("Service", { name }, { spec: { externalTrafficPolicy: "Cluster" } });
  await until(
    () => objects.read("Service", name),
    (found) => found?.spec["externalTrafficPolicy"] === "Local",
  );
  expect((await objects.read("Deployment", name))!.spec["replicas"]).toBe(2);
});

test("a name that is taken is told, and taken up when it is free", async () => {
  await start();
  await objects.create("Service", "taken", { spec: { ports: [{ port: 1 }] } });
  await gateway("taken");
  await becomes("taken", "False | NoResources | Service default/taken exists and does not belong to this proxy");
  expect(await objects.read("Deployment", "taken")).toBeUndefined();
  await objects.remove("Service", "taken");
  await exists("Deployment", "taken");
  await becomes("taken", "False | AddressNotAssigned");
});

test("a restart changes nothing of a proxy, and takes nothing back of its status", async () => {
  const stop = await start();
  const name = await alive();
  const before = await Promise.all(
    ["Gateway", "Deployment", "Service", "ServiceAccount"].map((kind) => objects.read(kind, name)),
  );
  await stop();
  await start();
  const other = await gateway(); // when this one is made, that one was looked at
  await exists("Service", other);
  await becomes(other, "AddressNotAssigned");
  const after = await Promise.all(["Gateway", "Deployment", "Service", "ServiceAccount"].map((kind) => objects.read(kind, name)));
  expect(after.map((object) => object?.metadata.resourceVersion)).toEqual(
    before.map((object) => object?.metadata.resourceVersion),
  );
});

test("a Gateway that was deleted while no operator ran leaves nothing, wherever its objects live", async () => {
  const stop = await start({ deployType: "ControllerNamespace" });
  const name = await gateway();
  const labelSelector = `gateway.envoyproxy.io/owning-gateway-name=${name}`;
  const left = async (): Promise<number> => {
    const path = pathOf("Deployment", { namespace: "envoy-gateway-system" });
    return ((await objects.client.call({ path, query: { labelSelector } })) as { items: unknown[] }).items.length;
  };
  await until(left, (found) => found === 1);
  await stop();
  await objects.remove("Gateway", name);
  await start({ deployType: "ControllerNamespace" });
  await until(left, (found) => found === 0);
});
