// A whole cluster on this machine: one node, real components, no registry. Knows the order in which they start; each has its own file.
// Needs root. There is one at most, in one folder, since its network is the machine's.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { imageArchives } from "../images/images.ts";
import { createApi, type Metadata } from "./api.ts";
import { progress } from "./cache.ts";
import { ready, startComponent, type Component } from "./component.ts";
import { startApiServer, type ApiServer } from "./control-plane.ts";
import { startDns, type EndpointSlice, type Names } from "./dns.ts";
import { createLoadBalancer, type Service } from "./load-balancer.ts";
import { networkUp, nodeAddress } from "./network.ts";
import { importImage, startContainerd, startKubelet, startKubeProxy } from "./node.ts";
import { debianProgram, helmProgram, kubernetesProgram } from "./programs.ts";

export const clusterFolder = "/var/lib/envoy-gateway-e2e";

/** Everything that takes minutes the first time, so that what follows takes seconds. */
export async function prepare(): Promise<void> {
  // The API server first: many tests need no more than it.
  for (const name of ["kube-apiserver", "kubectl", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy"] as const)
    kubernetesProgram(name);
  helmProgram();
  debianProgram("etcd", "etcd-server");
  await imageArchives();
}

/** Starts it, and keeps its names and addresses up to date for as long as this process lives. Returns the path of its kubeconfig. */
export async function startCluster(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  networkUp(folder);
  progress("starting the control plane");
  const [apiServer, containerd] = await Promise.all([startClusterApiServer(folder), startContainerd(folder)]);
  const controllers = startControllers(folder, apiServer);
  for (const archive of await imageArchives()) {
    progress(`importing ${archive}`);
    importImage(folder, archive);
  }
  progress("starting the node");
  const node = [startKubelet(folder, apiServer.kubeconfigFile), startKubeProxy(folder, apiServer.kubeconfigFile)];
  await serveNamesAndAddresses(apiServer, [containerd, ...controllers, ...node]);
  return apiServer.kubeconfigFile;
}

function startClusterApiServer(folder: string): Promise<ApiServer> {
  return startApiServer({
    folder: join(folder, "api"),
    address: nodeAddress,
    port: 6443,
    // The node's name resolves nowhere, and logs are read from its address.
    flags: ["--kubelet-preferred-address-types=InternalIP"],
  });
}

function startControllers(folder: string, { folder: apiFolder, caFile, kubeconfigFile }: ApiServer): readonly Component[] {
  const common = [`--kubeconfig=${kubeconfigFile}`, "--leader-elect=false", "--bind-address=127.0.0.1"];
  const manager = [
    `--service-account-private-key-file=${join(apiFolder, "service-accounts.key")}`,
    `--root-ca-file=${caFile}`,
    "--use-service-account-credentials=false",
    "--allocate-node-cidrs=false",
  ];
  return [
    startComponent({
      folder,
      name: "kube-controller-manager",
      program: kubernetesProgram("kube-controller-manager"),
      args: [...common, ...manager],
    }),
    startComponent({ folder, name: "kube-scheduler", program: kubernetesProgram("kube-scheduler"), args: common }),
  ];
}

interface Node {
  readonly metadata: Metadata;
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Resolves when pods can run: the node is ready, and they have a ServiceAccount. */
async function serveNamesAndAddresses(apiServer: ApiServer, components: readonly Component[]): Promise<void> {
  const api = createApi(apiServer);
  const names: Names = { services: new Map(), slices: new Map() };
  await startDns(nodeAddress, names);
  const assign = createLoadBalancer(api);
  api.watch<Service>("/api/v1/services", (services) => {
    names.services = services;
    assign(services);
  });
  api.watch<EndpointSlice>("/apis/discovery.k8s.io/v1/endpointslices", (slices) => (names.slices = slices));
  let nodeReady = false;
  api.watch<Node>("/api/v1/nodes", (nodes) => {
    nodeReady = [...nodes.values()].some(({ status }) =>
      status.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True"),
    );
  });
  let accountThere = false;
  api.watch("/api/v1/namespaces/default/serviceaccounts", (accounts) => (accountThere = accounts.has("default/default")));
  await ready("a node that is ready", components, () => nodeReady && accountThere, 180_000);
}
