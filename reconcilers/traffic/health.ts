// Health checks in model terms. Pure; knows no kind of policy.

import type { HealthCheck } from "../../api/shared/healthcheck.ts";
import type { ActiveCheck, Ejection, Payload } from "../../xds/model/upstream-settings.ts";
import { milliseconds } from "../routes/durations.ts";
import { positiveAt, present, type Problems } from "./problems.ts";

type ActiveSpec = NonNullable<HealthCheck["active"]>;

/** Methods that Envoy's health checker can send; CONNECT is none of them. */
const methods: readonly string[] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"];

export function toActiveCheck(spec: HealthCheck["active"], problems: Problems): ActiveCheck | undefined {
  if (spec === undefined) return undefined;
  const probe = toProbe(spec, problems);
  const at = "healthCheck.active";
  return {
    timeoutMs: positiveAt(problems, `${at}.timeout`, spec.timeout) ?? 1000,
    intervalMs: positiveAt(problems, `${at}.interval`, spec.interval) ?? 3000,
    ...present({ initialJitterMs: milliseconds(spec.initialJitter) }),
    unhealthyThreshold: spec.unhealthyThreshold,
    healthyThreshold: spec.healthyThreshold,
    probe,
  };
}

function toProbe({ type, http, tcp, grpc }: ActiveSpec, problems: Problems): ActiveCheck["probe"] {
  switch (type) {
    case "HTTP": {
      const method = http?.method?.toUpperCase();
      if (method !== undefined && !methods.includes(method)) {
        problems.push(`healthCheck.active.http.method: ${http?.method} must be one of ${methods.join(", ")}.`);
      }
      const statuses = [...new Set(http?.expectedStatuses ?? [200])].toSorted((a, b) => a - b);
      const rest = present({ host: http?.hostname, method, receive: toPayload(http?.expectedResponse) });
      return { type: "http", path: http?.path ?? "/", statuses, ...rest };
    }
    case "TCP":
      return { type: "tcp", ...present({ send: toPayload(tcp?.send), receive: toPayload(tcp?.receive) }) };
    case "GRPC":
      return { type: "grpc", ...present({ service: grpc?.service }) };
  }
}

type PayloadSpec = NonNullable<NonNullable<ActiveSpec["tcp"]>["send"]>;

function toPayload(spec: PayloadSpec | undefined): Payload | undefined {
  if (spec?.type === "Text" && spec.text !== undefined) return { type: "text", text: spec.text };
  return spec?.binary === undefined ? undefined : { type: "binary", base64: spec.binary };
}

export function toEjection(spec: HealthCheck["passive"], problems: Problems): Ejection | undefined {
  if (spec === undefined) return undefined;
  const at = "healthCheck.passive";
  return {
    splitLocalErrors: spec.splitExternalLocalOriginErrors,
    intervalMs: positiveAt(problems, `${at}.interval`, spec.interval) ?? 3000,
    baseTimeMs: positiveAt(problems, `${at}.baseEjectionTime`, spec.baseEjectionTime) ?? 30_000,
    consecutiveLocalFailures: spec.consecutiveLocalOriginFailures,
    consecutive5xx: spec.consecutive5XxErrors,
    maxPercent: percentAt(problems, `${at}.maxEjectionPercent`, spec.maxEjectionPercent),
    ...present({ consecutiveGatewayErrors: spec.consecutiveGatewayErrors, failurePercent: spec.failurePercentageThreshold }),
  };
}

function percentAt(problems: Problems, path: string, percent: number): number {
  if (percent < 0 || percent > 100) problems.push(`${path}: ${percent} must be from 0 to 100.`);
  return percent;
}
