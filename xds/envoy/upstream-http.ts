// How HTTP is spoken to a cluster.

import type { Any } from "@bufbuild/protobuf/wkt";
import { type config_core_v3, extensions_upstreams_http_v3 } from "#envoy";
import type { Cluster } from "../model/backend.ts";
import type { UpstreamSettings } from "../model/upstream-settings.ts";
import type { MessageInit } from "./message-init.ts";
import { milliseconds, packed } from "./wire.ts";

const { HttpProtocolOptionsSchema } = extensions_upstreams_http_v3;
type HttpOptions = MessageInit<typeof HttpProtocolOptionsSchema>;

/** Nothing for plain HTTP/1, which is Envoy's default. */
export function protocolOptions(model: Cluster): Record<string, Any> {
  const { tls, protocol, settings } = model;
  const common = connectionOptions(settings);
  if (tls === undefined && protocol === "http1" && common === undefined && settings?.clientProtocol === undefined) return {};
  // Without a literal SNI the request's host is sent, and a verified certificate must carry it unless names are listed.
  const followHost = tls !== undefined && tls.sni === undefined;
  const verifyHost = followHost && tls.trust.type !== "none" && tls.subjectAltNames.length === 0;
  const options = packed(HttpProtocolOptionsSchema, {
    ...(common === undefined ? {} : { commonHttpProtocolOptions: common }),
    ...(followHost ? { upstreamHttpProtocolOptions: { autoSni: true, autoSanValidation: verifyHost } } : {}),
    upstreamProtocolOptions: upstreamProtocol(model),
  });
  return { "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options };
}

function connectionOptions(settings: UpstreamSettings | undefined): HttpOptions["commonHttpProtocolOptions"] {
  const { idleTimeoutMs: idle, maxConnectionDurationMs: longest, maxRequestsPerConnection: requests } = settings ?? {};
  if (idle === undefined && longest === undefined && requests === undefined) return undefined;
  return {
    ...(idle === undefined ? {} : { idleTimeout: milliseconds(idle) }),
    ...(longest === undefined ? {} : { maxConnectionDuration: milliseconds(longest) }),
    ...(requests === undefined ? {} : { maxRequestsPerConnection: requests }),
  };
}

/** Envoy Gateway's windows, unless a policy has its own. */
function http2Options(settings: UpstreamSettings | undefined): MessageInit<typeof config_core_v3.Http2ProtocolOptionsSchema> {
  const {
    streamWindowBytes = 65_536,
    connectionWindowBytes = 1_048_576,
    maxConcurrentStreams,
    invalidEnds,
  } = settings?.http2 ?? {};
  return {
    initialStreamWindowSize: streamWindowBytes,
    initialConnectionWindowSize: connectionWindowBytes,
    ...(maxConcurrentStreams === undefined ? {} : { maxConcurrentStreams }),
    ...(invalidEnds === undefined ? {} : { overrideStreamErrorOnInvalidHttpMessage: invalidEnds === "stream" }),
  };
}

function upstreamProtocol({ tls, protocol, settings }: Cluster): HttpOptions["upstreamProtocolOptions"] {
  const http2 = http2Options(settings);
  if (settings?.clientProtocol === true) {
    return { case: "useDownstreamProtocolConfig", value: { httpProtocolOptions: {}, http2ProtocolOptions: http2 } };
  }
  // ALPN decides where the backend is offered both.
  if (tls?.alpn.includes("h2") === true && tls.alpn.includes("http/1.1")) {
    return { case: "autoConfig", value: { httpProtocolOptions: {}, http2ProtocolOptions: http2 } };
  }
  return protocol === "http2"
    ? { case: "explicitHttpConfig", value: { protocolConfig: { case: "http2ProtocolOptions", value: http2 } } }
    : { case: "explicitHttpConfig", value: { protocolConfig: { case: "httpProtocolOptions", value: {} } } };
}
