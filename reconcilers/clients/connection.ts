// A policy's settings of connections, whatever is spoken over them. Pure.

import type { ClientTrafficPolicySpec } from "../../api/clienttrafficpolicy.ts";
import type { ConnectionLimit, PortSettings } from "../../xds/model/client.ts";
import { bytes, duration, given, type Report, within } from "./report.ts";

const maxUint32 = 0xffff_ffff;
/** Linux refuses more: the port could not be opened. */
const mostSeconds = 32_767;

export function portSettings(spec: ClientTrafficPolicySpec, report: Report): PortSettings {
  const { connection, tcpKeepalive } = spec;
  return given<PortSettings>({
    keepalive: tcpKeepalive === undefined ? undefined : keepalive(tcpKeepalive, report),
    proxyProtocol: proxyProtocol(spec),
    bufferBytes: bytes(report, "connection.bufferLimit", connection?.bufferLimit, [0, maxUint32]),
    acceptsPerEvent: within(report, "connection.maxAcceptPerSocketEvent", connection?.maxAcceptPerSocketEvent, [0, maxUint32]),
  });
}

function keepalive(
  settings: NonNullable<ClientTrafficPolicySpec["tcpKeepalive"]>,
  report: Report,
): NonNullable<PortSettings["keepalive"]> {
  const seconds = (field: string, text: string | undefined): number | undefined => {
    const value = duration(report, field, text, 1000);
    return value === undefined ? undefined : within(report, field, Math.floor(value / 1000), [1, mostSeconds]);
  };
  return given<NonNullable<PortSettings["keepalive"]>>({
    probes: within(report, "tcpKeepalive.probes", settings.probes, [1, 127]),
    idleSeconds: seconds("tcpKeepalive.idleTime", settings.idleTime),
    intervalSeconds: seconds("tcpKeepalive.interval", settings.interval),
  });
}

function proxyProtocol({ proxyProtocol: settings, enableProxyProtocol }: ClientTrafficPolicySpec): PortSettings["proxyProtocol"] {
  if (settings !== undefined) return settings.optional === true ? "optional" : "required";
  return enableProxyProtocol === true ? "required" : undefined;
}

export function connectionLimit({ connection }: ClientTrafficPolicySpec, report: Report): ConnectionLimit | undefined {
  const limit = connection?.connectionLimit;
  if (limit === undefined) return undefined;
  const most = within(report, "connection.connectionLimit.value", limit.value, [1, Number.MAX_SAFE_INTEGER]);
  const closeDelayMs = duration(report, "connection.connectionLimit.closeDelay", limit.closeDelay);
  // Envoy takes no delay of nothing.
  return most === undefined ? undefined : { most, ...(closeDelayMs === undefined || closeDelayMs === 0 ? {} : { closeDelayMs }) };
}
