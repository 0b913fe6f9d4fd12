// Composition root: a folder of YAML → queue → store → xDS, Envoys and status. Everything with effects meets here; nothing is decided.

import { stat } from "node:fs/promises";
import type { Change } from "../store/db.ts";
import type { Kind } from "../store/kinds.ts";
import { createStore, type Store } from "../store/store.ts";
import { createXdsServer, type XdsServer } from "../xds/server.ts";
import { schemaJudge } from "./admission.ts";
import { systemClock, type WallClock } from "./clock.ts";
import { standaloneConfig, type StandaloneOptions } from "./config.ts";
import { createEndings, type Endings } from "./endings.ts";
import { createExpiryWatch } from "./expiry.ts";
import { createFeedback, type Feedback } from "./feedback.ts";
import { envoyPath } from "./host/envoy-binary.ts";
import { watchFiles } from "./host/files.ts";
import { messageOf } from "./host/folder.ts";
import { createHostInfrastructure } from "./host/infrastructure.ts";
import { announce } from "./host/running-file.ts";
import { createXdsIdentity, type XdsIdentity } from "./host/xds-identity.ts";
import type { Problem } from "./host/yaml.ts";
import { createMetrics, type Batch, type Metrics } from "./metrics.ts";
import { servePages } from "./pages.ts";
import { createPublisher, type Publisher } from "./publisher.ts";
import { debounced, type Queue } from "./queue.ts";
import { createOwnedLoop } from "./reconcile.ts";
import { createStatusLoop, createStatusMemory, type StatusMemory } from "./status.ts";
import { createLogs, type Logs } from "./telemetry.ts";

/** What a run is made with. */
interface Ground {
  readonly options: StandaloneOptions;
  readonly clock: WallClock;
  readonly logs: Logs;
  /** The path of Envoy. */
  readonly binary: string;
  readonly endings: Endings;
}

/** What the parts of a run share. */
interface Plane {
  readonly store: Store;
  readonly queue: Queue<Change>;
  readonly xds: XdsServer;
  readonly feedback: Feedback;
  readonly publisher: Publisher;
  readonly status: StatusMemory;
  readonly metrics: Metrics;
  readonly files: { problems: readonly Problem[] };
}

/** Runs until the signal aborts; rejects with one clear sentence when it cannot start. Leaves nothing behind in either case. */
export async function runStandalone(
  options: StandaloneOptions,
  signal: AbortSignal,
  clock: WallClock = systemClock,
): Promise<void> {
  const endings = createEndings();
  try {
    const logs = createLogs(options);
    await requirePaths(options.paths);
    const binary = await envoyPath(options.envoyFolder);
    const identity = await createXdsIdentity({
      folder: options.certificatesFolder,
      clock,
      onRenewed: (tls) => plane.xds.renew(tls),
      onFailed: (cause) => void logs.xds.error(`certificates are not renewed: ${messageOf(cause)}`),
    });
    endings.add(identity.stop);
    const ground: Ground = { options, clock, logs, binary, endings };
    const plane = createPlane(ground, identity);
    const port = await open(plane, ground);
    plane.queue.push({ type: "applied", kind: "Config", object: standaloneConfig(identity.client(port), options.gateway) });
    await follow(plane, ground, signal);
  } finally {
    await endings.run();
  }
}

function createPlane(ground: Ground, identity: XdsIdentity): Plane {
  const { options, clock, logs, endings } = ground;
  const files: Plane["files"] = { problems: [] };
  const store = createStore();
  const push = (change: Change): void => queue.push(change);
  const feedback = createFeedback({ push, retry: (refused) => xds.retry(refused), clock });
  const metrics = createMetrics({
    queued: () => queue.size(),
    streams: () => xds.streams(),
    fileProblems: () => files.problems.length,
  });
  const xds: XdsServer = createXdsServer({
    host: "127.0.0.1",
    port: options.xdsPort,
    tls: identity.server,
    clock,
    log: (message, fields) => void logs.xds.info(message, fields),
    onAcknowledged: (acknowledgement) => feedback.acknowledged(acknowledgement, publisher.snapshots),
    onDisconnected: (client) => feedback.states.disconnected(client),
    onRefused(refused) {
      metrics.refused(refused.proxy, refused.typeUrl);
      feedback.refused(store, refused);
    },
  });
  endings.add(() => xds.close());
  const publisher = publisherOf({ store, xds, feedback, metrics, logs });
  const status = createStatusMemory(store);
  const statuses = createStatusLoop(store, status, clock.today);
  const owned = ownedLoop(ground, store, feedback);
  const expiry = createExpiryWatch({ store, clock, push });
  endings.add(() => expiry.stop());

  const queue = debounced<Change>(async (batch) => {
    const start = performance.now();
    const changes = store.apply(batch);
    const resources = publisher.publish();
    const ms = Math.round((performance.now() - start) * 10) / 10;
    owned.wake();
    const written = await statuses.settle(changes);
    expiry.look();
    report(
      { changes: changes.length, queries: store.computed.length, resources, statuses: written, ms },
      { store, metrics, logs },
    );
  }, options.debounce);
  endings.add(() => (queue.close(), feedback.stop()));
  expiry.tell();
  return { store, queue, xds, feedback, publisher, status, metrics, files };
}

type Publishing = Pick<Plane, "store" | "xds" | "feedback" | "metrics"> & { readonly logs: Logs };

function publisherOf({ store, xds, feedback, metrics, logs }: Publishing): Publisher {
  const told = new Map<string, string>();
  return createPublisher({
    store,
    xds,
    runs: (proxy) => feedback.states.runs(proxy),
    onTranslated(snapshot, heldBack) {
      feedback.translated(snapshot, heldBack);
      metrics.snapshot(snapshot.proxy, snapshot.version, heldBack.length);
      const now = heldBack.map(({ resource, message }) => `held back ${resource}: ${message}`);
      if (told.get(snapshot.proxy) !== now.join("\n")) for (const line of now) logs.xds.warn(line);
      told.set(snapshot.proxy, now.join("\n"));
    },
    onWithdrawn(proxy) {
      told.delete(proxy);
      feedback.withdrawn(proxy);
      metrics.forget(proxy);
    },
    onFault(proxy, cause) {
      metrics.fault();
      logs["gateway-api"].error(`translation of ${proxy} failed`, {
        error: cause instanceof Error ? cause.stack : String(cause),
      });
    },
  });
}

/** The Envoys, ended when the process ends. */
function ownedLoop({ options, logs, binary, endings }: Ground, store: Store, feedback: Feedback) {
  const infrastructure = createHostInfrastructure({
    binary: async () => binary,
    runtimeFolder: options.runtimeFolder,
    onState: (proxy, state) => feedback.states.running(proxy, state),
    onGone: (proxy) => feedback.states.gone(proxy),
    onOutput(proxy, line, stream) {
      // Access logs as they are; what Envoy says of itself, with its name.
      if (stream === "stdout") process.stdout.write(`${line}\n`);
      else process.stderr.write(`[${proxy}] ${line}\n`);
    },
  });
  const owned = createOwnedLoop({ store, infrastructure, complain: (message) => void logs.infrastructure.error(message) });
  endings.add(async () => {
    // At the same time: an owner that waits for a proxy to drain is done when that is cut short.
    await Promise.all([owned.close(), infrastructure.close()]);
  });
  return owned;
}

function report(batch: Batch, { store, metrics, logs }: Pick<Plane, "store" | "metrics"> & { readonly logs: Logs }): void {
  metrics.batch(batch);
  const { changes, queries, resources, ms } = batch;
  const line = `revision ${store.revision}: ${changes} changes, ${queries} queries, ${resources} resources, ${ms} ms`;
  logs["gateway-api"].info(line, { revision: store.revision, ...batch });
  for (const fault of store.faults) {
    metrics.fault();
    logs["gateway-api"].error(fault.message, { error: fault.stack });
  }
}

/** Opens every port; returns the one of the xDS server. */
async function open(plane: Plane, { options, endings }: Ground): Promise<number> {
  const { store, xds, feedback, files } = plane;
  const { port } = await xds.listen();
  const ready = (): boolean => store.revision > 0 && feedback.states.allReady();
  const known = { ...plane, ready, problems: () => files.problems, streams: () => xds.streams() };
  const addresses = await servePages(options, known, endings);
  endings.add(await announce(options.stateFolder, { ...addresses, xds: `127.0.0.1:${port}` }));
  return port;
}

/** Reads the files, then follows their edits, until the signal aborts. */
async function follow({ queue, files }: Plane, { options, logs }: Ground, signal: AbortSignal): Promise<void> {
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
