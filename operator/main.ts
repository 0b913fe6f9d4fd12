// Starts the process and stops it on SIGINT and SIGTERM. Defaults are config.ts's, the work is operator.ts's.

import { type OperatorOptions, resolveOperatorOptions, resolveOptions, type StandaloneOptions } from "./config.ts";
import { runStandalone as run } from "./standalone.ts";

/** Serves a folder of YAML until the signal aborts; without one, until SIGINT or SIGTERM. */
export async function runStandalone(
  given: Partial<StandaloneOptions> & Pick<StandaloneOptions, "paths">,
  signal: AbortSignal = stopSignal(),
): Promise<void> {
  await run(resolveOptions(given), signal);
}

/** Serves a cluster until the signal aborts; without one, until SIGINT or SIGTERM. */
export async function runOperator(given: Partial<OperatorOptions>, signal: AbortSignal = stopSignal()): Promise<void> {
  // What talks to API servers is large: a single machine does not load it.
  const cluster = await import("./cluster.ts");
  await cluster.runOperator(resolveOperatorOptions(given), signal);
}

/** Aborts on the first SIGINT, SIGTERM or SIGHUP. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => stop.abort());
  return stop.signal;
}
