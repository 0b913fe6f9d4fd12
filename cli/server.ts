// `envoy-gateway server`: Envoy Gateway's spelling. The config file says what runs.

import { providerIn } from "./config-file.ts";
import { operatorCommand } from "./operator.ts";
import { standalone } from "./standalone.ts";

export async function serverCommand(config: string, options: { readonly stateDir?: string }): Promise<void> {
  if (providerIn(config) === "Kubernetes") await operatorCommand({ config });
  else await standalone({ ...options, config });
}
