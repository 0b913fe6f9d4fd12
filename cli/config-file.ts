// Reads the config file that a command was given. What is in it means what operator/config-file.ts says.

import { readFileSync } from "node:fs";
import { type ConfigFile, readConfigFile } from "../operator/config-file.ts";
import type { OperatorOptions, StandaloneOptions } from "../operator/config.ts";

/** Settings for a single machine; none without a file. Warnings go to standard error. Throws in one sentence when the file cannot be used. */
export function configOptions(file: string | undefined): Partial<StandaloneOptions> {
  if (file === undefined) return {};
  const config = readConfig(file);
  if (config.provider === "Custom") return config.options;
  throw new Error(`${file}: provider.type must be Custom: that is what runs without a cluster`);
}

/** Settings for a cluster; none without a file. */
export function operatorConfigOptions(file: string | undefined): Partial<OperatorOptions> {
  if (file === undefined) return {};
  const config = readConfig(file);
  if (config.provider === "Kubernetes") return config.options;
  throw new Error(`${file}: provider.type must be Kubernetes: \`envoy-gateway standalone\` serves provider Custom`);
}

/** Which kind of process the file asks for. Throws as the others do. */
export function providerIn(file: string): ConfigFile["provider"] {
  return readConfigFile(textOf(file), file).provider;
}

/** Tells the warnings. */
function readConfig(file: string): ConfigFile {
  const config = readConfigFile(textOf(file), file);
  process.stderr.write(config.warnings.map((line) => `${line}\n`).join(""));
  return config;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new Error(`cannot read the config file ${file}`, { cause });
  }
}
