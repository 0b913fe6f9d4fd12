// `envoy-gateway server`: Envoy Gateway's spelling. The config file says what runs.

import { readConfigFile } from "../operator/config-file.ts";
import { readFileSync } from "node:fs";
import { operatorCommand } from "./operator.ts";
import { standalone } from "./standalone.ts";

export async function serverCommand(config: string, options: { readonly stateDir?: string }): Promise<void> {
  const { provider } = readConfigFile(readFileSync(config, "utf8"), config);
  if (provider === "Kubernetes") await operatorCommand({ config });
  else await standalone({ ...options, config });
}
