// A policy's settings of HTTP with clients, in the words of xds/model. Pure.

import type { ClientTrafficPolicySpec } from "../../api/clienttrafficpolicy.ts";
import type { ClientHttp } from "../../xds/model/client.ts";
import { clientAddress } from "./address.ts";
import { headerSettings } from "./headers.ts";
import { bytes, duration, given, type Report, within } from "./report.ts";

const escapedSlashes = {
  KeepUnchanged: "keep",
  RejectRequest: "reject",
  UnescapeAndForward: "forward",
  UnescapeAndRedirect: "redirect",
} as const;

/** Bounds of HTTP/2 (RFC 9113, 6.9.2), of which Envoy asks for the initial size at least. */
const windowSizes = [65_535, 2_147_483_647] as const;

/** All but the host of HTTP/1.0, which depends on the listener. */
export function clientHttp(spec: ClientTrafficPolicySpec, report: Report): ClientHttp {
  const { path, http1, healthCheck } = spec;
  const slashes = path?.escapedSlashesAction;
  if (healthCheck !== undefined && !healthCheck.path.startsWith("/")) report("healthCheck.path", "does not begin with a slash");
  return given<ClientHttp>({
    address: clientAddress(spec.clientIPDetection, report),
    ...timeouts(spec, report),
    ...limits(spec, report),
    keepSlashes: path?.disableMergeSlashes === true ? true : undefined,
    escapedSlashes: slashes === undefined ? undefined : escapedSlashes[slashes],
    ...headerSettings(spec.headers, report),
    trailers: http1?.enableTrailers === true ? true : undefined,
    headerCase: http1?.preserveHeaderCase === true ? true : undefined,
    http10: http1?.http10 === undefined ? undefined : {},
    http2: spec.http2 === undefined ? undefined : http2(spec.http2, report),
    healthPath: healthCheck?.path,
    schemeOfBackend: spec.scheme === "MatchBackend" ? true : undefined,
  });
}

type Fields = { readonly [K in keyof ClientHttp]?: ClientHttp[K] | undefined };

function timeouts({ timeout }: ClientTrafficPolicySpec, report: Report): Fields {
  const http = timeout?.http;
  return {
    requestTimeoutMs: duration(report, "timeout.http.requestReceivedTimeout", http?.requestReceivedTimeout),
    idleTimeoutMs: duration(report, "timeout.http.idleTimeout", http?.idleTimeout),
    streamIdleTimeoutMs: duration(report, "timeout.http.streamIdleTimeout", http?.streamIdleTimeout),
  };
}

function limits({ connection, http1 }: ClientTrafficPolicySpec, report: Report): Fields {
  const limit = connection?.connectionLimit;
  const at = "connection.connectionLimit";
  const most = within(report, `${at}.maxRequestsPerConnection`, limit?.maxRequestsPerConnection, [0, 0xffff_ffff]);
  return {
    // A connection without a life could not even be asked.
    maxConnectionMs: duration(report, `${at}.maxConnectionDuration`, limit?.maxConnectionDuration, 1),
    abruptMaxConnection: http1?.disableSafeMaxConnectionDuration === true ? true : undefined,
    maxRequestsPerConnection: most,
    maxStreamMs: duration(report, `${at}.maxStreamDuration`, limit?.maxStreamDuration),
  };
}

function http2(settings: NonNullable<ClientTrafficPolicySpec["http2"]>, report: Report): NonNullable<ClientHttp["http2"]> {
  const { onInvalidMessage } = settings;
  const known = onInvalidMessage === undefined || /^Terminate(Connection|Stream)$/.test(onInvalidMessage);
  if (!known) report("http2.onInvalidMessage", `is ${onInvalidMessage}, it must be TerminateConnection or TerminateStream`);
  return given<NonNullable<ClientHttp["http2"]>>({
    streamWindow: bytes(report, "http2.initialStreamWindowSize", settings.initialStreamWindowSize, windowSizes),
    connectionWindow: bytes(report, "http2.initialConnectionWindowSize", settings.initialConnectionWindowSize, windowSizes),
    maxStreams: settings.maxConcurrentStreams,
    resetStreamOnly: onInvalidMessage === undefined ? undefined : onInvalidMessage === "TerminateStream",
  });
}
