// The complete configuration of a standalone process: every default lives here.

import { homedir } from "node:os";
import { join } from "node:path";
import type { Config } from "../api/config.ts";
import type { Timing } from "./queue.ts";

export interface StandaloneOptions {
  /** Files and folders of YAML. */
  readonly paths: readonly string[];
  readonly stateFolder: string;
  /** 0: any free port. */
  readonly xdsPort: number;
  readonly adminPort: number;
  readonly metricsPort: number;
  readonly logLevel: string;
  readonly debounce: Timing;
  /** What reconcilers are told beside the defaults. */
  readonly gateway: Partial<Pick<Config, "controllerName" | "extensionApis" | "envoyProxy">>;
}

/** Fills every default. */
export function resolveOptions(given: Partial<StandaloneOptions> & Pick<StandaloneOptions, "paths">): StandaloneOptions {
  const state = process.env["XDG_STATE_HOME"] || join(homedir(), ".local", "state");
  return {
    stateFolder: join(state, "envoy-gateway"),
    xdsPort: 0,
    adminPort: 19_000,
    metricsPort: 19_001,
    logLevel: "info",
    gateway: {},
    debounce: { quietMs: 10, maxMs: 50 },
    ...given,
  };
}

/** What reconcilers read as the object Config "/config". */
export function standaloneConfig(xds: Config["xds"], given: StandaloneOptions["gateway"] = {}): Config {
  return {
    metadata: { name: "config" },
    controllerName: "gateway.envoyproxy.io/gatewayclass-controller",
    namespace: "envoy-gateway-system",
    infrastructure: "host",
    extensionApis: { enableBackend: true, enableEnvoyPatchPolicy: false, disableLua: false },
    xds,
    ...given,
  };
}
