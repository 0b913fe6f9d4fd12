// `envoy-gateway operator`: serves the Gateways of a cluster, from within or from a developer's machine.

import { runOperator } from "../operator/main.ts";
import { operatorConfigOptions } from "./config-file.ts";

export interface OperatorFlags {
  readonly config?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  /** Where proxies find this process, when it runs outside of the cluster. */
  readonly xdsAddress?: string;
  readonly xdsPort?: string;
}

/** Runs until SIGINT or SIGTERM. Flags win over the config file. Throws in one sentence when it cannot start. */
export async function operatorCommand(flags: OperatorFlags): Promise<void> {
  const { config, xdsPort, ...rest } = flags;
  await runOperator({
    ...operatorConfigOptions(config),
    ...rest,
    ...(xdsPort !== undefined && { xdsPort: portNumber(xdsPort) }),
  });
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`--xds-port must be a port number, not ${text}`);
  return port;
}
