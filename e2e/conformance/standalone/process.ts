// The standalone process, started as a user starts it: a folder, a config file, the command.

import { spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { adminAddress } from "../../../cli/admin.ts";
import { writeYaml } from "../../../operator/yaml.ts";
import type { Told } from "./mirror.ts";

const program = join(import.meta.dirname, "../../../dist/envoy-gateway.js");

export interface Standalone {
  /** Of its resources. */
  readonly folder: string;
  /** Its objects with their statuses, from where `envoy-gateway status` has them. */
  readonly told: () => Promise<readonly Told[]>;
  readonly stop: () => Promise<void>;
}

/** Resolves when it answers; rejects with what it said when it ends before. */
export async function startStandalone(place: string, controllerName: string, logFile: string): Promise<Standalone> {
  const folder = join(place, "resources");
  const state = join(place, "state");
  mkdirSync(folder, { recursive: true });
  const configFile = join(place, "envoy-gateway.yaml");
  writeFileSync(configFile, writeYaml(config(controllerName, folder)));
  const log = openSync(logFile, "w");
  const child = spawn(process.execPath, [program, "standalone", "--config", configFile, "--state-dir", state], {
    stdio: ["ignore", log, log],
  });
  process.once("exit", () => child.kill());
  const ended = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
  const told = async (): Promise<readonly Told[]> => {
    const response = await fetch(new URL("/objects", await adminAddress(state)));
    return (await response.json()) as readonly Told[];
  };
  for (;;) {
    if (child.exitCode !== null) throw new Error(`standalone mode did not start\n${readFileSync(logFile, "utf8")}`);
    const answers = await told().then(
      () => true,
      () => false,
    );
    if (answers) break;
    await new Promise((wake) => setTimeout(wake, 100));
  }
  return {
    folder,
    told,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

function config(controllerName: string, folder: string): object {
  return {
    apiVersion: "gateway.envoyproxy.io/v1alpha1",
    kind: "EnvoyGateway",
    gateway: { controllerName },
    // Any free port: another process may run on this machine.
    admin: { address: { host: "127.0.0.1", port: 0 } },
    telemetry: { metrics: { prometheus: { disable: true } } },
    provider: {
      type: "Custom",
      custom: { resource: { type: "File", file: { paths: [folder] } }, infrastructure: { type: "Host", host: {} } },
    },
  };
}
