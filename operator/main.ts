// Starts the process and stops it on SIGINT and SIGTERM. Defaults are config.ts's, the work is operator.ts's.

import { type ConfigText, createEdits } from "./config-edits.ts";
import { type OperatorOptions, resolveOperatorOptions, resolveOptions, type StandaloneOptions } from "./config.ts";
import { runStandalone as run } from "./standalone.ts";

type StandaloneGiven = Partial<StandaloneOptions> & Pick<StandaloneOptions, "paths">;

/** Serves a folder of YAML until the signal aborts; without one, until SIGINT or SIGTERM. Follows the config file, if there is one. */
export async function runStandalone(
  given: StandaloneGiven,
  signal: AbortSignal = stopSignal(),
  config?: ConfigText<StandaloneGiven>,
): Promise<void> {
  const edits = config && createEdits({ ...config, read: (text) => resolveOptions(config.read(text)) });
  await run(resolveOptions(given), signal, edits);
}

/** Serves a cluster until the signal aborts; without one, until SIGINT or SIGTERM. Follows the config file, if there is one. */
export async function runOperator(
  given: Partial<OperatorOptions>,
  signal: AbortSignal = stopSignal(),
  config?: ConfigText<Partial<OperatorOptions>>,
): Promise<void> {
  // What talks to API servers is large: a single machine does not load it.
  const cluster = await import("./cluster.ts");
  const edits = config && createEdits({ ...config, read: (text) => resolveOperatorOptions(config.read(text)) });
  let options: OperatorOptions | undefined = resolveOperatorOptions(given);
  while (options !== undefined) options = await cluster.runOperator(options, signal, edits);
}

/** Aborts on the first SIGINT, SIGTERM or SIGHUP. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => stop.abort());
  return stop.signal;
}
