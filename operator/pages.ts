// The pages of the process: what it knows, for people and for Prometheus.

import { kinds } from "../api/kinds.ts";
import type { Kind } from "../store/kinds.ts";
import type { StreamState } from "../xds/server.ts";
import { serveAdmin, type Page } from "./admin.ts";
import { configDump } from "./config-dump.ts";
import type { StandaloneOptions } from "./config.ts";
import type { Endings } from "./endings.ts";
import type { Addresses } from "./host/running-file.ts";
import type { Problem } from "./host/yaml.ts";
import type { Metrics } from "./metrics.ts";
import type { Publisher } from "./publisher.ts";
import type { StatusMemory } from "./status.ts";

export interface Known {
  /** What is waited for before anything is served; nothing: we are ready. */
  readonly waits: () => readonly string[];
  /** Absent: always. */
  readonly live?: () => boolean;
  /** In the files, or with the API server. */
  readonly problems: () => readonly (Problem | string)[];
  readonly streams: () => readonly StreamState[];
  readonly status: Pick<StatusMemory, "all">;
  readonly publisher: Pick<Publisher, "snapshots">;
  readonly metrics: Metrics;
}

const everywhere = "0.0.0.0";

/** What is served under which path. Secrets are not shown, and key material is redacted. */
function adminPages({ problems, streams, status, publisher }: Known): Readonly<Record<string, Page>> {
  return {
    "/problems": () => problems(),
    "/objects": () => kinds.filter(({ kind }) => kind !== "Secret").flatMap(({ kind }) => status.all(kind as Kind)),
    "/config_dump": (query) => ({
      ...configDump({ snapshots: publisher.snapshots.values(), streams: streams() }, query),
      problems: problems(),
    }),
  };
}

type PagesOptions = Pick<StandaloneOptions, "adminHost" | "adminPort" | "metricsPort"> & { readonly healthPort?: number };

/** Opens the admin server and, unless it is off, the metrics page. Rejects with one sentence when a port cannot be had. */
export async function servePages(
  { adminHost, adminPort, metricsPort, healthPort }: PagesOptions,
  known: Known,
  endings: Endings,
): Promise<Pick<Addresses, "admin" | "metrics">> {
  const { waits, metrics, live = () => true } = known;
  const admin = await serveAdmin({ host: adminHost, port: adminPort, waits, live, pages: adminPages(known) });
  endings.add(() => admin.close());
  const addresses = { admin: `${adminHost.includes(":") ? `[${adminHost}]` : adminHost}:${admin.port}` };
  if (healthPort !== undefined) {
    const health = await serveAdmin({ host: everywhere, port: healthPort, waits, live, pages: {} });
    endings.add(() => health.close());
  }
  if (metricsPort === "off") return addresses;
  const page = await serveAdmin({
    host: everywhere,
    port: metricsPort,
    waits,
    live,
    pages: { "/metrics": () => metrics.text() },
  });
  endings.add(() => page.close());
  return { ...addresses, metrics: `127.0.0.1:${page.port}` };
}
