// The operator in the cluster, installed as README.md says: the Gateway API's definitions, then `kubectl apply -k manifests`.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cluster } from "./cluster.ts";

const manifests = join(import.meta.dirname, "../../manifests");

/** Installs it, or brings it up to the image of now; resolves when all replicas are ready. Needs `go` on PATH for the definitions. */
export function installOperator(here: Cluster): void {
  const { kubectl } = here;
  installGatewayApi(here);
  kubectl("apply", "--server-side", "-k", manifests);
  // The tag of the image is the same for each build.
  kubectl("rollout", "restart", "-n", "envoy-gateway-system", "deployment/envoy-gateway");
  kubectl("rollout", "status", "-n", "envoy-gateway-system", "deployment/envoy-gateway", "--timeout=180s");
}

/** What can be seen from outside, for whoever asks why nothing is served. */
export function stateOfOperators({ kubectl }: Pick<Cluster, "kubectl">): string {
  const ask = (...args: readonly string[]): string => {
    try {
      return kubectl(...args).trimEnd();
    } catch (cause) {
      return String(cause);
    }
  };
  const system = ["-n", "envoy-gateway-system"];
  const pods = ask("get", "pods", ...system, "-l", "control-plane=envoy-gateway", "-o", "name").split("\n");
  const page = (pod: string, path: string): string =>
    ask("get", "--raw", `/api/v1/namespaces/envoy-gateway-system/${pod.replace("pod/", "pods/")}:${path}`);
  return [
    // After a crash an API server is no endpoint of its own Service until it is ready: pods are cut off from it, and this process is not.
    ask("get", "--raw", "/readyz?verbose")
      .split("\n")
      .filter((line) => !line.startsWith("[+]"))
      .join("\n"),
    ask("get", "pods,endpointslices", "-A", "-o", "wide"),
    ask("get", "events", ...system, "--sort-by=.lastTimestamp")
      .split("\n")
      .slice(-25)
      .join("\n"),
    ...pods.flatMap((pod) => [
      `── ${pod}`,
      page(pod, "8081/proxy/readyz"),
      page(pod, "19001/proxy/metrics")
        .split("\n")
        .filter((line) => line.startsWith("envoy_gateway_xds_connected"))
        .join("\n"),
      ask("logs", ...system, pod, "--tail=15"),
      ask("logs", ...system, pod, "--tail=15", "--previous"),
    ]),
  ].join("\n");
}

/** The Gateway API's definitions alone. Needs `go` on PATH. */
export function installGatewayApi({ kubectl }: Cluster): void {
  const definitions = gatewayApiDefinitions();
  kubectl("apply", "--server-side", ...definitions.flatMap((file) => ["-f", file]));
  kubectl("wait", "--for=condition=Established", "--timeout=60s", ...definitions.flatMap((file) => ["-f", file]));
}

/** Files of the experimental channel, out of the Go module. */
function gatewayApiDefinitions(): readonly string[] {
  const scratch = mkdtempSync(join(tmpdir(), "gateway-api-"));
  try {
    writeFileSync(join(scratch, "go.mod"), "module scratch\n\ngo 1.24\n");
    const args = ["mod", "download", "-json", "sigs.k8s.io/gateway-api@v1.4.1"];
    const { Dir } = JSON.parse(execFileSync("go", args, { cwd: scratch, encoding: "utf8" })) as { Dir: string };
    const folder = join(Dir, "config/crd/experimental");
    return readdirSync(folder)
      .filter((file) => file.startsWith("gateway."))
      .map((file) => join(folder, file));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
