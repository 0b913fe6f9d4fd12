// The complete configuration of a standalone process: every default lives here.

import { homedir } from "node:os";
import { join } from "node:path";
import type { Config } from "../api/config.ts";
import type { Timing } from "./queue.ts";
import type { LogOptions } from "./telemetry.ts";

export interface StandaloneOptions extends LogOptions {
  /** Files and folders of YAML. */
  readonly paths: readonly string[];
  /** What a running process leaves for others to find. */
  readonly stateFolder: string;
  /** Default: "certs" in the state folder. */
  readonly certificatesFolder: string;
  /** Small files of running Envoys. Default: "run" in the state folder. */
  readonly runtimeFolder: string;
  /** Where a downloaded Envoy is kept; absent: the user's cache. */
  readonly envoyFolder?: string;
  /** 0: any free port. */
  readonly xdsPort: number;
  readonly adminHost: string;
  readonly adminPort: number;
  readonly metricsPort: number | "off";
  readonly debounce: Timing;
  /** What reconcilers are told beside the defaults. */
  readonly gateway: Partial<Pick<Config, "controllerName" | "extensionApis" | "envoyProxy">>;
}

/** Fills every default. */
export function resolveOptions(given: Partial<StandaloneOptions> & Pick<StandaloneOptions, "paths">): StandaloneOptions {
  const state = process.env["XDG_STATE_HOME"] || join(homedir(), ".local", "state");
  const stateFolder = given.stateFolder ?? join(state, "envoy-gateway");
  return {
    stateFolder,
    certificatesFolder: join(stateFolder, "certs"),
    runtimeFolder: join(stateFolder, "run"),
    xdsPort: 0,
    adminHost: "127.0.0.1",
    adminPort: 19_000,
    metricsPort: 19_001,
    logLevel: "info",
    componentLevels: {},
    logEncoder: "JSON",
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
    deployType: "GatewayNamespace",
    extensionApis: { enableBackend: true, enableEnvoyPatchPolicy: false, disableLua: false },
    xds,
    ...given,
  };
}
