// Commands in header values, such as %PROTOCOL% or %REQ(:PATH)%. Envoy refuses a value that names one it does not have, or names it without
// the argument it needs, and everything that travels in the same response. Each statement below was shown to Envoy 1.37.0.

const set = (names: string): ReadonlySet<string> => new Set(names.split(/\s+/));

/** Neither an argument nor a length. */
const bare = set(
  `ACCESS_LOG_TYPE BYTES_RECEIVED BYTES_RETRANSMITTED BYTES_SENT CONNECTION_ID CONNECTION_TERMINATION_DETAILS CUSTOM_FLAGS
  DOWNSTREAM_DIRECT_LOCAL_ADDRESS DOWNSTREAM_DIRECT_REMOTE_ADDRESS DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT
  DOWNSTREAM_DIRECT_REMOTE_PORT DOWNSTREAM_HANDSHAKE_DURATION DOWNSTREAM_LOCAL_ADDRESS DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT
  DOWNSTREAM_LOCAL_DNS_SAN DOWNSTREAM_LOCAL_EMAIL_SAN DOWNSTREAM_LOCAL_IP_SAN DOWNSTREAM_LOCAL_OTHERNAME_SAN
  DOWNSTREAM_LOCAL_PORT DOWNSTREAM_LOCAL_SUBJECT DOWNSTREAM_LOCAL_URI_SAN DOWNSTREAM_PEER_CERT
  DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_1 DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_256 DOWNSTREAM_PEER_CHAIN_SERIALS
  DOWNSTREAM_PEER_DNS_SAN DOWNSTREAM_PEER_EMAIL_SAN DOWNSTREAM_PEER_FINGERPRINT_1 DOWNSTREAM_PEER_FINGERPRINT_256
  DOWNSTREAM_PEER_IP_SAN DOWNSTREAM_PEER_ISSUER DOWNSTREAM_PEER_OTHERNAME_SAN DOWNSTREAM_PEER_SERIAL DOWNSTREAM_PEER_SUBJECT
  DOWNSTREAM_PEER_URI_SAN DOWNSTREAM_REMOTE_ADDRESS DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT DOWNSTREAM_REMOTE_PORT
  DOWNSTREAM_TLS_CIPHER DOWNSTREAM_TLS_SESSION_ID DOWNSTREAM_TLS_VERSION DOWNSTREAM_TRANSPORT_FAILURE_REASON DURATION
  FILTER_CHAIN_NAME GRPC_STATUS_NUMBER HOSTNAME LOCAL_REPLY_BODY PACKETS_RETRANSMITTED PROTOCOL
  REQUESTED_SERVER_NAME REQUEST_DURATION REQUEST_HEADERS_BYTES REQUEST_TX_DURATION RESPONSE_CODE RESPONSE_DURATION
  RESPONSE_FLAGS RESPONSE_FLAGS_LONG RESPONSE_HEADERS_BYTES RESPONSE_TRAILERS_BYTES RESPONSE_TX_DURATION ROUNDTRIP_DURATION
  ROUTE_NAME STREAM_ID TLS_JA3_FINGERPRINT TLS_JA4_FINGERPRINT TRACE_ID UNIQUE_ID UPSTREAM_CLUSTER UPSTREAM_CLUSTER_RAW
  UPSTREAM_CONNECTION_ID UPSTREAM_CONNECTION_POOL_READY_DURATION UPSTREAM_HOST UPSTREAM_HOST_NAME
  UPSTREAM_HOST_NAME_WITHOUT_PORT UPSTREAM_LOCAL_ADDRESS UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT UPSTREAM_LOCAL_DNS_SAN
  UPSTREAM_LOCAL_IP_SAN UPSTREAM_LOCAL_PORT UPSTREAM_LOCAL_URI_SAN UPSTREAM_PEER_CERT UPSTREAM_PEER_DNS_SAN
  UPSTREAM_PEER_IP_SAN UPSTREAM_PEER_ISSUER UPSTREAM_PEER_SUBJECT UPSTREAM_PEER_URI_SAN UPSTREAM_PROTOCOL
  UPSTREAM_REMOTE_ADDRESS UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT UPSTREAM_REMOTE_PORT UPSTREAM_REQUEST_ATTEMPT_COUNT
  UPSTREAM_TLS_CIPHER UPSTREAM_TLS_SESSION_ID UPSTREAM_TLS_VERSION UPSTREAM_TRANSPORT_FAILURE_REASON VIRTUAL_CLUSTER_NAME`,
);

/** With or without an argument; no length. */
const optional = set(
  `DOWNSTREAM_PEER_CERT_V_END DOWNSTREAM_PEER_CERT_V_START EMIT_TIME EMIT_TIME_LOCAL RESPONSE_CODE_DETAILS START_TIME
  START_TIME_LOCAL UPSTREAM_PEER_CERT_V_END UPSTREAM_PEER_CERT_V_START`,
);

/** An argument; those of the first list may have a length too. */
const shortenable = set("DYNAMIC_METADATA ENVIRONMENT QUERY_PARAM REQ RESP TRAILER");
const argued = set("CLUSTER_METADATA PER_REQUEST_STATE UPSTREAM_METADATA");

/** Commands whose arguments have a form of their own. What CEL and COALESCE make of theirs, only Envoy can say. */
const particular: Readonly<Record<string, RegExp>> = {
  CEL: /^.+$/s,
  TYPED_CEL: /^.+$/s,
  COALESCE: /^\{.*"operators".*\}$/s,
  COMMON_DURATION: /^\w+:\w+(:(ms|us|ns))?$/,
  FILTER_STATE: /^[^:]+(:(PLAIN|TYPED|FIELD:[^:]+))?$/,
  UPSTREAM_FILTER_STATE: /^[^:]+(:(PLAIN|TYPED|FIELD:[^:]+))?$/,
  GRPC_STATUS: /^(CAMEL_STRING|SNAKE_STRING|NUMBER)?$/,
  METADATA: /^(DYNAMIC|CLUSTER|ROUTE|UPSTREAM_HOST|LISTENER|VIRTUAL_HOST|LISTENER_FILTER_CHAIN)(:.+)?$/s,
  PATH: /^(WQ|NQ)?(:(ORIG|PATH|ORIG_OR_PATH))?$/,
};

const unmeasured = set("COMMON_DURATION GRPC_STATUS");
const headers = set("REQ RESP TRAILER");

/** Why Envoy would refuse the first command of a value that it refuses, or undefined. A lone percent sign has been doubled by then (envoy/headers.ts). */
export function commandTrouble(value: string): string | undefined {
  for (const [text, name, argument, length] of value.matchAll(/%%|%([A-Z][A-Z0-9_]*)(?:\(([^)]*)\))?(?::(\d+))?%/g)) {
    const trouble = name === undefined ? undefined : troubleOf(name, argument ?? "", length);
    if (trouble !== undefined) return `${text} ${trouble}`;
  }
  return undefined;
}

function troubleOf(name: string, argument: string, length: string | undefined): string | undefined {
  if (length !== undefined && length.length > 9) return "has a length that is too large";
  if (bare.has(name)) return argument === "" && length === undefined ? undefined : "takes neither an argument nor a length";
  if (optional.has(name)) return length === undefined ? undefined : "takes no length";
  const form = particular[name];
  if (form !== undefined && !form.test(argument)) return `needs an argument that matches ${form.source}`;
  if (form !== undefined) return length !== undefined && unmeasured.has(name) ? "takes no length" : undefined;
  if (!shortenable.has(name) && !argued.has(name)) return "is not a command that Envoy knows";
  if (argument === "") return `needs an argument, such as %${name}(${example(name)})%`;
  if (length !== undefined && !shortenable.has(name)) return "takes no length";
  if (!headers.has(name)) return undefined;
  if (argument.split("?").length > 2) return "can name only one alternative after '?'";
  return /^[-!#$&'*+.^_|~`0-9a-zA-Z:?]+$/.test(argument) ? undefined : "names a header that is not an HTTP header name";
}

function example(name: string): string {
  return headers.has(name) ? "x-header" : "name";
}
