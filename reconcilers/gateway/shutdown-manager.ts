// How the pods of a proxy end: the sidecar that holds back the end of Envoy until its clients are done (cli/shutdown-manager.ts), and when.

import type { EnvoyProxySpec } from "../../api/envoyproxy.ts";
import type { Db } from "../../store/db.ts";
import { configKey } from "../envoyproxy.ts";
import { milliseconds } from "../routes/durations.ts";

const port = 19002;

/** The containers beside Envoy: one, or none when no image is known for it. The image knows its own program. */
export function shutdownManager(db: Db, spec: EnvoyProxySpec): readonly unknown[] {
  const image = db.get("Config", configKey)?.shutdownManagerImage;
  if (image === undefined) return [];
  const drain = drainSeconds(spec);
  const probe = { httpGet: { path: "/healthz", port, scheme: "HTTP" }, successThreshold: 1, timeoutSeconds: 1 };
  const container = {
    name: "shutdown-manager",
    image,
    imagePullPolicy: "IfNotPresent",
    args: [
      "envoy",
      "shutdown-manager",
      `--ready-timeout=${drain + 10}s`,
      `--drain-timeout=${drain}s`,
      `--min-drain-duration=${Math.min(drain, minDrainSeconds(spec))}s`,
    ],
    ports: [{ name: "shutdown", containerPort: port, protocol: "TCP" }],
    resources: { requests: { cpu: "10m", memory: "32Mi" } },
    securityContext: { ...restricted, readOnlyRootFilesystem: true },
    startupProbe: { ...probe, periodSeconds: 1, failureThreshold: 300 },
    livenessProbe: { ...probe, periodSeconds: 10, failureThreshold: 3 },
    terminationMessagePolicy: "File",
    terminationMessagePath: "/dev/termination-log",
  };
  return [container];
}

/** What Envoy's container needs for it: kubelet asks, and sends the signal that ends Envoy when it has an answer. */
export function endingGently(db: Db): { readonly lifecycle?: unknown } {
  if (db.get("Config", configKey)?.shutdownManagerImage === undefined) return {};
  return { lifecycle: { preStop: { httpGet: { path: "/shutdown/ready", port, scheme: "HTTP" } } } };
}

export const restricted = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  privileged: false,
  runAsNonRoot: true,
  runAsUser: 65_532,
  runAsGroup: 65_532,
  seccompProfile: { type: "RuntimeDefault" },
};

/** For how long a proxy that stops keeps serving whatever happens. */
function minDrainSeconds(spec: EnvoyProxySpec): number {
  return seconds(spec.shutdown?.minDrainDuration) ?? 10;
}

/** How long a proxy that stops lets requests finish. */
export function drainSeconds(spec: EnvoyProxySpec): number {
  return seconds(spec.shutdown?.drainTimeout) ?? 60;
}

/** Whole seconds, rounded up; undefined when it is no duration. */
function seconds(duration: string | undefined): number | undefined {
  const ms = milliseconds(duration);
  return ms === undefined ? undefined : Math.ceil(ms / 1000);
}
