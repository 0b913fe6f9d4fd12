// npm run bench -- cluster: propagation among many routes, and attached routes, ours beside Envoy Gateway v1.7.0: the same cluster, the same run.

import { echoReference } from "../../e2e/images/images.ts";
import { cluster, type Cluster } from "../../e2e/support/cluster.ts";
import { crds } from "../../e2e/crds/upstream.ts";
import { attachedRoutes } from "./attached.ts";
import { createProbe } from "./probe.ts";
import { type Running, startOurs, startPeer } from "./subjects.ts";

export interface ClusterBench {
  readonly sizes: readonly number[];
  /** Routes added one by one at each size. */
  readonly samples: number;
  readonly subjects: readonly ("ours" | "peer")[];
  /** Of our route tables: "Plain" or "Bucketed". */
  readonly layout: string;
}

/** Rows of both tables, one per implementation and size. */
export async function clusterBench({ sizes, samples, subjects, layout }: ClusterBench): Promise<readonly object[]> {
  const here = cluster();
  prepare(here);
  const rows: object[] = [];
  for (const name of subjects) {
    const running = await (name === "ours" ? startOurs(here, layout) : startPeer(here));
    try {
      rows.push(...(await measure(name, running, { sizes, samples })));
    } finally {
      await running.stop();
    }
  }
  return rows;
}

async function measure(name: string, running: Running, { sizes, samples }: Pick<ClusterBench, "sizes" | "samples">) {
  const rows: object[] = [];
  const told = (row: object): void => {
    rows.push({ bench: name, ...row });
    console.error(JSON.stringify({ bench: name, ...row }));
  };
  told(await attachedRoutes(running.client, running.gateway, 1000));
  const probe = createProbe(running);
  try {
    for (const size of sizes) told(await probe.propagation(size, samples));
  } finally {
    await probe.clear();
    probe.close();
  }
  return rows;
}

/** CRDs and a live Service. */
function prepare({ apply, kubectl }: Cluster): void {
  apply(JSON.stringify({ apiVersion: "v1", kind: "List", items: crds() }), "--server-side", "--force-conflicts");
  kubectl("wait", "--for=condition=Established", "crd/gatewayclasses.gateway.networking.k8s.io", "--timeout=30s");
  const labels = { app: "bench-echo" };
  const env = ["POD_NAME", "NAMESPACE"].map((field) => ({
    name: field,
    valueFrom: { fieldRef: { fieldPath: field === "NAMESPACE" ? "metadata.namespace" : "metadata.name" } },
  }));
  apply(
    JSON.stringify({
      apiVersion: "v1",
      kind: "List",
      items: [
        {
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata: { name: "bench-echo", namespace: "default" },
          spec: {
            selector: { matchLabels: labels },
            template: { metadata: { labels }, spec: { containers: [{ name: "echo", image: echoReference, env }] } },
          },
        },
        {
          apiVersion: "v1",
          kind: "Service",
          metadata: { name: "echo", namespace: "default" },
          spec: { selector: labels, ports: [{ port: 80, targetPort: 3000 }] },
        },
      ],
    }),
  );
  kubectl("rollout", "status", "deployment/bench-echo", "-n", "default", "--timeout=60s");
}
