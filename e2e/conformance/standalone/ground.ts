// Standalone mode in the place of an operator: what the suite needs before it can run, and the end of it. The suite's cluster has the Gateway API's
// definitions and a class of its own, whose controller is the process beside it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKubernetesClient } from "../../../operator/kubernetes/client.ts";
import type { Cluster } from "../../support/cluster.ts";
import { type Ground, isAccepted } from "../ground.ts";
import { installGatewayApi } from "../../support/operator.ts";
import { until } from "../../support/until.ts";
import { bridge } from "./bridge.ts";
import { startStandalone } from "./process.ts";

/** Not the operator's: one may be in the cluster, and each leaves the other's objects alone. */
const controllerName = "gateway.envoyproxy.io/standalone-conformance";
const className = "standalone";

/** Resolves when the class is accepted. Needs `go` on PATH, and a machine that reaches the pods. */
export async function standaloneGround(here: Cluster, logFile: string): Promise<Ground> {
  installGatewayApi(here);
  const place = mkdtempSync(join(tmpdir(), "standalone-conformance-"));
  const client = createKubernetesClient({ kubeconfig: here.kubeconfigFile });
  const stopping = new AbortController();
  const standalone = await startStandalone(place, controllerName, logFile);
  const { folder, told } = standalone;
  const log = (line: string): void => console.error(`bridge: ${line}`);
  const bridging = bridge({ client, folder, controllerName, className, told, log }, stopping.signal);
  here.apply(JSON.stringify(gatewayClass));
  await accepted(here);
  return {
    mode: "standalone",
    className,
    usableAddress: "IPAddress=127.2.0.1",
    // Kept for documentation: no machine has it.
    unusableAddress: "IPAddress=198.51.100.9",
    async stop() {
      here.kubectl("delete", "gatewayclass", className, "--wait=false");
      stopping.abort();
      await bridging;
      await standalone.stop();
      client.close();
      rmSync(place, { recursive: true, force: true });
    },
  };
}

const gatewayClass = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "GatewayClass",
  metadata: { name: className },
  spec: { controllerName },
};

/** Looks now and then: a process that waited for kubectl would keep the bridge from working. */
async function accepted(here: Cluster): Promise<void> {
  const because = (): string => `GatewayClass ${className} is not accepted`;
  await until(() => isAccepted(here, className), Boolean, { limitMs: 60_000, everyMs: 500, because });
}
