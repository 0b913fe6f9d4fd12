// What the suite runs against, made ready: here the operator in the cluster, in standalone/ground.ts a process beside it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Cluster } from "../support/cluster.ts";
import { installOperator } from "../support/operator.ts";

export interface Ground {
  /** The report's word for it. */
  readonly mode: "default" | "standalone";
  /** Of the Gateways that the suite makes; accepted. */
  readonly className: string;
  /** What a Gateway may ask for, and get or not: TYPE=VALUE. */
  readonly usableAddress: string;
  readonly unusableAddress: string;
  readonly stop: () => Promise<void>;
}

export function operatorGround(here: Cluster): Ground {
  installOperator(here);
  here.apply(readFileSync(join(import.meta.dirname, "class.yaml"), "utf8"));
  here.kubectl("wait", "gatewayclass/conformance", "--for=condition=Accepted", "--timeout=60s");
  return {
    mode: "default",
    className: "conformance",
    // Of the range that addresses of load balancers come from, beyond those that are handed out; and a name, which no Service can have for an address.
    usableAddress: "IPAddress=10.89.0.200",
    unusableAddress: "Hostname=unusable.example.com",
    stop: async () => undefined, // it stays, as in any cluster
  };
}

interface ClassStatus {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly supportedFeatures?: readonly { readonly name: string }[];
  };
}

export function isAccepted({ get }: Cluster, className: string): boolean {
  const { status } = get("gatewayclass", className) as ClassStatus;
  return status?.conditions?.some(({ type, status: value }) => type === "Accepted" && value === "True") === true;
}

/** Asked for one test alone the suite does not look them up. */
export function supportedFeatures({ get }: Cluster, className: string): readonly string[] {
  const { status } = get("gatewayclass", className) as ClassStatus;
  return (status?.supportedFeatures ?? []).map(({ name }) => name);
}
