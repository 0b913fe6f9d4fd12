// The cluster through which an Envoy reaches the xDS server, and how the two know each other. Part of the bootstrap: pure, plain JSON.

import type { JsonValue } from "./json.ts";

export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

export interface XdsServer extends SocketAddress {
  /** Name the server's certificate must carry. */
  readonly serverName: string;
  readonly credentials: XdsCredentials;
}

export type XdsCredentials =
  /** PEM files, read once at start. */
  | { readonly type: "files"; readonly caFile: string; readonly certFile: string; readonly keyFile: string }
  /** Files that each hold a DiscoveryResponse with one Secret, by the SDS name; read again when they are replaced. */
  | { readonly type: "sdsFiles"; readonly certificate: SdsFile; readonly trust: SdsFile }
  /** The same without a certificate: a token in a file of its own, bare, sent as "authorization: Bearer <token>" with each new stream. */
  | { readonly type: "token"; readonly token: SdsFile; readonly trust: SdsFile };

export interface SdsFile {
  readonly name: string;
  readonly path: string;
}

export function xdsCluster(server: XdsServer): JsonValue {
  const keepalive = { connection_keepalive: { interval: "30s", timeout: "5s" } };
  return {
    name: "xds_cluster",
    type: isIpAddress(server.host) ? "STATIC" : "STRICT_DNS",
    connect_timeout: "10s",
    load_assignment: assignment("xds_cluster", server),
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config: { http2_protocol_options: keepalive },
        ...tokenFilter(server.credentials),
      },
    },
    transport_socket: {
      name: "envoy.transport_sockets.tls",
      typed_config: {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        sni: server.serverName,
        common_tls_context: { tls_params: { tls_maximum_protocol_version: "TLSv1_3" }, ...tlsFiles(server) },
      },
    },
  };
}

function tlsFiles({ credentials, serverName }: XdsServer): { readonly [field: string]: JsonValue } {
  const names = { match_typed_subject_alt_names: [{ san_type: "DNS", matcher: { exact: serverName } }] };
  switch (credentials.type) {
    case "files": {
      const { caFile, certFile, keyFile } = credentials;
      return {
        tls_certificates: [{ certificate_chain: { filename: certFile }, private_key: { filename: keyFile } }],
        validation_context: { trusted_ca: { filename: caFile }, ...names },
      };
    }
    case "sdsFiles":
    case "token":
      return {
        ...(credentials.type === "token" ? {} : { tls_certificate_sds_secret_configs: [sdsFile(credentials.certificate)] }),
        combined_validation_context: {
          default_validation_context: names,
          validation_context_sds_secret_config: sdsFile(credentials.trust),
        },
      };
  }
}

/** Envoy reads the token again when its file is replaced, also as kubelet does it: by turning a link. */
function tokenFilter(credentials: XdsCredentials): { readonly http_filters?: JsonValue } {
  if (credentials.type !== "token") return {};
  const generic = {
    "@type": "type.googleapis.com/envoy.extensions.http.injected_credentials.generic.v3.Generic",
    credential: sdsFile(credentials.token),
    header: "authorization",
    header_value_prefix: "Bearer ",
  };
  const injector = {
    "@type": "type.googleapis.com/envoy.extensions.filters.http.credential_injector.v3.CredentialInjector",
    overwrite: true,
    credential: { name: "envoy.http.injected_credentials.generic", typed_config: generic },
  };
  const codec = { "@type": "type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec" };
  return {
    http_filters: [
      { name: "envoy.filters.http.credential_injector", typed_config: injector },
      { name: "envoy.filters.http.upstream_codec", typed_config: codec },
    ],
  };
}

function sdsFile({ name, path }: SdsFile): JsonValue {
  return { name, sds_config: { path_config_source: { path }, resource_api_version: "V3" } };
}

export function assignment(cluster: string, address: SocketAddress): JsonValue {
  return { cluster_name: cluster, endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(address) } }] }] };
}

export function socketAddress({ host, port }: SocketAddress): JsonValue {
  return { socket_address: { address: host, port_value: port } };
}

function isIpAddress(host: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(host) || host.includes(":");
}
