// The one node: containerd, kubelet and kube-proxy, configured for a machine that may lack systemd, cgroup v2 and CAP_SYS_RESOURCE.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pauseReference } from "../images/images.ts";
import { ready, startComponent, type Component } from "./component.ts";
import { nodeAddress, podRange } from "./network.ts";
import { debianProgram, kubernetesProgram } from "./programs.ts";

const nodeName = "node1";

export async function startContainerd(folder: string): Promise<Component> {
  const program = debianProgram("containerd", "containerd");
  const runc = debianProgram("runc", "runc");
  debianProgram("/usr/lib/cni/bridge", "containernetworking-plugins");
  const socket = containerdSocket(folder);
  const config = join(folder, "containerd.toml");
  writeFileSync(config, containerdConfig(folder, socket, runc));
  const component = startComponent({ folder, name: "containerd", program, args: ["--config", config] });
  await ready("containerd", [component], () => succeeds("ctr", ["--address", socket, "version"]));
  return component;
}

function containerdSocket(folder: string): string {
  return join(folder, "containerd.sock");
}

/** Into the namespace that Kubernetes looks at. */
export function importImage(folder: string, archive: string): void {
  execFileSync("ctr", ["--address", containerdSocket(folder), "--namespace", "k8s.io", "images", "import", archive], {
    stdio: ["ignore", "ignore", "pipe"],
  });
}

function containerdConfig(folder: string, socket: string, runc: string): string {
  return `
version = 2
root = "${join(folder, "containerd")}"
state = "${join(folder, "containerd-state")}"
[grpc]
address = "${socket}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "${pauseReference}"
# Without CAP_SYS_RESOURCE no process may lower its oom_score_adj, and every sandbox would fail.
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "${join(folder, "cni")}"
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
BinaryName = "${runc}"
Root = "${join(folder, "runc")}"
`;
}

export function startKubelet(folder: string, kubeconfig: string): Component {
  const config = join(folder, "kubelet.json");
  const manifest = {
    kind: "KubeletConfiguration",
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    address: nodeAddress,
    // Only this machine can reach it, and the API server needs no certificate for it.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: "AlwaysAllow" },
    cgroupDriver: "cgroupfs",
    failCgroupV1: false,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    clusterDNS: [nodeAddress],
    clusterDomain: "cluster.local",
    containerRuntimeEndpoint: `unix://${containerdSocket(folder)}`,
    // The imported images can be had nowhere else.
    imageGCHighThresholdPercent: 100,
    evictionHard: { "memory.available": "100Mi" },
    maxPods: 200,
    makeIPTablesUtilChains: false,
    healthzBindAddress: "127.0.0.1",
    healthzPort: 10_248,
    podLogsDir: join(folder, "pod-logs"),
    resolvConf: "",
    // Sooner than the defaults: tests wait for each of these.
    syncFrequency: "10s",
    nodeStatusUpdateFrequency: "5s",
    serializeImagePulls: false,
  };
  writeFileSync(config, JSON.stringify(manifest));
  mkdirSync(join(folder, "kubelet"), { recursive: true });
  return startComponent({
    folder,
    name: "kubelet",
    program: kubernetesProgram("kubelet"),
    args: [
      `--config=${config}`,
      `--kubeconfig=${kubeconfig}`,
      `--root-dir=${join(folder, "kubelet")}`,
      `--cert-dir=${join(folder, "kubelet-certificates")}`,
      `--node-ip=${nodeAddress}`,
      `--hostname-override=${nodeName}`,
    ],
  });
}

export function startKubeProxy(folder: string, kubeconfig: string): Component {
  debianProgram("nft", "nftables");
  return startComponent({
    folder,
    name: "kube-proxy",
    program: kubernetesProgram("kube-proxy"),
    args: [
      `--kubeconfig=${kubeconfig}`,
      "--proxy-mode=nftables",
      `--cluster-cidr=${podRange}`,
      `--hostname-override=${nodeName}`,
      "--healthz-bind-address=127.0.0.1:10256",
      "--metrics-bind-address=127.0.0.1:10249",
      // The machine's own limits stay as they are.
      "--conntrack-max-per-core=0",
      "--nodeport-addresses=primary",
    ],
  });
}

function succeeds(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore", timeout: 5_000 });
    return true;
  } catch {
    return false;
  }
}
