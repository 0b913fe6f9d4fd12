// `envoy-gateway translate`: prints what objects mean. The meaning is operator/translate.ts's; this reads, prints and counts.

import { writeYaml } from "../operator/yaml.ts";
import { configOptions } from "./config-file.ts";
import { readInputs } from "./input.ts";
import { problemText } from "./problems.ts";
import { translateInputs } from "./translation.ts";

export interface TranslateOptions {
  readonly file: readonly string[];
  readonly output: "yaml" | "json";
  readonly validate: boolean;
  readonly config?: string;
}

/** Prints to standard output, problems to standard error; exit status 1 when nothing was read or an object was refused. */
export function translateCommand(options: TranslateOptions): void {
  const { gateway = {} } = configOptions(options.config);
  const inputs = readInputs(options.file);
  const { translation, problems, count } = translateInputs(inputs, { validate: options.validate, gateway });
  process.stderr.write(problemText(problems));
  if (count === 0) process.stderr.write("No objects were read.\n");
  const { resources, xds, infrastructure } = translation;
  const printed = { resources, xds, infrastructure };
  process.stdout.write(options.output === "json" ? `${JSON.stringify(printed, undefined, 2)}\n` : writeYaml(printed));
  if (count === 0 || problems.length > 0) process.exitCode = 1;
}
