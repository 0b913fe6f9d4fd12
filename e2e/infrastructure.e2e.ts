// What proxies consist of, against a real API server: applied, applied again, changed, refused, taken over, removed. No controller runs, so the
// test says when pods are ready.

import { randomUUID } from "node:crypto";
import type { EnvoyProxySpec } from "../api/envoyproxy.ts";
import { systemClock } from "../operator/clock.ts";
import { createKubernetesClient, hasStatus, type KubernetesClient } from "../operator/kubernetes/client.ts";
import { createClusterInfrastructure } from "../operator/kubernetes/infrastructure.ts";
import { apiResource, resourcePath } from "../operator/kubernetes/resources.ts";
import { gateway as gatewayReconciler } from "../reconcilers/gateway/index.ts";
import type { OwnedObject } from "../reconcilers/reconciler.ts";
import { config, envoyProxy, gatewayWith, parametersRef } from "../reconcilers/testing/gateways.ts";
import { world } from "../reconcilers/testing/world.ts";
import type { Config } from "../api/config.ts";
import { startApiServer, type ApiServer } from "./cluster/control-plane.ts";

type Json = Readonly<Record<string, unknown>>;
interface Live extends OwnedObject {
  readonly metadata: OwnedObject["metadata"] & { readonly uid: string; readonly resourceVersion: string };
  readonly spec: Json;
}
type Kubernetes = NonNullable<NonNullable<EnvoyProxySpec["provider"]>["kubernetes"]>;

let server: ApiServer;
let client: KubernetesClient;
beforeAll(async () => {
  server = await startApiServer();
  client = createKubernetesClient({ kubeconfig: server.kubeconfigFile });
  await create("v1", "Namespace", undefined, "envoy-gateway-system");
}, 900_000);
afterAll(async () => {
  client?.close();
  await server?.stop();
});

const apiVersions: Readonly<Record<string, string>> = {
  Deployment: "apps/v1",
  DaemonSet: "apps/v1",
  HorizontalPodAutoscaler: "autoscaling/v2",
  PodDisruptionBudget: "policy/v1",
};

function pathOf(kind: string, name: string | undefined, subresource?: string): string {
  const at = { namespace: "default", ...(name && { name }), ...(subresource && { subresource }) };
  return resourcePath(apiResource(apiVersions[kind] ?? "v1", kind)!, at);
}

async function create(
  apiVersion: string,
  kind: string,
  namespace: string | undefined,
  name: string,
  more: Json = {},
): Promise<void> {
  const path = resourcePath(apiResource(apiVersion, kind)!, { namespace });
  await client.call({ method: "POST", path, body: { apiVersion, kind, metadata: { name }, ...more } });
}

async function read(kind: string, name: string, namespace = "default"): Promise<Live | undefined> {
  try {
    const path = resourcePath(apiResource(apiVersions[kind] ?? "v1", kind)!, { namespace, name });
    return (await client.call({ path })) as Live;
  } catch (cause) {
    if (hasStatus(cause, 404)) return undefined;
    throw cause;
  }
}

async function remove(kind: string, name: string): Promise<void> {
  await client.call({ method: "DELETE", path: pathOf(kind, name) });
}

async function merge(kind: string, name: string, body: Json, subresource?: string): Promise<void> {
  await client.call({ method: "PATCH", patch: "merge", path: pathOf(kind, name, subresource), body });
}

/** As if its controller had made every pod and each were ready. */
async function makeReady(kind: "Deployment" | "DaemonSet", name: string): Promise<void> {
  const generation = ((await read(kind, name))!.metadata as unknown as Json)["generation"];
  const counts =
    kind === "Deployment"
      ? { replicas: 1, readyReplicas: 1, updatedReplicas: 1, availableReplicas: 1 }
      : {
          currentNumberScheduled: 1,
          numberMisscheduled: 0,
          desiredNumberScheduled: 1,
          numberReady: 1,
          updatedNumberScheduled: 1,
        };
  await merge(kind, name, { status: { observedGeneration: generation, ...counts } }, "status");
}

async function until<Value>(look: () => Promise<Value>, good: (value: Value) => boolean): Promise<Value> {
  const end = performance.now() + 20_000;
  for (;;) {
    const value = await look();
    if (good(value)) return value;
    if (performance.now() > end) throw new Error(`still ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Infrastructure, and a Gateway of its own whose EnvoyProxy the test chooses. */
function running(name = `gw-${randomUUID().slice(0, 8)}`) {
  const troubles: (string | undefined)[] = [];
  const infrastructure = createClusterInfrastructure({
    client,
    clock: systemClock,
    log: () => {},
    namespaces: undefined,
    writes: () => true,
    onTrouble: (_, trouble) => troubles.push(trouble),
  });
  const uid = `uid-of-${name}`;
  const wanted = (kubernetes: Kubernetes = {}, more: Json = {}, settings: Partial<Config> = {}): readonly OwnedObject[] => {
    const store = world(
      config(settings),
      envoyProxy("settings", { provider: { type: "Kubernetes", kubernetes } }),
      gatewayWith(name, [{ name: "http" }], { uid, infrastructure: { parametersRef: parametersRef("settings") }, ...more }),
    );
    return gatewayReconciler.owned?.(store, `default/${name}`) ?? [];
  };
  const apply = async (...args: Parameters<typeof wanted>): Promise<void> =>
    infrastructure.apply(`default/${name}`, wanted(...args));
  return { name, troubles, infrastructure, wanted, apply, removeAll: () => infrastructure.apply(`default/${name}`, []) };
}

const everything: Kubernetes = {
  envoyDeployment: {
    pod: { annotations: { a: "b" }, imagePullSecrets: [{ name: "s" }], tolerations: [{ key: "k", operator: "Exists" }] },
    container: {
      resources: { requests: { cpu: 0.5, memory: "1024Mi" }, limits: { memory: "1Gi" } },
      env: [{ name: "X", value: "1" }],
    },
    initContainers: [{ name: "first", image: "busybox" }],
  },
  envoyService: { type: "LoadBalancer", externalTrafficPolicy: "Cluster", loadBalancerSourceRanges: ["10.0.0.0/8"] },
  envoyHpa: { maxReplicas: 3 },
  envoyPDB: { minAvailable: "50%" },
};

const ownKinds = ["ServiceAccount", "ConfigMap", "Deployment", "Service"];

test("what is applied again, also by a new process, is not written again", async () => {
  const { name, apply } = running();
  await apply(everything);
  const kinds = [...ownKinds, "HorizontalPodAutoscaler", "PodDisruptionBudget"];
  const versions = async (): Promise<readonly (string | undefined)[]> =>
    Promise.all(kinds.map(async (kind) => (await read(kind, name))?.metadata.resourceVersion));
  const before = await versions();
  expect(before.every((version) => version !== undefined)).toBe(true);
  expect(Number(before[1])).toBeLessThan(Number(before[2])); // pods find their files
  await apply(everything);
  await running(name).apply(everything);
  expect(await versions()).toEqual(before);
});

test("what is called for no more goes: an autoscaler at once, a renamed workload and Service when the new one serves", async () => {
  const { name, apply } = running();
  await apply(everything);
  await apply({
    envoyDeployment: { name: `${name}-other` },
    envoyService: { name: `${name}-other`, type: "LoadBalancer", externalTrafficPolicy: "Local" },
  });
  await until(
    () => read("HorizontalPodAutoscaler", name),
    (found) => found === undefined,
  );
  await until(
    () => read("PodDisruptionBudget", name),
    (found) => found === undefined,
  );
  expect([await read("Deployment", name), await read("Service", name)]).not.toContain(undefined);
  await makeReady("Deployment", `${name}-other`);
  await until(
    async () => [await read("Deployment", name), await read("Service", name)],
    (found) => found.every((each) => !each),
  );
  expect(await read("Service", `${name}-other`)).toBeDefined();
});

test("a DaemonSet takes over from a Deployment when it serves, and the other way round", async () => {
  const { name, apply } = running();
  await apply();
  await apply({ envoyDaemonSet: {} });
  expect(await read("Deployment", name)).toBeDefined();
  await makeReady("DaemonSet", name);
  await until(
    () => read("Deployment", name),
    (found) => found === undefined,
  );
  await apply();
  await makeReady("Deployment", name);
  await until(
    () => read("DaemonSet", name),
    (found) => found === undefined,
  );
});

test("what an earlier process left behind goes too: objects in the other namespace, and those of a Gateway that is gone", async () => {
  const before = running();
  await before.apply({}, {}, { deployType: "ControllerNamespace" });
  const [account] = before.wanted({}, {}, { deployType: "ControllerNamespace" });
  const old = account!.metadata.name;
  expect(await read("Deployment", old, "envoy-gateway-system")).toBeDefined();
  await before.infrastructure.close();
  const { apply, infrastructure, removeAll } = running(before.name);
  expect(await infrastructure.leftBehind()).toContain(`default/${before.name}`);
  await apply();
  await makeReady("Deployment", before.name);
  for (const kind of ownKinds)
    await until(
      () => read(kind, old, "envoy-gateway-system"),
      (found) => found === undefined,
    );
  await removeAll();
  expect(await Promise.all(ownKinds.map((kind) => read(kind, before.name)))).toEqual(ownKinds.map(() => undefined));
  expect(await infrastructure.leftBehind()).not.toContain(`default/${before.name}`);
});

test("what belongs to somebody else is not touched, whatever its kind; it is taken up when that is gone", async () => {
  const { name, apply, troubles, removeAll } = running();
  await create("v1", "Service", "default", name, {
    metadata: { name, labels: { app: "theirs" } },
    spec: { ports: [{ port: 1 }] },
  });
  await expect(apply()).rejects.toThrow();
  expect(troubles).toEqual([
    `Service default/${name} exists and does not belong to this proxy: it must be removed, or the proxy's be named otherwise.`,
  ]);
  expect(await read("Deployment", name)).toBeUndefined();
  expect((await read("Service", name))!.spec["ports"]).toMatchObject([{ port: 1 }]);
  await removeAll();
  expect(await read("Service", name)).toBeDefined();
  await remove("Service", name);
  await apply();
  expect(troubles.at(-1)).toBeUndefined();
  expect((await read("Service", name))!.spec["ports"]).toMatchObject([{ port: 80 }]);
});

test("what the API server refuses is told in its words, and the other objects are made", async () => {
  const { name, apply, troubles } = running();
  const patch = { value: { spec: { template: { spec: { restartPolicy: "Never" } } } } };
  await expect(apply({ envoyDeployment: { patch } })).rejects.toThrow();
  expect(troubles).toEqual([expect.stringMatching(/^Deployment default\/\S+ was refused: .* Unsupported value: "Never"/)]);
  expect(await read("Service", name)).toBeDefined();
});

test("replicas belong to whoever scales; when EnvoyProxy has no wish any more the number stays", async () => {
  const { name, apply } = running();
  const replicas = async (): Promise<unknown> => (await read("Deployment", name))!.spec["replicas"];
  await apply();
  await merge("Deployment", name, { spec: { replicas: 4 } }, "scale");
  await apply({ envoyDeployment: { container: { image: "example.com/envoy:2" } } });
  expect(await replicas()).toBe(4);
  await apply({ envoyDeployment: { replicas: 3 } });
  expect(await replicas()).toBe(3);
  await apply({ envoyHpa: { maxReplicas: 5 } });
  expect(await replicas()).toBe(3);
  await merge("Deployment", name, { spec: { replicas: 5 } }, "scale");
  await apply();
  expect(await replicas()).toBe(5);
});

test("a field that cannot be changed makes a new object, but not before that is sure to be taken", async () => {
  const { name, apply, troubles } = running();
  const service = { envoyService: { type: "ClusterIP", externalTrafficPolicy: "Local" } } as const;
  const at = (value: string): Json => ({ addresses: [{ type: "IPAddress", value }] });
  await apply(service, at("10.96.7.1"));
  await apply(service, at("10.96.7.2"));
  const live = await read("Service", name);
  expect(live!.spec["clusterIP"]).toBe("10.96.7.2");
  await expect(apply(service, at("192.0.2.1"))).rejects.toThrow();
  expect(troubles.at(-1)).toContain("192.0.2.1");
  expect((await read("Service", name))!.metadata.uid).toBe(live!.metadata.uid);
});

test("a strategy and a type of Service can be changed, and changed back", async () => {
  const { name, apply } = running();
  for (const strategy of [undefined, { type: "Recreate" }, { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } }]) {
    await apply({ envoyDeployment: { ...(strategy && { strategy }) } });
    expect((await read("Deployment", name))!.spec["strategy"]).toMatchObject(
      strategy ?? { rollingUpdate: { maxUnavailable: 0 } },
    );
  }
  for (const type of ["LoadBalancer", "ClusterIP", "NodePort", "LoadBalancer"] as const) {
    await apply({ envoyService: { type, externalTrafficPolicy: "Local" } });
    expect((await read("Service", name))!.spec["type"]).toBe(type);
  }
});

test("an object that is being deleted is waited for, and made anew", async () => {
  const { name, apply } = running();
  await apply();
  await merge("ConfigMap", name, { metadata: { finalizers: ["example.com/slow"] } });
  await remove("ConfigMap", name);
  const { uid } = (await read("ConfigMap", name))!.metadata;
  const again = apply();
  await merge("ConfigMap", name, { metadata: { finalizers: null } });
  await again;
  expect((await read("ConfigMap", name))!.metadata.uid).not.toBe(uid);
});

test("removing a proxy leaves those of other Gateways of its namespace", async () => {
  const [one, other] = [running(), running()];
  await one.apply();
  await other.apply();
  await one.removeAll();
  expect([await read("Deployment", one.name), await read("Service", one.name)]).toEqual([undefined, undefined]);
  expect(await read("Deployment", other.name)).toBeDefined();
});

test("what Envoy Gateway itself made is taken over, without what only that wanted", async () => {
  const { name, apply, wanted, removeAll } = running();
  const found = wanted().find(({ kind }) => kind === "Deployment")!;
  const spec = structuredClone(found["spec"]) as { template: { spec: { volumes: object[]; containers: object[] } } };
  spec.template.spec.volumes.push({ name: "certs", secret: { secretName: "envoy" } });
  spec.template.spec.containers.push({ name: "theirs", image: "example.com/theirs" });
  const query = { fieldManager: "envoy-gateway", force: true };
  await client.call({ method: "PATCH", patch: "apply", path: pathOf("Deployment", name), query, body: { ...found, spec } });
  await apply();
  const { containers, volumes } = ((await read("Deployment", name))!.spec as typeof spec).template.spec;
  expect([containers.length, JSON.stringify(volumes)]).toEqual([1, expect.not.stringContaining("certs")]);
  await removeAll();
  expect(await read("Deployment", name)).toBeUndefined();
});
