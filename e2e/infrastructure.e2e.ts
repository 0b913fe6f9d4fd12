// What proxies consist of, against a real API server: applied, applied again, changed, refused, taken over, removed.

import { type Json, type Kubernetes, type Objects, pathOf, proxyOn, startObjects, until } from "./infrastructure/world.ts";

let objects: Objects;
beforeAll(async () => void (objects = await startObjects()), 900_000);
afterAll(() => objects?.close());

const running = (name?: string) => proxyOn(objects, name);

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
    Promise.all(kinds.map(async (kind) => (await objects.read(kind, name))?.metadata.resourceVersion));
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
    () => objects.read("HorizontalPodAutoscaler", name),
    (found) => found === undefined,
  );
  await until(
    () => objects.read("PodDisruptionBudget", name),
    (found) => found === undefined,
  );
  expect([await objects.read("Deployment", name), await objects.read("Service", name)]).not.toContain(undefined);
  await objects.makeReady("Deployment", `${name}-other`);
  await until(
    async () => [await objects.read("Deployment", name), await objects.read("Service", name)],
    (found) => found.every((each) => !each),
  );
  expect(await objects.read("Service", `${name}-other`)).toBeDefined();
});

test("a DaemonSet takes over from a Deployment when it serves, and the other way round", async () => {
  const { name, apply } = running();
  await apply();
  await apply({ envoyDaemonSet: {} });
  expect(await objects.read("Deployment", name)).toBeDefined();
  await objects.makeReady("DaemonSet", name);
  await until(
    () => objects.read("Deployment", name),
    (found) => found === undefined,
  );
  await apply();
  await objects.makeReady("Deployment", name);
  await until(
    () => objects.read("DaemonSet", name),
    (found) => found === undefined,
  );
});

test("what an earlier process left behind goes too: objects in the other namespace, and those of a Gateway that is gone", async () => {
  const before = running();
  await before.apply({}, {}, { deployType: "ControllerNamespace" });
  const [account] = before.wanted({}, {}, { deployType: "ControllerNamespace" });
  const old = account!.metadata.name;
  expect(await objects.read("Deployment", old, "envoy-gateway-system")).toBeDefined();
  await before.infrastructure.close();
  const { apply, infrastructure, removeAll } = running(before.name);
  expect(await infrastructure.leftBehind()).toContain(`default/${before.name}`);
  await apply();
  await objects.makeReady("Deployment", before.name);
  for (const kind of ownKinds)
    await until(
      () => objects.read(kind, old, "envoy-gateway-system"),
      (found) => found === undefined,
    );
  await removeAll();
  expect(await Promise.all(ownKinds.map((kind) => objects.read(kind, before.name)))).toEqual(ownKinds.map(() => undefined));
  expect(await infrastructure.leftBehind()).not.toContain(`default/${before.name}`);
});

test("what belongs to somebody else is not touched, whatever its kind; it is taken up when that is gone", async () => {
  const { name, apply, troubles, removeAll } = running();
  await objects.create("Service", name, {
    metadata: { name, labels: { app: "theirs" } },
    spec: { ports: [{ port: 1 }] },
  });
  await expect(apply()).rejects.toThrow();
  expect(troubles).toEqual([
    `Service default/${name} exists and does not belong to this proxy: it must be removed, or the proxy's be named otherwise.`,
  ]);
  expect(await objects.read("Deployment", name)).toBeUndefined();
  expect((await objects.read("Service", name))!.spec["ports"]).toMatchObject([{ port: 1 }]);
  await removeAll();
  expect(await objects.read("Service", name)).toBeDefined();
  await objects.remove("Service", name);
  await apply();
  expect(troubles.at(-1)).toBeUndefined();
  expect((await objects.read("Service", name))!.spec["ports"]).toMatchObject([{ port: 80 }]);
});

test("what the API server refuses is told in its words, and the other objects are made", async () => {
  const { name, apply, troubles } = running();
  const patch = { value: { spec: { template: { spec: { restartPolicy: "Never" } } } } };
  await expect(apply({ envoyDeployment: { patch } })).rejects.toThrow();
  expect(troubles).toEqual([expect.stringMatching(/^Deployment default\/\S+ was refused: .* Unsupported value: "Never"/)]);
  expect(await objects.read("Service", name)).toBeDefined();
});

test("replicas belong to whoever scales; when EnvoyProxy has no wish any more the number stays", async () => {
  const { name, apply } = running();
  const replicas = async (): Promise<unknown> => (await objects.read("Deployment", name))!.spec["replicas"];
  await apply();
  await objects.merge("Deployment", { name, subresource: "scale" }, { spec: { replicas: 4 } });
  await apply({ envoyDeployment: { container: { image: "example.com/envoy:2" } } });
  expect(await replicas()).toBe(4);
  await apply({ envoyDeployment: { replicas: 3 } });
  expect(await replicas()).toBe(3);
  await apply({ envoyHpa: { maxReplicas: 5 } });
  expect(await replicas()).toBe(3);
  await objects.merge("Deployment", { name, subresource: "scale" }, { spec: { replicas: 5 } });
  await apply();
  expect(await replicas()).toBe(5);
});

test("a field that cannot be changed makes a new object, but not before that is sure to be taken", async () => {
  const { name, apply, troubles } = running();
  const service = { envoyService: { type: "ClusterIP", externalTrafficPolicy: "Local" } } as const;
  const at = (value: string): Json => ({ addresses: [{ type: "IPAddress", value }] });
  await apply(service, at("10.96.7.1"));
  await apply(service, at("10.96.7.2"));
  const live = await objects.read("Service", name);
  expect(live!.spec["clusterIP"]).toBe("10.96.7.2");
  await expect(apply(service, at("192.0.2.1"))).rejects.toThrow();
  expect(troubles.at(-1)).toContain("192.0.2.1");
  expect((await objects.read("Service", name))!.metadata.uid).toBe(live!.metadata.uid);
});

test("a strategy and a type of Service can be changed, and changed back", async () => {
  const { name, apply } = running();
  for (const strategy of [undefined, { type: "Recreate" }, { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } }]) {
    await apply({ envoyDeployment: { ...(strategy && { strategy }) } });
    expect((await objects.read("Deployment", name))!.spec["strategy"]).toMatchObject(
      strategy ?? { rollingUpdate: { maxUnavailable: 0 } },
    );
  }
  for (const type of ["LoadBalancer", "ClusterIP", "NodePort", "LoadBalancer"] as const) {
    await apply({ envoyService: { type, externalTrafficPolicy: "Local" } });
    expect((await objects.read("Service", name))!.spec["type"]).toBe(type);
  }
});

test("an object that is being deleted is waited for, and made anew", async () => {
  const { name, apply } = running();
  await apply();
  await objects.merge("ConfigMap", { name }, { metadata: { finalizers: ["example.com/slow"] } });
  await objects.remove("ConfigMap", name);
  const { uid } = (await objects.read("ConfigMap", name))!.metadata;
  const again = apply();
  await objects.merge("ConfigMap", { name }, { metadata: { finalizers: null } });
  await again;
  expect((await objects.read("ConfigMap", name))!.metadata.uid).not.toBe(uid);
});

test("removing a proxy leaves those of other Gateways of its namespace", async () => {
  const [one, other] = [running(), running()];
  await one.apply();
  await other.apply();
  await one.removeAll();
  expect([await objects.read("Deployment", one.name), await objects.read("Service", one.name)]).toEqual([undefined, undefined]);
  expect(await objects.read("Deployment", other.name)).toBeDefined();
});

test("what Envoy Gateway itself made is taken over, without what only that wanted", async () => {
  const { name, apply, wanted, removeAll } = running();
  const found = wanted().find(({ kind }) => kind === "Deployment")!;
  const spec = structuredClone(found["spec"]) as { template: { spec: { volumes: object[]; containers: object[] } } };
  spec.template.spec.volumes.push({ name: "certs", secret: { secretName: "envoy" } });
  spec.template.spec.containers.push({ name: "theirs", image: "example.com/theirs" });
  const query = { fieldManager: "envoy-gateway", force: true };
  await objects.client.call({
    method: "PATCH",
    patch: "apply",
    path: pathOf("Deployment", { name }),
    query,
    body: { ...found, spec },
  });
  await apply();
  const { containers, volumes } = ((await objects.read("Deployment", name))!.spec as typeof spec).template.spec;
  expect([containers.length, JSON.stringify(volumes)]).toEqual([1, expect.not.stringContaining("certs")]);
  await removeAll();
  expect(await objects.read("Deployment", name)).toBeUndefined();
});
