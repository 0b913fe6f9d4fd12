// The operator as README.md tells people to install it: the Gateway API's CRDs, then `kubectl apply -k manifests`.

import { join } from "node:path";
import { crds } from "../crds/upstream.ts";
import type { Cluster } from "./cluster.ts";

const manifests = join(import.meta.dirname, "../../manifests");

/** Resolves when both replicas serve. What was installed before is brought up to date. */
export function install({ kubectl, apply }: Cluster): void {
  apply(JSON.stringify({ apiVersion: "v1", kind: "List", items: crds() }), "--server-side", "--force-conflicts");
  kubectl("wait", "--for=condition=Established", "crd/gatewayclasses.gateway.networking.k8s.io", "--timeout=30s");
  kubectl("apply", "--server-side", "--force-conflicts", "-k", manifests);
  // The image of this checkout may have the tag of another one that runs.
  kubectl("rollout", "restart", "deployment/envoy-gateway", "-n", "envoy-gateway-system");
  kubectl("rollout", "status", "deployment/envoy-gateway", "-n", "envoy-gateway-system", "--timeout=120s");
}
