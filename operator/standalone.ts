// A single machine: objects from a folder of YAML, Envoys as child processes, statuses in memory for whoever asks. Nothing is decided here.

import { stat } from "node:fs/promises";
import type { Change } from "../store/db.ts";
import type { Kind } from "../store/kinds.ts";
import { schemaJudge } from "./admission.ts";
import { systemClock } from "./clock.ts";
import { standaloneConfig, type StandaloneOptions } from "./config.ts";
import { type Edits, fixedDifferences } from "./config-edits.ts";
import { createEndings } from "./endings.ts";
import type { Feedback } from "./feedback.ts";
import { envoyPath } from "./host/envoy-binary.ts";
import { watchFiles } from "./host/files.ts";
import { messageOf } from "./host/folder.ts";
import { createHostInfrastructure } from "./host/infrastructure.ts";
import { followMachine } from "./host/machine.ts";
import { announce } from "./host/running-file.ts";
import { createXdsIdentity } from "./host/xds-identity.ts";
import type { Problem } from "./host/yaml.ts";
import { createOperator, type Ground, type Operator } from "./operator.ts";
import { servePages } from "./pages.ts";
import { createStatusMemory, type StatusMemory } from "./status.ts";
import { createLogs, type Logs, setLogOptions } from "./telemetry.ts";

/** What is wrong in the files at present. */
interface Files {
  problems: readonly Problem[];
}

/** Runs until the signal aborts; rejects with one clear sentence when it cannot start. Leaves nothing behind in either case. */
export async function runStandalone(
  options: StandaloneOptions,
  signal: AbortSignal,
  edits?: Edits<StandaloneOptions>,
): Promise<void> {
  const clock = systemClock;
  const endings = createEndings();
  const end = new AbortController();
  endings.add(() => end.abort());
  try {
    const logs = createLogs(options);
    await requirePaths(options.paths);
    const binary = await envoyPath(options.envoyFolder);
    const identity = await createXdsIdentity({
      folder: options.certificatesFolder,
      clock,
      onRenewed: (tls) => operator.xds.renew(tls),
      onFailed: (cause) => void logs.xds.error(`certificates are not renewed: ${messageOf(cause)}`),
    });
    endings.add(identity.stop);
    const ground: Ground = { clock, logs, endings };
    const files: Files = { problems: [] };
    let status: StatusMemory | undefined;
    const operator = createOperator({
      ...ground,
      debounce: options.debounce,
      xds: { host: "127.0.0.1", port: options.xdsPort, tls: identity.server },
      infrastructure: (feedback) => hostInfrastructure({ binary, runtimeFolder: options.runtimeFolder, feedback }),
      statusWriter: (store) => (status = createStatusMemory(store)),
      writes: () => true,
      problems: () => files.problems.length,
    });
    const port = await open({ ...operator, status: status!, files }, { options, ...ground });
    const take = ({ gateway }: StandaloneOptions): void =>
      operator.queue.push({ type: "applied", kind: "Config", object: standaloneConfig(identity.client(port), gateway) });
    take(options);
    if (edits !== undefined) void heed(edits, { options, logs, take, signal: end.signal });
    endings.add(followMachine(operator.queue.push, clock));
    await follow({ queue: operator.queue, files }, { options, ...ground }, signal);
  } finally {
    await endings.run();
  }
}

interface Heeding {
  readonly options: StandaloneOptions;
  readonly logs: Logs;
  readonly take: (options: StandaloneOptions) => void;
  readonly signal: AbortSignal;
}

/** Takes up edits of the config file, but for what a process takes up only when it begins. */
async function heed(edits: Edits<StandaloneOptions>, { options, logs, take, signal }: Heeding): Promise<void> {
  for await (const edit of edits.follow(signal)) {
    if ("problem" in edit) {
      logs.provider.error(`the config file cannot be used, the settings stay as they were: ${edit.problem}`);
      continue;
    }
    setLogOptions(logs, edit.options);
    const waiting = fixedDifferences(options, edit.options);
    logs.provider.info(`the config file has changed${waiting.length === 0 ? "" : `; for the next start: ${waiting.join(", ")}`}`);
    const { controllerName } = options.gateway;
    take({ ...edit.options, gateway: { ...edit.options.gateway, ...(controllerName !== undefined && { controllerName }) } });
  }
}

/** The Envoys, ended when the process ends. */
function hostInfrastructure({ binary, runtimeFolder, feedback }: { binary: string; runtimeFolder: string; feedback: Feedback }) {
  return createHostInfrastructure({
    binary: async () => binary,
    runtimeFolder,
    onState: (proxy, state) => feedback.states.running(proxy, state),
    onGone: (proxy) => feedback.states.gone(proxy),
    onOutput(proxy, line, stream) {
      // Access logs as they are; what Envoy says of itself, with its name.
      if (stream === "stdout") process.stdout.write(`${line}\n`);
      else process.stderr.write(`[${proxy}] ${line}\n`);
    },
  });
}

type Place = Ground & { readonly options: StandaloneOptions };

/** Opens every port; returns the one of the xDS server. */
async function open(parts: Operator & { status: StatusMemory; files: Files }, { options, endings }: Place): Promise<number> {
  const { store, xds, feedback, files } = parts;
  const { port } = await xds.listen();
  const waits = (): readonly string[] => [
    ...(store.revision > 0 ? [] : ["the first reading of the files"]),
    ...(feedback.states.allReady() ? [] : ["proxies that run what they were told"]),
  ];
  const known = { ...parts, waits, problems: () => files.problems, streams: () => xds.streams() };
  const addresses = await servePages(options, known, endings);
  endings.add(await announce(options.stateFolder, { ...addresses, xds: `127.0.0.1:${port}` }));
  return port;
}

/** Reads the files, then follows their edits, until the signal aborts. */
async function follow(
  { queue, files }: Pick<Operator, "queue"> & { readonly files: Files },
  { options, logs }: Place,
  signal: AbortSignal,
): Promise<void> {
  const onProblems = (problems: readonly Problem[]): void => {
    files.problems = problems;
    for (const { file, line, column, message, path } of problems)
      logs.provider.warn(`${file}:${line}:${column}: ${path ? `${path}: ` : ""}${message}`);
  };
  for await (const event of watchFiles({ paths: options.paths, judge: schemaJudge, onProblems }, signal)) {
    if (event.type === "synced") queue.start();
    else if (event.type === "deleted") queue.push({ type: "deleted", kind: event.kind as Kind, key: event.key });
    else queue.push(event as unknown as Change); // the judge let only our kinds through, as their schemas say
  }
}

async function requirePaths(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await stat(path).catch((cause: unknown) => {
      throw new Error(`cannot read the resources at ${path}: ${messageOf(cause)}`);
    });
  }
}
