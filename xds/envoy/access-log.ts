// Access logs: the default one, a JSON object per request with Envoy Gateway's fields, and those that settings ask for.

import {
  config_accesslog_v3,
  config_core_v3,
  extensions_access_loggers_file_v3,
  extensions_access_loggers_filters_cel_v3,
  extensions_access_loggers_stream_v3,
  extensions_formatter_req_without_query_v3,
} from "#envoy";
import type { AccessLog, LogFile, LogFormat } from "../model/listener.ts";
import type { MessageInit } from "./message-init.ts";
import { packed } from "./wire.ts";

type FormatInit = MessageInit<typeof config_core_v3.SubstitutionFormatStringSchema>;
type Filter = MessageInit<typeof config_accesslog_v3.AccessLogFilterSchema>;
type EnvoyAccessLog = MessageInit<typeof config_accesslog_v3.AccessLogSchema>;

/** Names and commands as Envoy Gateway v1.7.0 writes them: log pipelines depend on both. */
const fields = {
  start_time: "%START_TIME%",
  method: "%REQ(:METHOD)%",
  "x-envoy-origin-path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
  protocol: "%PROTOCOL%",
  response_code: "%RESPONSE_CODE%",
  response_flags: "%RESPONSE_FLAGS%",
  response_code_details: "%RESPONSE_CODE_DETAILS%",
  connection_termination_details: "%CONNECTION_TERMINATION_DETAILS%",
  upstream_transport_failure_reason: "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
  bytes_received: "%BYTES_RECEIVED%",
  bytes_sent: "%BYTES_SENT%",
  duration: "%DURATION%",
  "x-envoy-upstream-service-time": "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
  "x-forwarded-for": "%REQ(X-FORWARDED-FOR)%",
  "user-agent": "%REQ(USER-AGENT)%",
  "x-request-id": "%REQ(X-REQUEST-ID)%",
  ":authority": "%REQ(:AUTHORITY)%",
  upstream_host: "%UPSTREAM_HOST%",
  upstream_cluster: "%UPSTREAM_CLUSTER%",
  upstream_local_address: "%UPSTREAM_LOCAL_ADDRESS%",
  downstream_local_address: "%DOWNSTREAM_LOCAL_ADDRESS%",
  downstream_remote_address: "%DOWNSTREAM_REMOTE_ADDRESS%",
  requested_server_name: "%REQUESTED_SERVER_NAME%",
  route_name: "%ROUTE_NAME%",
};

/** The log of every request of a filter chain. */
export function requestLog(log: AccessLog): EnvoyAccessLog[] {
  return filesOf(log)
    .filter(({ entries }) => entries !== "connections")
    .map((file) => fileLog(file, file.matches.map(celFilter)));
}

/** The log of a listener: of connections, or only of those that no filter chain took (flag NR): nothing else would mention them. */
export function connectionLog(log: AccessLog): EnvoyAccessLog[] {
  return filesOf(log)
    .filter(({ entries }) => entries !== "requests")
    .map((file) => fileLog(file, [...(file.entries === "both" ? [noChain] : []), ...file.matches.map(celFilter)]));
}

function filesOf(log: AccessLog): readonly LogFile[] {
  switch (log.type) {
    case "none":
      return [];
    case "json":
      return [{ path: log.path, format: { type: "default" }, matches: [], entries: "both" }];
    case "files":
      return log.files;
  }
}

function fileLog({ path, format }: LogFile, filters: readonly Filter[]): EnvoyAccessLog {
  const accessLogFormat = { case: "logFormat", value: formatOf(format) } as const;
  const filter = filterOf(filters);
  // Envoy Gateway opens /dev/stdout as a file, which fails when standard output is a socket, as it is under a parent made with Node. The
  // stream logger writes the same lines and opens nothing.
  if (path === "/dev/stdout") {
    const { StdoutAccessLogSchema } = extensions_access_loggers_stream_v3;
    return {
      name: "envoy.access_loggers.stdout",
      ...filter,
      configType: { case: "typedConfig", value: packed(StdoutAccessLogSchema, { accessLogFormat }) },
    };
  }
  const { FileAccessLogSchema } = extensions_access_loggers_file_v3;
  return {
    name: "envoy.access_loggers.file",
    ...filter,
    configType: { case: "typedConfig", value: packed(FileAccessLogSchema, { path, accessLogFormat }) },
  };
}

function formatOf(format: LogFormat): FormatInit {
  switch (format.type) {
    case "default":
      return { format: { case: "jsonFormat", value: fields } };
    case "json":
      return { format: { case: "jsonFormat", value: { ...format.fields } }, ...formatters(Object.values(format.fields)) };
    case "text": // as it stands: Envoy adds no end of line, nor does Envoy Gateway
      return {
        format: { case: "textFormatSource", value: { specifier: { case: "inlineString", value: format.line } } },
        ...formatters([format.line]),
      };
  }
}

/** The one command operator of Envoy 1.37 that must be switched on. */
function formatters(texts: readonly string[]): Pick<FormatInit, "formatters"> {
  if (!texts.some((text) => text.includes("%REQ_WITHOUT_QUERY("))) return {};
  const { ReqWithoutQuerySchema } = extensions_formatter_req_without_query_v3;
  const typedConfig = packed(ReqWithoutQuerySchema, {});
  return { formatters: [{ name: "envoy.formatter.req_without_query", typedConfig }] };
}

const noChain: Filter = { filterSpecifier: { case: "responseFlagFilter", value: { flags: ["NR"] } } };

function celFilter(expression: string): Filter {
  const { ExpressionFilterSchema } = extensions_access_loggers_filters_cel_v3;
  const typedConfig = packed(ExpressionFilterSchema, { expression });
  const value = {
    name: "envoy.access_loggers.extension_filters.cel",
    configType: { case: "typedConfig", value: typedConfig },
  } as const;
  return { filterSpecifier: { case: "extensionFilter", value } };
}

/** An AND of fewer than two is not valid. */
function filterOf(filters: readonly Filter[]): Pick<EnvoyAccessLog, "filter"> {
  const [only] = filters;
  if (only === undefined) return {};
  return { filter: filters.length === 1 ? only : { filterSpecifier: { case: "andFilter", value: { filters: [...filters] } } } };
}
