// What Prometheus can ask of the process. The only importer of prom-client.

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

export interface Metrics {
  batch(facts: { readonly queries: number; readonly changes: number; readonly ms: number }): void;
  snapshot(proxy: string, version: number, heldBack: number): void;
  streams(count: number): void;
  fault(): void;
  /** The page. */
  text(): Promise<string>;
}

export function createMetrics(): Metrics {
  const registers = [new Registry()];
  collectDefaultMetrics({ register: registers[0]! });
  const named = (name: string, help: string) => ({ name: `envoy_gateway_${name}`, help, registers });
  const batches = new Counter(named("batches_total", "Batches of changes applied."));
  const changes = new Counter(named("changes_total", "Changes that mattered."));
  const queries = new Counter(named("queries_total", "Queries that ran."));
  const faults = new Counter(named("faults_total", "Translations that failed because of a bug of ours."));
  const streams = new Gauge(named("xds_streams", "Connected xDS streams."));
  const versions = new Gauge({ ...named("snapshot_version", "Version of the last snapshot."), labelNames: ["proxy"] });
  const held = new Gauge({ ...named("resources_held_back", "Resources that our checks refused."), labelNames: ["proxy"] });
  const duration = new Histogram({
    ...named("flush_duration_seconds", "From the start of a batch to its snapshots on the streams."),
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 4],
  });
  return {
    batch(facts) {
      batches.inc();
      changes.inc(facts.changes);
      queries.inc(facts.queries);
      duration.observe(facts.ms / 1000);
    },
    snapshot(proxy, version, heldBack) {
      versions.set({ proxy }, version);
      held.set({ proxy }, heldBack);
    },
    streams: (count) => streams.set(count),
    fault: () => faults.inc(),
    text: () => registers[0]!.metrics(),
  };
}
