// Composition root: a folder of YAML → queue → store → xDS, Envoys and status. Everything with effects meets here.

import { readFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { kinds } from "../api/kinds.ts";
import { proxies } from "../reconcilers/gateway/proxies.ts";
import { proxy } from "../reconcilers/proxy.ts";
import type { Change } from "../store/db.ts";
import type { ObjectKey } from "../store/key.ts";
import type { Kind } from "../store/kinds.ts";
import { createStore } from "../store/store.ts";
import { snapshotJson } from "../xds/proto-json.ts";
import type { Snapshot } from "../xds/resource.ts";
import { createXdsServer } from "../xds/server.ts";
import { encode } from "../xds/snapshot.ts";
import { schemaJudge } from "./admission.ts";
import { serveAdmin } from "./admin.ts";
import { systemClock } from "./clock.ts";
import { standaloneConfig, type StandaloneOptions } from "./config.ts";
import { ensureCertificates } from "./host/certificates.ts";
import { envoyPath } from "./host/envoy-binary.ts";
import { watchFiles } from "./host/files.ts";
import { createHostInfrastructure } from "./host/infrastructure.ts";
import type { Problem } from "./host/yaml.ts";
import type { RunningProxy } from "./infrastructure.ts";
import { createOwnedLoop } from "./reconcile.ts";
import { createMetrics } from "./metrics.ts";
import { debounced } from "./queue.ts";
import { createRefusalKeeper } from "./refusals.ts";
import { createStatusKeeper } from "./status.ts";
import { createLog } from "./telemetry.ts";

const serverName = "envoy-gateway";

/** Runs until the signal aborts; rejects with one clear sentence when it cannot start. */
export async function runStandalone(options: StandaloneOptions, signal: AbortSignal): Promise<void> {
  const log = createLog(options.logLevel);
  const store = createStore();
  const certificates = await ensureCertificates(join(options.stateFolder, "certs"), serverName);
  const read = (file: string): Promise<string> => readFile(file, "utf8");
  const { server: own, client } = certificates;
  let problems: readonly Problem[] = [];
  let published = false;
  const snapshots = new Map<string, Snapshot>();
  const running = new Map<string, RunningProxy>();
  const ready = new Map<string, Set<number>>();

  const pushState = (name: string): void => {
    const state = running.get(name);
    const metadata = { name: name.replaceAll("/", "~") };
    if (state === undefined) return queue.push({ type: "deleted", kind: "ProxyState", key: `/${metadata.name}` });
    const { wanted, addresses, trouble } = state;
    const object = { metadata, proxy: name, ready: ready.get(name)?.size ?? 0, wanted, addresses, ...(trouble && { trouble }) };
    queue.push({ type: "applied", kind: "ProxyState", object });
  };

  const xds = createXdsServer({
    host: "127.0.0.1",
    port: options.xdsPort,
    tls: { ca: await read(own.caFile), cert: await read(own.certFile), key: await read(own.keyFile) },
    clock: systemClock,
    log: (message, fields) => void log.info(message, fields),
    onAcknowledged({ proxy: name, stream, typeUrl }) {
      const streams = ready.get(name) ?? new Set();
      if (!typeUrl.endsWith(".Listener") || streams.has(stream)) return;
      ready.set(name, streams.add(stream));
      pushState(name);
    },
    onDisconnected({ proxy: name, stream }) {
      if (ready.get(name)?.delete(stream)) pushState(name);
    },
  });

  const infrastructure = createHostInfrastructure({
    binary: envoyPath,
    runtimeFolder: join(options.stateFolder, "run"),
    onState: (name, state) => (running.set(name, state), pushState(name)),
    onGone: (name) => (running.delete(name), pushState(name)),
    onOutput: (name, line, stream) =>
      void (stream === "stdout" ? process.stdout : process.stderr).write(`${stream === "stdout" ? line : `[${name}] ${line}`}\n`),
  });
  const owned = createOwnedLoop(store, infrastructure, (message, fields) => void log.error(message, fields));
  const status = createStatusKeeper(store, () => new Date());
  const metrics = createMetrics();
  const refusals = createRefusalKeeper((change) => queue.push(change));

  function publishAll(): void {
    const names = proxies(store);
    for (const name of names) {
      try {
        const before = snapshots.get(name);
        const { snapshot, refusals: heldBack } = encode(proxy(store, name), before);
        refusals.held(name, heldBack);
        if (snapshot === before) continue;
        metrics.snapshot(name, snapshot.version, heldBack.length);
        for (const refusal of heldBack) log.warn(`held back ${refusal.resource}: ${refusal.message}`);
        snapshots.set(name, snapshot);
        xds.publish(snapshot);
      } catch (cause) {
        metrics.fault();
        // A bug: this proxy keeps its last snapshot, the others go on.
        log.error(`translation of ${name} failed`, { error: cause instanceof Error ? cause.stack : String(cause) });
      }
    }
    for (const name of snapshots.keys()) {
      if (names.includes(name)) continue;
      snapshots.delete(name);
      refusals.held(name, []);
      xds.withdraw(name);
    }
  }

  const queue = debounced<Change>(async (batch) => {
    const start = performance.now();
    const changes = store.apply(batch);
    publishAll();
    published = true;
    owned.wake();
    status.forget();
    const ms = Math.round((performance.now() - start) * 10) / 10;
    metrics.batch({ changes: changes.length, queries: store.computed.length, ms });
    metrics.streams(xds.streams().length);
    log.info(`revision ${store.revision}: ${changes.length} changes, ${store.computed.length} queries, ${ms} ms`);
  }, options.debounce);

  const { port } = await xds.listen();
  const isReady = (): boolean => published;
  const metricsPage = await serveAdmin({
    host: "0.0.0.0",
    port: options.metricsPort,
    ready: isReady,
    pages: { "/metrics": () => metrics.text() },
  });
  const admin = await serveAdmin({
    host: "127.0.0.1",
    port: options.adminPort,
    ready: isReady,
    pages: {
      "/problems": () => problems,
      "/objects": () => kinds.filter(({ kind }) => kind !== "Secret").flatMap(({ kind }) => status.all(kind as Kind)),
      "/config_dump": () => ({
        proxies: [...snapshots].map(([name, snapshot]) => ({
          name,
          version: snapshot.version,
          resources: snapshotJson(snapshot),
        })),
        streams: xds.streams(),
        problems,
      }),
    },
  });
  await mkdir(options.stateFolder, { recursive: true });
  const stateFile = join(options.stateFolder, "running.json");
  await writeFile(
    stateFile,
    JSON.stringify({
      pid: process.pid,
      metrics: `127.0.0.1:${metricsPage.port}`,
      admin: `127.0.0.1:${admin.port}`,
      xds: `127.0.0.1:${port}`,
    }),
  );

  queue.push({
    type: "applied",
    kind: "Config",
    object: standaloneConfig({ host: "127.0.0.1", port, serverName, ...client }, options.gateway),
  });
  queue.push({ type: "applied", kind: "Clock", object: { metadata: { name: "clock" }, now: new Date().toISOString() } });
  const onProblems = (all: readonly Problem[]): void => {
    problems = all;
    for (const { file, line, column, message, path } of all)
      log.warn(`${file}:${line}:${column}: ${path ? `${path}: ` : ""}${message}`);
  };
  try {
    for await (const event of watchFiles({ paths: options.paths, judge: schemaJudge, onProblems }, signal)) {
      if (event.type === "synced") queue.start();
      else if (event.type === "deleted") queue.push({ type: "deleted", kind: event.kind as Kind, key: event.key as ObjectKey });
      else queue.push(event as unknown as Change); // the judge let only our kinds through, as their schemas say
    }
  } finally {
    await owned.close();
    await infrastructure.close();
    await xds.close();
    admin.close();
    metricsPage.close();
    await rm(stateFile, { force: true });
  }
}
