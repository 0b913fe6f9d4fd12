// `envoy-gateway operator`: serves the Gateways of a cluster, from within or from a developer's machine.

import { runOperator } from "../operator/main.ts";
import { operatorOptionsIn, textOf } from "./config-file.ts";

export interface OperatorFlags {
  readonly config?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  /** Where proxies find this process, when it runs outside of the cluster. */
  readonly xdsAddress?: string;
  readonly xdsPort?: string;
}

/** Runs until SIGINT or SIGTERM. Flags win over the config file, which is followed. Throws in one sentence when it cannot start. */
export async function operatorCommand({ config: file, xdsPort, ...rest }: OperatorFlags): Promise<void> {
  const flags = { ...rest, ...(xdsPort !== undefined && { xdsPort: portNumber(xdsPort) }) };
  if (file === undefined) return await runOperator(flags);
  const text = textOf(file);
  const read = (edited: string) => ({ ...operatorOptionsIn(edited, file), ...flags });
  await runOperator(read(text), undefined, { file, text, read });
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`--xds-port must be a port number, not ${text}`);
  return port;
}
