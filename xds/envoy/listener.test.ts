import type { FilterChain } from "../model/listener.ts";
import { messageJson } from "../proto-json.ts";
import { someChain, someListener } from "../testing/models.ts";
import { listener } from "./listener.ts";

const ads = { ads: {}, resource_api_version: "V3" };
const filters = "type.googleapis.com/envoy.extensions.filters";
const log = { type: "json", path: "/dev/stdout" } as const;
const secure = someChain({
  name: "default/web/https",
  serverNames: ["a.example"],
  tls: { certificates: ["default/a", "default/b"], alpn: ["h2", "http/1.1"] },
});

test("a plain listener has one chain for everything, with filters that routes may switch on", () => {
  expect(messageJson(listener(someListener()))).toEqual({
    name: "tcp-80",
    address: { socket_address: { address: "127.0.0.1", port_value: 10080 } },
    default_filter_chain: {
      name: "http-80",
      filters: [
        {
          name: "envoy.filters.network.http_connection_manager",
          typed_config: {
            "@type": `${filters}.network.http_connection_manager.v3.HttpConnectionManager`,
            stat_prefix: "http-80",
            rds: { route_config_name: "http-80", config_source: { ...ads, initial_fetch_timeout: "0s" } },
            http_filters: [
              {
                name: "envoy.filters.http.custom_response",
                disabled: true,
                typed_config: { "@type": `${filters}.http.custom_response.v3.CustomResponse` },
              },
              {
                name: "envoy.filters.http.fault",
                disabled: true,
                typed_config: { "@type": `${filters}.http.fault.v3.HTTPFault` },
              },
              { name: "envoy.filters.http.cors", disabled: true, typed_config: { "@type": `${filters}.http.cors.v3.Cors` } },
              {
                name: "envoy.filters.http.stateful_session",
                disabled: true,
                typed_config: { "@type": `${filters}.http.stateful_session.v3.StatefulSession` },
              },
              {
                name: "envoy.filters.http.buffer",
                disabled: true,
                typed_config: { "@type": `${filters}.http.buffer.v3.Buffer`, max_request_bytes: 1 },
              },
              {
                name: "envoy.filters.http.local_ratelimit",
                disabled: true,
                typed_config: {
                  "@type": `${filters}.http.local_ratelimit.v3.LocalRateLimit`,
                  stat_prefix: "http_local_rate_limiter",
                },
              },
              {
                name: "envoy.filters.http.grpc_web",
                disabled: true,
                typed_config: { "@type": `${filters}.http.grpc_web.v3.GrpcWeb` },
              },
              {
                name: "envoy.filters.http.grpc_stats",
                disabled: true,
                typed_config: {
                  "@type": `${filters}.http.grpc_stats.v3.FilterConfig`,
                  emit_filter_state: true,
                  stats_for_all_methods: true,
                },
              },
              ...["Brotli", "Gzip", "Zstd"].map((encoding) => ({
                name: `envoy.filters.http.compressor.${encoding.toLowerCase()}`,
                disabled: true,
                typed_config: {
                  "@type": `${filters}.http.compressor.v3.Compressor`,
                  compressor_library: {
                    name: `envoy.compression.${encoding.toLowerCase()}.compressor`,
                    typed_config: {
                      "@type": `type.googleapis.com/envoy.extensions.compression.${encoding.toLowerCase()}.compressor.v3.${encoding}`,
                    },
                  },
                },
              })),
              {
                name: "envoy.filters.http.router",
                typed_config: { "@type": `${filters}.http.router.v3.Router`, suppress_envoy_headers: true },
              },
            ],
            use_remote_address: true,
            normalize_path: true,
            merge_slashes: true,
            path_with_escaped_slashes_action: "UNESCAPE_AND_REDIRECT",
            server_header_transformation: "PASS_THROUGH",
            upgrade_configs: [{ upgrade_type: "websocket" }],
            common_http_protocol_options: { headers_with_underscores_action: "REJECT_REQUEST" },
            http2_protocol_options: {
              max_concurrent_streams: 100,
              initial_stream_window_size: 65_536,
              initial_connection_window_size: 1_048_576,
            },
          },
        },
      ],
    },
    per_connection_buffer_limit_bytes: 32_768,
    max_connections_to_accept_per_socket_event: 1,
  });
});

test("a chain with server names is chosen by the TLS inspector and ends TLS with its certificates", () => {
  const json = messageJson(listener(someListener({ chains: [secure] })));
  expect(json).toHaveProperty("listener_filters", [
    {
      name: "envoy.filters.listener.tls_inspector",
      typed_config: { "@type": `${filters}.listener.tls_inspector.v3.TlsInspector` },
    },
  ]);
  expect(json).toHaveProperty("filter_chains.0.filter_chain_match", { server_names: ["a.example"] });
  expect(json).toHaveProperty("filter_chains.0.transport_socket", {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
      common_tls_context: {
        alpn_protocols: ["h2", "http/1.1"],
        tls_certificate_sds_secret_configs: [
          { name: "default/a", sds_config: ads },
          { name: "default/b", sds_config: ads },
        ],
      },
      disable_stateful_session_resumption: true,
      disable_stateless_session_resumption: true,
    },
  });
  expect(json).toHaveProperty("filter_chains.0.metadata.filter_metadata", {
    "envoy-gateway": { resources: [{ kind: "Gateway", name: "web", namespace: "default", sectionName: "http" }] },
  });
  expect(json).not.toHaveProperty("default_filter_chain");
});

test("nothing outside the chains depends on which chains there are, so that Envoy keeps the connections of the others", () => {
  const [catchAll, other] = [
    { ...secure, serverNames: [] },
    { ...secure, name: "other", origins: [], serverNames: ["b.example"] },
  ];
  const outside = (chains: readonly FilterChain[]) => {
    const {
      filter_chains: _,
      default_filter_chain: __,
      ...rest
    } = messageJson(listener(someListener({ chains }))) as Record<string, unknown>;
    return rest;
  };
  expect(outside([catchAll])).toEqual(outside([secure, other, catchAll]));
});

test("the log is on the chain, and on the listener for connections that no chain takes", () => {
  const json = messageJson(listener(someListener({ chains: [someChain({ accessLog: log })] })));
  expect(json).toHaveProperty("access_log.0.filter", { response_flag_filter: { flags: ["NR"] } });
  const field = ["log_format", "json_format", "x-envoy-origin-path"];
  expect(json).toHaveProperty(["access_log", 0, "typed_config", ...field], "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%");
  const chainLog = ["default_filter_chain", "filters", 0, "typed_config", "access_log", 0];
  expect(json).not.toHaveProperty([...chainLog, "filter"]);
  expect(json).toHaveProperty([...chainLog, "name"], "envoy.access_loggers.stdout");
});

test("a log elsewhere is a file", () => {
  const accessLog = { type: "json", path: "/var/log/access" } as const;
  const json = messageJson(listener(someListener({ chains: [someChain({ accessLog })] })));
  expect(json).toHaveProperty("access_log.0.name", "envoy.access_loggers.file");
  expect(json).toHaveProperty("access_log.0.typed_config.path", "/var/log/access");
});
