// `envoy-gateway standalone`: finds out what to serve, starts echo backends when asked for, and hands over to operator/.

import { join } from "node:path";
import type { StandaloneOptions as Configured } from "../operator/config.ts";
import { runStandalone } from "../operator/main.ts";
import { standaloneOptionsIn, textOf } from "./config-file.ts";
import { startEcho } from "./echo.ts";
import type { Echo } from "./echo.ts";
import { readInputs } from "./input.ts";
import { readObjects } from "./translation.ts";

export interface StandaloneOptions {
  readonly config?: string;
  readonly resources?: readonly string[];
  readonly stateDir?: string;
  readonly quickstart?: boolean;
  readonly echo?: boolean;
}

/** The quickstart's folder, seen from cli/ and from the bundle in dist/ alike. */
const quickstartFolder = join(import.meta.dirname, "../manifests/examples/quickstart");

/** Runs until SIGINT or SIGTERM. Flags win over the config file. Throws when there is nothing to serve, or when it cannot start. */
export async function standalone(options: StandaloneOptions): Promise<void> {
  const { config: file } = options;
  const text = file === undefined ? "" : textOf(file);
  const read = (edited: string) => given(options, file === undefined ? {} : standaloneOptionsIn(edited, file));
  const first = read(text);
  if (first.paths.length === 0) {
    throw new Error("nothing to serve: name a directory with --resources, a config file with --config, or try --quickstart");
  }
  const echoes = options.quickstart === true || options.echo === true ? await startEchoes(first.paths) : [];
  try {
    await runStandalone(first, undefined, file === undefined ? undefined : { file, text, read });
  } finally {
    await Promise.all(echoes.map((echo) => echo.close()));
  }
}

function given({ resources, quickstart, stateDir }: StandaloneOptions, configured: Partial<Configured>) {
  const paths = [...(resources ?? configured.paths ?? []), ...(quickstart === true ? [quickstartFolder] : [])];
  return { ...configured, ...(stateDir !== undefined && { stateFolder: stateDir }), paths };
}

/** One echo backend at every loopback address that a Backend names. */
async function startEchoes(resources: readonly string[]): Promise<readonly Echo[]> {
  const { objects } = readObjects(readInputs(resources), { validate: true });
  const echoes: Echo[] = [];
  for (const { name, port } of objects.filter(({ kind }) => kind === "Backend").flatMap(loopbackPorts)) {
    echoes.push(await startEcho({ port, name }));
    process.stderr.write(`Echo backend "${name}" answers on 127.0.0.1:${port}.\n`);
  }
  return echoes;
}

function loopbackPorts(backend: { readonly metadata: { readonly name: string }; readonly [field: string]: unknown }) {
  // The schema has been checked: this is the shape of a Backend.
  const spec = backend.spec as {
    readonly endpoints?: readonly { readonly ip?: { readonly address: string; readonly port: number } }[];
  };
  return (spec.endpoints ?? []).flatMap(({ ip }) =>
    ip?.address === "127.0.0.1" ? [{ name: backend.metadata.name, port: ip.port }] : [],
  );
}
