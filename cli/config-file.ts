// Reads the config file that a command was given. What is in it means what operator/config-file.ts says.

import { readFileSync } from "node:fs";
import { readConfigFile } from "../operator/config-file.ts";
import type { StandaloneOptions } from "../operator/config.ts";

/** The file's settings; none without a file. Warnings go to standard error. Throws in one sentence when the file cannot be used. */
export function configOptions(file: string | undefined): Partial<StandaloneOptions> {
  if (file === undefined) return {};
  const { options, warnings } = readConfigFile(textOf(file), file);
  process.stderr.write(warnings.map((line) => `${line}\n`).join(""));
  return options;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new Error(`cannot read the config file ${file}`, { cause });
  }
}
