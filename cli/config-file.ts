// What the commands need of an EnvoyGateway config file: which folders a Custom provider reads. Paths are relative to where the command runs.

import { readFileSync } from "node:fs";
import { readDocuments } from "../operator/yaml.ts";

interface ConfigFile {
  readonly kind?: string;
  readonly provider?: {
    readonly type?: string;
    readonly custom?: { readonly resource?: { readonly file?: { readonly paths?: readonly string[] } } };
  };
}

/** Throws in one sentence when the file cannot be read, or its provider is not Custom with file resources. */
export function resourcePaths(file: string): readonly string[] {
  const [document] = readDocuments(readFileSync(file, "utf8"));
  const broken = document?.errors[0];
  if (broken !== undefined) throw new Error(`${file}:${broken.line}: not YAML: ${broken.message}`);
  const config = document?.value as ConfigFile | undefined;
  if (config?.kind !== "EnvoyGateway") throw new Error(`${file} is not an EnvoyGateway config file`);
  if (config.provider?.type !== "Custom")
    throw new Error(`${file}: provider.type must be Custom: that is what runs without a cluster`);
  const paths = config.provider.custom?.resource?.file?.paths;
  if (!Array.isArray(paths) || paths.length === 0)
    throw new Error(`${file}: provider.custom.resource.file.paths names no folder`);
  return paths;
}
