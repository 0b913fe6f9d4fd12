// Which settings of an EnvoyProxy have no effect yet. They are valid, so the Gateway is served, and its Accepted condition names them.
// docs/compatibility.md lists the same; a field leaves both when it works.

import type { Config } from "../../api/config.ts";
import type { EnvoyProxySpec } from "../../api/envoyproxy.ts";

/** Paths below spec of what is set and does nothing. */
export function settingsWithoutEffect(spec: EnvoyProxySpec, infrastructure: Config["infrastructure"]): readonly string[] {
  const { telemetry } = spec;
  const metrics = telemetry?.metrics;
  const sinks = (telemetry?.accessLog?.settings ?? []).flatMap(({ sinks: all }, at) =>
    all.flatMap(({ type }, index): readonly string[] => {
      const name = type === "ALS" ? "als" : type === "OpenTelemetry" ? "openTelemetry" : undefined;
      return name === undefined ? [] : [`telemetry.accessLog.settings[${at}].sinks[${index}].${name}`];
    }),
  );
  const others: Readonly<Record<string, unknown>> = {
    "telemetry.tracing": telemetry?.tracing,
    "telemetry.metrics.prometheus.compression": metrics?.prometheus?.compression,
    "telemetry.metrics.sinks": metrics?.sinks?.length === 0 ? undefined : metrics?.sinks,
    "telemetry.metrics.enableVirtualHostStats": metrics?.enableVirtualHostStats,
    "telemetry.metrics.enablePerEndpointStats": metrics?.enablePerEndpointStats,
    "telemetry.metrics.enableRequestResponseSizesStats": metrics?.enableRequestResponseSizesStats,
    "telemetry.metrics.clusterStatName": metrics?.clusterStatName,
    "telemetry.requestID": telemetry?.requestID,
    "shutdown.minDrainDuration": infrastructure === "host" ? spec.shutdown?.minDrainDuration : undefined,
    filterOrder: spec.filterOrder?.length === 0 ? undefined : spec.filterOrder,
    backendTLS: spec.backendTLS,
    luaValidation: spec.luaValidation,
    "provider.host.envoyVersion": spec.provider?.host?.envoyVersion,
  };
  const idle = Object.entries(others).filter(([, value]) => value !== undefined && value !== false);
  return [...sinks, ...idle.map(([path]) => path)];
}

/** Why the order of filters cannot be: a filter that must be before itself. */
export function filterOrderProblem({ filterOrder }: EnvoyProxySpec): string | undefined {
  const edges = (filterOrder ?? []).map(({ name, before, after }): readonly [string, string] =>
    before === undefined ? [after ?? "", name] : [name, before],
  );
  const reaches = (from: string, to: string, seen: ReadonlySet<string>): boolean =>
    edges.some(([a, b]) => a === from && (b === to || (!seen.has(b) && reaches(b, to, new Set([...seen, b])))));
  const stuck = edges.map(([name]) => name).find((name) => reaches(name, name, new Set()));
  return stuck === undefined ? undefined : `filterOrder puts ${stuck} before itself.`;
}
