// The default access log: one JSON object per request, Envoy Gateway's fields.

import { config_accesslog_v3, extensions_access_loggers_file_v3, extensions_access_loggers_stream_v3 } from "#envoy";
import type { AccessLog } from "../model/listener.ts";
import type { MessageInit } from "./message-init.ts";
import { packed } from "./wire.ts";

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
  return log.type === "none" ? [] : [fileLog(log.path)];
}

/** The log of connections that no filter chain took (flag NR): nothing else would mention them. */
export function unmatchedConnectionLog(log: AccessLog): EnvoyAccessLog[] {
  if (log.type === "none") return [];
  return [{ ...fileLog(log.path), filter: { filterSpecifier: { case: "responseFlagFilter", value: { flags: ["NR"] } } } }];
}

function fileLog(path: string): EnvoyAccessLog {
  const format = { format: { case: "jsonFormat", value: fields } } as const;
  const accessLogFormat = { case: "logFormat", value: format } as const;
  // Envoy Gateway opens /dev/stdout as a file, which fails when standard output is a socket, as it is under a parent made with Node. The
  // stream logger writes the same lines and opens nothing.
  if (path === "/dev/stdout") {
    const { StdoutAccessLogSchema } = extensions_access_loggers_stream_v3;
    return {
      name: "envoy.access_loggers.stdout",
      configType: { case: "typedConfig", value: packed(StdoutAccessLogSchema, { accessLogFormat }) },
    };
  }
  const { FileAccessLogSchema } = extensions_access_loggers_file_v3;
  return {
    name: "envoy.access_loggers.file",
    configType: { case: "typedConfig", value: packed(FileAccessLogSchema, { path, accessLogFormat }) },
  };
}
