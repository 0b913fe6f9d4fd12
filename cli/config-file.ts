// Reads the config file that a command was given. What is in it means what operator/config-file.ts says.

import { readFileSync } from "node:fs";
import { type ConfigFile, readConfigFile } from "../operator/config-file.ts";
import type { OperatorOptions, StandaloneOptions } from "../operator/config.ts";

/** Settings for a single machine; none without a file. Warnings go to standard error. Throws in one sentence when the file cannot be used. */
export function configOptions(file: string | undefined): Partial<StandaloneOptions> {
  return file === undefined ? {} : standaloneOptionsIn(textOf(file), file);
}

/** The same of a text that the file has or had. */
export function standaloneOptionsIn(text: string, file: string): Partial<StandaloneOptions> {
  const config = readConfig(text, file);
  if (config.provider === "Custom") return config.options;
  throw new Error(`${file}: provider.type must be Custom: that is what runs without a cluster`);
}

/** Settings for a cluster. */
export function operatorOptionsIn(text: string, file: string): Partial<OperatorOptions> {
  const config = readConfig(text, file);
  if (config.provider === "Kubernetes") return config.options;
  throw new Error(`${file}: provider.type must be Kubernetes: \`envoy-gateway standalone\` serves provider Custom`);
}

/** Which kind of process the file asks for. Throws as the others do. */
export function providerIn(file: string): ConfigFile["provider"] {
  return readConfigFile(textOf(file), file).provider;
}

/** Tells the warnings. */
function readConfig(text: string, file: string): ConfigFile {
  const config = readConfigFile(text, file);
  process.stderr.write(config.warnings.map((line) => `${line}\n`).join(""));
  return config;
}

/** Throws in one sentence when it cannot be read. */
export function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new Error(`cannot read the config file ${file}`, { cause });
  }
}
