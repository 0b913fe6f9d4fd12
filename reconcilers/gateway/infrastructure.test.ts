import type { Store } from "../../store/store.ts";
import { config, envoyProxy, gatewayClass, gatewayWith, parametersRef } from "../testing/gateways.ts";
import { world } from "../testing/world.ts";
import type { TestObject } from "../testing/object.ts";
import { gatewayClass as classReconciler } from "../gatewayclass.ts";
import { gateway as gatewayReconciler } from "./index.ts";

const settings = { infrastructure: { parametersRef: parametersRef("settings") } };
const name = "gw";

function owned(...objects: readonly TestObject[]) {
  return gatewayReconciler.owned?.(world(...objects), "default/gw");
}

/** One object of a kind for a Gateway with an HTTP listener and these EnvoyProxy settings. */
function one(kind: string, spec: Readonly<Record<string, unknown>>) {
  const objects = owned(envoyProxy("settings", spec), gatewayWith("gw", [{ name: "http" }], settings));
  return objects?.find((object) => object.kind === kind);
}

function kubernetes(fields: Readonly<Record<string, unknown>>) {
  return { provider: { type: "Kubernetes", kubernetes: fields } };
}

const labels = {
  "app.kubernetes.io/component": "proxy",
  "app.kubernetes.io/managed-by": "envoy-gateway",
  "app.kubernetes.io/name": "envoy",
  "gateway.envoyproxy.io/owning-gateway-name": "gw",
  "gateway.envoyproxy.io/owning-gateway-namespace": "default",
};

test("a Gateway calls for an account, files, a Deployment and a Service in its own namespace", () => {
  const objects = owned(gatewayWith("gw", [{ name: "http" }], { uid: "u1" })) ?? [];
  expect(objects.map(({ kind, metadata }) => [kind, metadata.namespace, metadata.name])).toEqual([
    ["ServiceAccount", "default", name],
    ["ConfigMap", "default", name],
    ["Deployment", "default", name],
    ["Service", "default", name],
  ]);
  const owner = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    name: "gw",
    uid: "u1",
    controller: true,
    blockOwnerDeletion: true,
  };
  expect(objects[3]).toEqual({
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name,
      namespace: "default",
      labels: { ...labels, "gateway.networking.k8s.io/gateway-name": "gw" },
      ownerReferences: [owner],
    },
    spec: {
      type: "LoadBalancer",
      selector: labels,
      sessionAffinity: "None",
      ports: [{ name: "http-80", port: 80, targetPort: 10080, protocol: "TCP" }],
      externalTrafficPolicy: "Local",
    },
  });
});

/** The arguments of the first container of a workload, without the bootstrap, which is returned parsed. */
function commandOf(workload: unknown) {
  const { template } = (workload as { spec: { template: { spec: { containers: { args: string[] }[] } } } }).spec;
  const args = template.spec.containers[0]?.args ?? [];
  const at = args.indexOf("--config-yaml");
  return { args: args.toSpliced(at, 2), bootstrap: JSON.parse(args[at + 1] ?? "") as Record<string, unknown> };
}

test("on a host the only object is how Envoy is started", () => {
  const host = config({ infrastructure: "host" });
  const objects = owned(
    host,
    envoyProxy("settings", { concurrency: 1, logging: { level: { default: "info", http: "debug" } }, extraArgs: ["--x"] }),
    gatewayWith("gw", [{ name: "http" }], settings),
  );
  expect(objects?.map(({ kind }) => kind)).toEqual(["Deployment"]);
  const { args, bootstrap } = commandOf(objects?.[0]);
  const who = `--service-cluster default/gw --service-node envoy-default-gw-3d45476e`;
  const how =
    "--log-level info --ignore-unknown-dynamic-fields --drain-strategy immediate --concurrency 1 --component-log-level misc:error,http:debug --drain-time-s 60 --x";
  expect(args.join(" ")).toBe(`${who} ${how}`);
  expect(bootstrap["admin"]).toEqual({ address: { socket_address: { address: "127.0.0.1", port_value: 0 } } });
});

test("EnvoyProxy settings reach the Deployment", () => {
  const deployment = one("Deployment", {
    shutdown: { drainTimeout: "1m30s" },
    ...kubernetes({
      envoyDeployment: {
        replicas: 3,
        pod: { annotations: { a: "b" }, nodeSelector: { disk: "ssd" } },
        container: {
          image: "example.com/envoy:1",
          env: [
            { name: "X", value: "1" },
            { name: "ENVOY_POD_NAME", value: "mine" },
          ],
        },
        patch: {
          value: {
            spec: {
              template: {
                spec: {
                  containers: [
                    { name: "envoy", tty: true },
                    { name: "extra", image: "i" },
                  ],
                },
              },
            },
          },
        },
      },
    }),
  });
  const container = { name: "envoy", image: "example.com/envoy:1", tty: true, command: ["envoy"] };
  expect(deployment).toMatchObject({
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: {
        metadata: { annotations: { a: "b", "prometheus.io/port": "19001" } },
        spec: {
          nodeSelector: { disk: "ssd" },
          terminationGracePeriodSeconds: 390,
          containers: [container, { name: "extra", image: "i" }],
        },
      },
    },
  });
  expect(JSON.stringify(deployment)).toContain('{"name":"ENVOY_POD_NAME","value":"mine"}');
  expect(commandOf(deployment).args).toContain("90");
});

test("replicas are nobody's wish unless EnvoyProxy says so, and the autoscaler's when there is one", () => {
  expect(one("Deployment", {})?.["spec"]).not.toHaveProperty("replicas");
  const scaled = kubernetes({ envoyDeployment: { replicas: 3 }, envoyHpa: { maxReplicas: 5 } });
  expect(one("Deployment", scaled)?.["spec"]).not.toHaveProperty("replicas");
  expect(one("HorizontalPodAutoscaler", scaled)).toMatchObject({ spec: { scaleTargetRef: { name }, maxReplicas: 5 } });
});

test("another listener changes the Service alone: pods are not replaced", () => {
  const [before, after] = [[80], [80, 8443]].map((ports) =>
    owned(
      gatewayWith(
        "gw",
        ports.map((port) => ({ name: `p${port}`, port })),
        { uid: "u" },
      ),
    ),
  );
  const changed = after?.filter((object, i) => JSON.stringify(object) !== JSON.stringify(before?.[i]));
  expect(changed?.map(({ kind }) => kind)).toEqual(["Service"]);
});

test("a DaemonSet replaces the Deployment", () => {
  const objects = owned(
    envoyProxy("settings", kubernetes({ envoyDaemonSet: {} })),
    gatewayWith("gw", [{ name: "http" }], settings),
  );
  expect(objects?.map(({ kind }) => kind)).toEqual(["ServiceAccount", "ConfigMap", "DaemonSet", "Service"]);
});

test("the Service follows EnvoyProxy, addresses asked for, and its patch last", () => {
  const spec = {
    ipFamily: "IPv6",
    ...kubernetes({
      envoyService: { type: "ClusterIP", labels: { l: "1" }, patch: { type: "JSONMerge", value: { spec: { ports: [] } } } },
    }),
  };
  const gateway = gatewayWith("gw", [{ name: "http" }], { ...settings, addresses: [{ value: "10.0.0.9" }] });
  expect(owned(envoyProxy("settings", spec), gateway)?.find(({ kind }) => kind === "Service")).toMatchObject({
    metadata: { labels: { l: "1" } },
    spec: { type: "ClusterIP", clusterIP: "10.0.0.9", ipFamilies: ["IPv6"], ports: [] },
  });
});

test("the Service has a TCP and a UDP port of one number, and ports whose routes are still to come", () => {
  const listeners = [
    { name: "dns", protocol: "UDP", port: 53 },
    { name: "dns-tcp", protocol: "TCP", port: 53 },
    { name: "tls", protocol: "TLS", port: 443, tls: { mode: "Passthrough" } },
  ];
  const made = owned(gatewayWith("gw", listeners))?.find(({ kind }) => kind === "Service");
  expect((made?.["spec"] as { readonly ports: unknown } | undefined)?.ports).toEqual([
    { name: "tcp-53", port: 53, targetPort: 10053, protocol: "TCP" },
    { name: "udp-53", port: 53, targetPort: 10053, protocol: "UDP" },
    { name: "tls-443", port: 443, targetPort: 10443, protocol: "TCP" },
  ]);
});

test("labels and annotations of spec.infrastructure are on everything, but never replace those we select by", () => {
  const infrastructure = { labels: { team: "a", "app.kubernetes.io/name": "x" }, annotations: { note: "n" } };
  for (const object of owned(gatewayWith("gw", [{ name: "http" }], { infrastructure })) ?? [])
    expect(object.metadata).toMatchObject({
      labels: { team: "a", "app.kubernetes.io/name": "envoy" },
      annotations: { note: "n" },
    });
});

test("what runs is left alone while settings cannot be used or no listener is valid", () => {
  expect(owned(gatewayWith("gw", [{ name: "http" }], settings))).toBeUndefined();
  expect(owned(gatewayWith("gw", [{ name: "odd", protocol: "ODD" }]))).toBeUndefined();
});

test("a Gateway that is not ours, or gone, calls for nothing", () => {
  expect(owned()).toEqual([]);
  expect(owned(gatewayClass("eg", { controllerName: "example.com/other" }), gatewayWith("gw", [{ name: "http" }]))).toEqual([]);
});

test("merged Gateways run one proxy, which belongs to their class", () => {
  const merged: Store = world(
    gatewayClass("eg", { parametersRef: { ...parametersRef("all"), namespace: "default" } }),
    envoyProxy("all", { mergeGateways: true }),
    gatewayWith("gw", [{ name: "http" }]),
  );
  expect(gatewayReconciler.owned?.(merged, "default/gw")).toEqual([]);
  expect(classReconciler.owned?.(merged, "/eg")?.map(({ metadata }) => [metadata.namespace, metadata.name.slice(0, 9)])).toEqual(
    Array.from({ length: 4 }, () => ["envoy-gateway-system", "envoy-eg-"]),
  );
  expect(classReconciler.status(merged, "/eg")?.conditions).toEqual([
    { type: "Accepted", status: "True", reason: "Accepted", message: "This controller manages the GatewayClass." },
  ]);
});

/** The pod of a Gateway with these settings, where an image for the sidecar is known. */
function podOf(spec: Readonly<Record<string, unknown>>, image: string | undefined) {
  const objects = owned(
    config(image === undefined ? {} : { shutdownManagerImage: image }),
    envoyProxy("settings", spec),
    gatewayWith("gw", [{ name: "http" }], settings),
  );
  const deployment = objects?.find(({ kind }) => kind === "Deployment");
  return (deployment as unknown as { spec: { template: { spec: { containers: { name: string; args: string[] }[] } } } }).spec
    .template.spec;
}

test("a pod ends gently: kubelet asks a sidecar before it ends Envoy, and gives both the time", () => {
  const { containers, ...pod } = podOf({ shutdown: { drainTimeout: "90s", minDrainDuration: "5s" } }, "example.com/gateway:1");
  expect(containers.map(({ name: container }) => container)).toEqual(["envoy", "shutdown-manager"]);
  const [envoy, sidecar] = containers;
  expect(envoy).toMatchObject({ lifecycle: { preStop: { httpGet: { path: "/shutdown/ready", port: 19002 } } } });
  expect(sidecar).toMatchObject({ image: "example.com/gateway:1", securityContext: { readOnlyRootFilesystem: true } });
  expect(sidecar?.args.join(" ")).toBe("envoy shutdown-manager --ready-timeout=100s --drain-timeout=90s --min-drain-duration=5s");
  expect(pod).toMatchObject({ terminationGracePeriodSeconds: 390 });
});

test("the shortest drain is never longer than the longest", () => {
  const [, sidecar] = podOf({ shutdown: { drainTimeout: "3s" } }, "i").containers;
  expect(sidecar?.args).toContain("--min-drain-duration=3s");
});

test("without an image for the sidecar there is none, and nothing that would ask it", () => {
  const { containers } = podOf({}, undefined);
  expect(containers.map(({ name: container }) => container)).toEqual(["envoy"]);
  expect(containers[0]).not.toHaveProperty("lifecycle");
});

test("the pod has a token for the xDS server alone, and no key: its files say whom to trust and where the token is", () => {
  const pod = podOf({}, undefined);
  const source = { serviceAccountToken: { audience: "envoy-gateway", expirationSeconds: 3600, path: "token" } };
  expect(pod).toMatchObject({
    automountServiceAccountToken: false,
    volumes: [
      { name: "token", projected: { sources: [source] } },
      { name: "sds", configMap: { name } },
    ],
  });
  const files = (one("ConfigMap", {}) as unknown as { data: Readonly<Record<string, string>> }).data;
  const resource = (file: string): unknown => (JSON.parse(files[file] ?? "") as { resources: unknown[] }).resources[0];
  expect(files["ca.crt"]).toBe("the authorities\n");
  expect(resource("xds-trusted-ca.json")).toMatchObject({
    name: "xds_trusted_ca",
    validation_context: { trusted_ca: { filename: "/sds/ca.crt" }, watched_directory: { path: "/sds" } },
  });
  const folder = "/var/run/secrets/envoy-gateway";
  expect(resource("xds-token.json")).toMatchObject({
    name: "xds_token",
    generic_secret: { secret: { filename: `${folder}/token`, watched_directory: { path: folder } } },
  });
  expect(Object.keys(files)).toEqual(["ca.crt", "xds-token.json", "xds-trusted-ca.json"]);
});
