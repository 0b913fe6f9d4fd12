// The two control planes that are compared, each as a process of this machine with its own Gateway in the same cluster. One runs at a time: they
// want the same ports, and must not share the processor.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, openSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { createKubernetesClient } from "../../operator/kubernetes/client.ts";
import { cacheFolder } from "../../e2e/cluster/cache.ts";
import { processes } from "../../e2e/cluster/leftovers.ts";
import { nodeAddress } from "../../e2e/cluster/network.ts";
import type { Cluster } from "../../e2e/support/cluster.ts";
import type { Subject } from "./probe.ts";

export interface Running extends Subject {
  /** Ends the process, and removes what it was given. */
  stop(): Promise<void>;
}

const peerModule = "github.com/envoyproxy/gateway/cmd/envoy-gateway@v1.7.0";
const image = "docker.io/library/envoy-gateway-operator:0.1.0";

/** Ours, from dist/, with this layout of route tables. */
export async function startOurs(cluster: Cluster, layout: string): Promise<Running> {
  const controllerName = "gateway.envoyproxy.io/bench-ours";
  const config = configFile(controllerName, { routeTables: { layout } });
  const place = ["--namespace", "bench-ours", "--xds-address", nodeAddress];
  const args = ["operator", "--kubeconfig", cluster.kubeconfigFile, "--config", config, ...place];
  const dist = join(import.meta.dirname, "../../dist/envoy-gateway.js");
  return start(cluster, {
    name: "ours",
    controllerName,
    spawn: (log) => spawn(process.execPath, [dist, ...args], { stdio: ["ignore", log, log] }),
  });
}

/** Envoy Gateway v1.7.0, built by `go install` when it is not kept from before. */
export async function startPeer(cluster: Cluster): Promise<Running> {
  const binary = peerBinary();
  const controllerName = "gateway.envoyproxy.io/bench-peer";
  const namespace = "bench-peer";
  const env = { ...process.env, KUBECONFIG: cluster.kubeconfigFile, ENVOY_GATEWAY_NAMESPACE: namespace };
  const config = configFile(controllerName);
  return start(cluster, {
    name: "peer",
    controllerName,
    prepare() {
      execFileSync(binary, ["certgen", "--disable-topology-injector"], { env, stdio: "ignore" });
      // Where it looks for its own certificate.
      mkdirSync("/certs", { recursive: true });
      const secret = cluster.get("secret/envoy-gateway", "-n", namespace) as { readonly data: Readonly<Record<string, string>> };
      for (const [name, value] of Object.entries(secret.data)) writeFileSync(join("/certs", name), Buffer.from(value, "base64"));
      cluster.apply(JSON.stringify({ apiVersion: "v1", kind: "List", items: servedFromHere(namespace) }));
    },
    spawn: (log) => spawn(binary, ["server", "--config-path", config], { env, stdio: ["ignore", log, log] }),
  });
}

/** The same for both, but for whose classes they serve, and what only one has. */
function configFile(controllerName: string, own: object = {}): string {
  const file = join(mkdtempSync(join(tmpdir(), "bench-")), "envoy-gateway.yaml");
  const kubernetes = { shutdownManager: { image }, leaderElection: { disable: true } };
  const config = {
    apiVersion: "gateway.envoyproxy.io/v1alpha1",
    kind: "EnvoyGateway",
    gateway: { controllerName },
    provider: { type: "Kubernetes", kubernetes },
    logging: { level: { default: "error" } },
    ...own,
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

function peerBinary(): string {
  const folder = cacheFolder("peer", peerModule);
  const binary = join(folder, "envoy-gateway");
  if (existsSync(binary)) return binary;
  console.error(`bench: building ${peerModule}, which takes minutes and is kept in ${folder}`);
  const gopath = join(homedir(), "go");
  execFileSync("go", ["install", peerModule], {
    env: { GOPATH: gopath, ...process.env, GOBIN: folder, GOFLAGS: "" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  return binary;
}

/** A Service whose endpoint is this machine: proxies look for their control plane by name. */
function servedFromHere(namespace: string): readonly object[] {
  const ports = [18_000, 18_001, 18_002].map((port) => ({ name: `p${port}`, port, protocol: "TCP" }));
  const labels = { "kubernetes.io/service-name": "envoy-gateway" };
  return [
    { apiVersion: "v1", kind: "Service", metadata: { name: "envoy-gateway", namespace }, spec: { ports } },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "envoy-gateway-host", namespace, labels },
      addressType: "IPv4",
      ports,
      endpoints: [{ addresses: [nodeAddress], conditions: { ready: true } }],
    },
  ];
}

interface Spec {
  readonly name: string;
  readonly controllerName: string;
  readonly prepare?: () => void;
  readonly spawn: (log: number) => ChildProcess;
}

async function start(cluster: Cluster, { name, controllerName, prepare, spawn: run }: Spec): Promise<Running> {
  const { kubectl, apply } = cluster;
  const namespace = `bench-${name}`;
  apply(JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }));
  prepare?.();
  const logFile = join(tmpdir(), `bench-${name}.log`);
  const child = run(openSync(logFile, "w"));
  const ended = once(child, "exit");
  apply(JSON.stringify({ apiVersion: "v1", kind: "List", items: gatewayOf(name, controllerName) }));
  try {
    kubectl("wait", `gateway/${name}`, "-n", "default", "--for=condition=Programmed", "--timeout=180s");
  } catch (cause) {
    child.kill("SIGKILL");
    throw new Error(`the Gateway of ${name} does not come alive; its log is ${logFile}`, { cause });
  }
  const { status } = cluster.get(`gateway/${name}`, "-n", "default") as {
    readonly status: { readonly addresses: readonly { readonly value: string }[] };
  };
  const client = createKubernetesClient({ kubeconfig: cluster.kubeconfigFile });
  return {
    client,
    gateway: name,
    address: status.addresses[0]?.value ?? "",
    pid: child.pid ?? 0,
    proxyPid: proxyOf(name),
    async stop() {
      // The control plane first cleans up after its Gateway.
      kubectl("delete", `gateway/${name}`, "-n", "default", "--ignore-not-found", "--timeout=120s");
      client.close();
      child.kill();
      await ended;
      kubectl("delete", `gatewayclass/${name}`, "namespace/" + namespace, "--ignore-not-found", "--timeout=180s");
    },
  };
}

/** Both name the proxy's cluster after its Gateway. */
function proxyOf(gateway: string): number {
  const [proxy] = processes(({ args }) => args[args.indexOf("--service-cluster") + 1] === `default/${gateway}`);
  if (proxy === undefined) throw new Error(`no Envoy of Gateway default/${gateway} runs on this machine`);
  return proxy.pid;
}

function gatewayOf(name: string, controllerName: string): readonly object[] {
  return [
    { apiVersion: "gateway.networking.k8s.io/v1", kind: "GatewayClass", metadata: { name }, spec: { controllerName } },
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      metadata: { name, namespace: "default" },
      spec: { gatewayClassName: name, listeners: [{ name: "http", protocol: "HTTP", port: 80 }] },
    },
  ];
}
