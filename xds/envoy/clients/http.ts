// How HTTP is spoken with clients: the parts of the connection manager that a policy can change, with Envoy Gateway's defaults for what it leaves out.

import {
  config_core_v3,
  extensions_filters_network_http_connection_manager_v3,
  extensions_http_header_formatters_preserve_case_v3,
} from "#envoy";
import type { ClientHttp, ForwardedCert } from "../../model/client.ts";
import type { MessageInit } from "../message-init.ts";
import { milliseconds, packed } from "../wire.ts";
import { clientAddress } from "./address.ts";
import { earlyMutations } from "./mutations.ts";

const { HttpConnectionManager_ForwardClientCertDetails: Forward, HttpConnectionManager_PathWithEscapedSlashesAction: Slashes } =
  extensions_filters_network_http_connection_manager_v3;
const { HttpProtocolOptions_HeadersWithUnderscoresAction: Underscores } = config_core_v3;
type Hcm = MessageInit<typeof extensions_filters_network_http_connection_manager_v3.HttpConnectionManagerSchema>;

const escapedSlashes = {
  keep: Slashes.KEEP_UNCHANGED,
  reject: Slashes.REJECT_REQUEST,
  forward: Slashes.UNESCAPE_AND_FORWARD,
  redirect: Slashes.UNESCAPE_AND_REDIRECT,
} as const;

const underscores = { allow: Underscores.ALLOW, reject: Underscores.REJECT_REQUEST, drop: Underscores.DROP_HEADER } as const;

const forwardModes = {
  sanitize: Forward.SANITIZE,
  forward: Forward.FORWARD_ONLY,
  append: Forward.APPEND_FORWARD,
  set: Forward.SANITIZE_SET,
  always: Forward.ALWAYS_FORWARD_ONLY,
} as const;

export function clientHttp(clients: ClientHttp): Hcm {
  const { requestTimeoutMs, streamIdleTimeoutMs, requestId, forwardedCert } = clients;
  return {
    ...clientAddress(clients.address),
    normalizePath: true,
    mergeSlashes: clients.keepSlashes !== true,
    pathWithEscapedSlashesAction: escapedSlashes[clients.escapedSlashes ?? "redirect"],
    commonHttpProtocolOptions: common(clients),
    ...http1(clients),
    http2ProtocolOptions: http2(clients.http2),
    ...(requestTimeoutMs === undefined ? {} : { requestTimeout: milliseconds(requestTimeoutMs) }),
    ...(streamIdleTimeoutMs === undefined ? {} : { streamIdleTimeout: milliseconds(streamIdleTimeoutMs) }),
    ...(clients.maxConnectionMs === undefined ? {} : { http1SafeMaxConnectionDuration: clients.abruptMaxConnection !== true }),
    ...(requestId === undefined ? {} : { generateRequestId: requestId.generate, preserveExternalRequestId: requestId.preserve }),
    ...(forwardedCert === undefined ? {} : forwarded(forwardedCert)),
    ...(clients.earlyRequestHeaders === undefined
      ? {}
      : { earlyHeaderMutationExtensions: earlyMutations(clients.earlyRequestHeaders) }),
    ...(clients.schemeOfBackend === true ? { schemeHeaderTransformation: { matchUpstream: true } } : {}),
  };
}

function common(clients: ClientHttp): MessageInit<typeof config_core_v3.HttpProtocolOptionsSchema> {
  const { idleTimeoutMs, maxConnectionMs, maxRequestsPerConnection, maxStreamMs } = clients;
  return {
    headersWithUnderscoresAction: underscores[clients.underscores ?? "reject"],
    ...(idleTimeoutMs === undefined ? {} : { idleTimeout: milliseconds(idleTimeoutMs) }),
    ...(maxConnectionMs === undefined ? {} : { maxConnectionDuration: milliseconds(maxConnectionMs) }),
    ...(maxRequestsPerConnection === undefined ? {} : { maxRequestsPerConnection }),
    ...(maxStreamMs === undefined ? {} : { maxStreamDuration: milliseconds(maxStreamMs) }),
  };
}

function http1({ trailers, headerCase, http10 }: ClientHttp): Pick<Hcm, "httpProtocolOptions"> {
  if (trailers !== true && headerCase !== true && http10 === undefined) return {};
  const { PreserveCaseFormatterConfigSchema } = extensions_http_header_formatters_preserve_case_v3;
  const formatter = { name: "preserve_case", typedConfig: packed(PreserveCaseFormatterConfigSchema, {}) };
  return {
    httpProtocolOptions: {
      enableTrailers: trailers === true,
      ...(headerCase === true
        ? { headerKeyFormat: { headerFormat: { case: "statefulFormatter", value: formatter } as const } }
        : {}),
      ...(http10 === undefined ? {} : { acceptHttp10: true, defaultHostForHttp10: http10.host ?? "" }),
    },
  };
}

function http2(settings: ClientHttp["http2"] = {}): MessageInit<typeof config_core_v3.Http2ProtocolOptionsSchema> {
  const { resetStreamOnly } = settings;
  return {
    maxConcurrentStreams: settings.maxStreams ?? 100,
    initialStreamWindowSize: settings.streamWindow ?? 65_536,
    initialConnectionWindowSize: settings.connectionWindow ?? 1_048_576,
    ...(resetStreamOnly === undefined ? {} : { overrideStreamErrorOnInvalidHttpMessage: resetStreamOnly }),
  };
}

function forwarded({ mode, details }: ForwardedCert): Pick<Hcm, "forwardClientCertDetails" | "setCurrentClientCertDetails"> {
  const has = (detail: ForwardedCert["details"][number]): boolean => details.includes(detail);
  const told = { subject: has("subject"), cert: has("cert"), chain: has("chain"), dns: has("dns"), uri: has("uri") };
  return {
    forwardClientCertDetails: forwardModes[mode],
    ...(mode === "append" || mode === "set" ? { setCurrentClientCertDetails: told } : {}),
  };
}
