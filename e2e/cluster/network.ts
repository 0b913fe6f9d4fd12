// The network of the cluster on this machine: an address for the node, a bridge for pods, a range for load balancers. Everything carries a
// name of ours, so that down() finds it whoever left it behind.

import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, readdirSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { debianProgram } from "./programs.ts";

/** The node has an address that is not loopback, which EndpointSlices refuse, and that no real network has to give. */
export const nodeAddress = "10.77.0.1";
export const podRange = "10.88.0.0/16";
/** The first half is dealt out by the load balancer controller, the rest is for tests that ask for an address. */
const loadBalancerRange = "10.89.0.0/24";

const nodeBridge = "e2e-node";
const podBridge = "e2e-pods";
const table = "envoy_gateway_e2e";
const networkName = "envoy-gateway-e2e";

const forwarding = "/proc/sys/net/ipv4/ip_forward";

/** Makes it; `folder` gets the configuration of the pods' network (cni/), which pods get their addresses by. */
export function networkUp(folder: string): void {
  networkDown(folder);
  mkdirSync(join(folder, "cni"), { recursive: true });
  ip("link add", nodeBridge, "type bridge");
  ip("addr add", `${nodeAddress}/24`, "dev", nodeBridge);
  ip("link set", nodeBridge, "up");
  // Made here and not by the first pod: the route of load balancers goes there.
  ip("link add", podBridge, "type bridge");
  ip("addr add 10.88.0.1/16 dev", podBridge);
  ip("link set", podBridge, "up");
  ip("route add", loadBalancerRange, "dev", podBridge);
  writeFileSync(join(folder, "ip_forward"), readFileSync(forwarding));
  writeFileSync(forwarding, "1");
  execFileSync(debianProgram("nft", "nftables"), ["-f", "-"], { input: rules(), stdio: ["pipe", "ignore", "pipe"] });
  writeFileSync(join(folder, "cni", "10-pods.conflist"), JSON.stringify(podNetwork(folder)));
}

/** Removes all of it, also when only a part is there. */
export function networkDown(folder: string): void {
  for (const name of [table, "kube-proxy"]) quietly(debianProgram("nft", "nftables"), ["delete", "table", "ip", name]);
  quietly(debianProgram("nft", "nftables"), ["delete", "table", "ip6", "kube-proxy"]);
  for (const bridge of [podBridge, nodeBridge]) quietly("ip", ["link", "delete", bridge]);
  try {
    writeFileSync(forwarding, readFileSync(join(folder, "ip_forward")));
  } catch {
    // Was not changed.
  }
  // What the runtime remembers of each pod's network, in a folder that it does not let us choose.
  const results = "/var/lib/cni/results";
  for (const file of filesOf(results)) {
    const path = join(results, file);
    if (readFileSync(path, "utf8").includes(folder)) rmSync(path, { force: true });
  }
}

/**
 * An address of a load balancer that nobody serves is refused at once. Those that are served have been translated earlier (kube-proxy, priority
 * -100). Without it a request would wait for the answer of a machine that does not exist, or reach a process of this one.
 */
function rules(): string {
  return `
table ip ${table} {
  chain unserved {
    type filter hook output priority 0;
    ip daddr ${loadBalancerRange} meta l4proto tcp reject with tcp reset
    ip daddr ${loadBalancerRange} reject
  }
  chain unserved-for-pods {
    type filter hook forward priority 0;
    ip daddr ${loadBalancerRange} meta l4proto tcp reject with tcp reset
    ip daddr ${loadBalancerRange} reject
  }
  chain to-others {
    type nat hook postrouting priority 100;
    ip saddr ${podRange} ip daddr != ${podRange} masquerade
  }
}
`;
}

function podNetwork(folder: string): object {
  return {
    cniVersion: "1.0.0",
    name: networkName,
    plugins: [
      {
        type: "bridge",
        bridge: podBridge,
        isGateway: true,
        // A pod that reaches itself through its Service.
        hairpinMode: true,
        ipam: {
          type: "host-local",
          ranges: [[{ subnet: podRange }]],
          routes: [{ dst: "0.0.0.0/0" }],
          dataDir: join(folder, "addresses"),
        },
      },
    ],
  };
}

function ip(...words: readonly string[]): void {
  execFileSync("ip", words.join(" ").split(" "), { stdio: ["ignore", "ignore", "pipe"] });
}

function quietly(program: string, args: readonly string[]): void {
  spawnSync(program, args, { stdio: "ignore" });
}

function filesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
