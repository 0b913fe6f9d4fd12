// What Prometheus can ask of the process. The only importer of prom-client.

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

export interface Batch {
  readonly changes: number;
  readonly queries: number;
  /** New, changed and removed resources. */
  readonly resources: number;
  readonly statuses: number;
  readonly ms: number;
}

export interface Metrics {
  batch(facts: Batch): void;
  snapshot(proxy: string, version: number, heldBack: number): void;
  /** The proxy is no more. */
  forget(proxy: string): void;
  /** A proxy refused a response. */
  refused(proxy: string, typeUrl: string): void;
  /** A bug of ours was caught. */
  fault(): void;
  /** The page. */
  text(): Promise<string>;
}

/** Read when somebody asks for the page. */
export interface Readings {
  readonly queued: () => number;
  readonly streams: () => readonly { readonly proxy: string; readonly bytesSent: number }[];
  readonly fileProblems: () => number;
  /** What is watched at an API server; absent: there is none. */
  readonly watches?: () => Iterable<readonly [string, Watch]>;
}

export interface Watch {
  readonly objects: number;
  readonly silentMs: number;
  readonly problem: string | undefined;
  readonly absent: boolean;
  /** Lists that succeeded, and watches that began. */
  readonly relists: number;
  readonly restarts: number;
}

export function createMetrics(readings: Readings): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const named = (name: string, help: string) => ({ name: `envoy_gateway_${name}`, help, registers: [registry] });
  addReadings(readings, named);
  if (readings.watches !== undefined) addWatches(readings.watches, named);
  const batches = new Counter(named("batches_total", "Batches of changes applied."));
  const changes = new Counter(named("changes_total", "Changes that mattered."));
  const queries = new Counter(named("queries_total", "Queries that ran."));
  const resources = new Counter(named("resources_published_total", "Resources new, changed or removed in a snapshot."));
  const statuses = new Counter(named("statuses_written_total", "Statuses of objects that were written."));
  const faults = new Counter(named("faults_total", "Computations that failed because of a bug of ours."));
  const versions = new Gauge({ ...named("snapshot_version", "Version of the last snapshot."), labelNames: ["proxy"] });
  const held = new Gauge({ ...named("resources_held_back", "Resources that our checks refused."), labelNames: ["proxy"] });
  const refusals = new Counter({
    ...named("responses_refused_total", "xDS responses that a proxy refused."),
    labelNames: ["proxy", "type"],
  });
  const duration = new Histogram({
    ...named("flush_duration_seconds", "From the start of a batch to its snapshots on the streams."),
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 4],
  });
  return {
    batch(facts) {
      batches.inc();
      changes.inc(facts.changes);
      queries.inc(facts.queries);
      resources.inc(facts.resources);
      statuses.inc(facts.statuses);
      duration.observe(facts.ms / 1000);
    },
    snapshot(proxy, version, heldBack) {
      versions.set({ proxy }, version);
      held.set({ proxy }, heldBack);
    },
    forget(proxy) {
      versions.remove({ proxy });
      held.remove({ proxy });
    },
    refused: (proxy, typeUrl) => refusals.inc({ proxy, type: typeUrl.slice(typeUrl.lastIndexOf(".") + 1) }),
    fault: () => faults.inc(),
    text: () => registry.metrics(),
  };
}

type Named = (name: string, help: string) => { readonly name: string; readonly help: string; readonly registers: Registry[] };

function addWatches(watches: () => Iterable<readonly [string, Watch]>, named: Named): void {
  const labelNames = ["watch"];
  const gauge = (name: string, help: string, read: (watch: Watch) => number): Gauge =>
    new Gauge({
      ...named(`watch_${name}`, help),
      labelNames,
      collect() {
        this.reset();
        for (const [watch, state] of watches()) this.set({ watch }, read(state));
      },
    });
  const counter = (name: string, help: string, read: (watch: Watch) => number): Counter =>
    new Counter({
      ...named(`watch_${name}_total`, help),
      labelNames,
      collect() {
        this.reset();
        for (const [watch, state] of watches()) this.inc({ watch }, read(state));
      },
    });
  gauge("objects", "Objects that are known.", ({ objects }) => objects);
  gauge("silence_seconds", "Since the last word of the API server.", ({ silentMs }) => silentMs / 1000);
  gauge("problem", "1: they cannot be read at present.", ({ problem }) => (problem === undefined ? 0 : 1));
  gauge("absent", "1: the API server does not serve the kind.", ({ absent }) => (absent ? 1 : 0));
  counter(
    "lists",
    "Lists that succeeded: one at the start, and one whenever the place in the history was lost.",
    (watch) => watch.relists,
  );
  counter("begins", "Watches that began.", (watch) => watch.restarts);
}

function addReadings(readings: Readings, named: Named): void {
  const add = (name: string, help: string, read: () => number): Gauge =>
    new Gauge({
      ...named(name, help),
      collect() {
        this.set(read());
      },
    });
  add("queue_depth", "Changes that wait for the next batch.", readings.queued);
  add("xds_streams", "Connected xDS streams.", () => readings.streams().length);
  add(
    "xds_connected_proxies",
    "Proxies with at least one connected stream.",
    () => new Set(readings.streams().map(({ proxy }) => proxy)).size,
  );
  add("xds_sent_bytes", "Bytes of responses sent on the streams that are connected now.", () =>
    readings.streams().reduce((sum, { bytesSent }) => sum + bytesSent, 0),
  );
  add("file_problems", "Things that are wrong in the files of objects.", readings.fileProblems);
}
