// Which endpoints of a cluster are well: checks that Envoy makes, and endpoints it puts aside.

import { config_cluster_v3, config_core_v3 } from "#envoy";
import type { ActiveCheck, Ejection, Payload } from "../model/upstream-settings.ts";
import type { MessageInit } from "./message-init.ts";
import { milliseconds } from "./wire.ts";

type HealthCheck = MessageInit<typeof config_core_v3.HealthCheckSchema>;

/** `name`: host that backends are asked about when nothing else is known. */
export function healthCheck(check: ActiveCheck, name: string): HealthCheck {
  return {
    timeout: milliseconds(check.timeoutMs),
    interval: milliseconds(check.intervalMs),
    ...(check.initialJitterMs === undefined ? {} : { initialJitter: milliseconds(check.initialJitterMs) }),
    unhealthyThreshold: check.unhealthyThreshold,
    healthyThreshold: check.healthyThreshold,
    healthChecker: checker(check.probe, name),
  };
}

function checker(probe: ActiveCheck["probe"], name: string): HealthCheck["healthChecker"] {
  switch (probe.type) {
    case "http":
      return {
        case: "httpHealthCheck",
        value: {
          host: probe.host ?? name,
          path: probe.path,
          ...(probe.method === undefined ? {} : { method: methods[probe.method] ?? methods["GET"]! }),
          expectedStatuses: probe.statuses.map((status) => ({ start: BigInt(status), end: BigInt(status + 1) })),
          ...(probe.receive === undefined ? {} : { receive: [payload(probe.receive)] }),
        },
      };
    case "tcp":
      return {
        case: "tcpHealthCheck",
        value: {
          ...(probe.send === undefined ? {} : { send: payload(probe.send) }),
          ...(probe.receive === undefined ? {} : { receive: [payload(probe.receive)] }),
        },
      };
    case "grpc":
      return { case: "grpcHealthCheck", value: probe.service === undefined ? {} : { serviceName: probe.service } };
  }
}

const methods: Readonly<Record<string, config_core_v3.RequestMethod>> = config_core_v3.RequestMethod;

/** Envoy takes text in hexadecimal. */
function payload(value: Payload): MessageInit<typeof config_core_v3.HealthCheck_PayloadSchema> {
  return value.type === "text"
    ? { payload: { case: "text", value: Buffer.from(value.text).toString("hex") } }
    : { payload: { case: "binary", value: new Uint8Array(Buffer.from(value.base64, "base64")) } };
}

/** A cause that is named is enforced always. */
const always = 100;

export function outlierDetection(ejection: Ejection): MessageInit<typeof config_cluster_v3.OutlierDetectionSchema> {
  const { consecutiveGatewayErrors: gateway, failurePercent } = ejection;
  return {
    splitExternalLocalOriginErrors: ejection.splitLocalErrors,
    interval: milliseconds(ejection.intervalMs),
    baseEjectionTime: milliseconds(ejection.baseTimeMs),
    consecutiveLocalOriginFailure: ejection.consecutiveLocalFailures,
    consecutive5xx: ejection.consecutive5xx,
    maxEjectionPercent: ejection.maxPercent,
    ...(gateway === undefined ? {} : { consecutiveGatewayFailure: gateway, enforcingConsecutiveGatewayFailure: always }),
    ...(failurePercent === undefined ? {} : { failurePercentageThreshold: failurePercent, enforcingFailurePercentage: always }),
  };
}
