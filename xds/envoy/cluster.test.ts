import type { Cluster, UpstreamTls } from "../model/backend.ts";
import { messageJson } from "../proto-json.ts";
import { someAssignment, someCluster } from "../testing/models.ts";
import { cluster } from "./cluster.ts";
import { loadAssignment } from "./endpoint.ts";

const json = (fields: Partial<Cluster>): unknown => messageJson(cluster(someCluster(fields)));
const ads = { ads: {}, resource_api_version: "V3" };
const leastRequest = "type.googleapis.com/envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest";
const options = ["typed_extension_protocol_options", "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"];
const optionsType = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const http2 = { initial_stream_window_size: 65_536, initial_connection_window_size: 1_048_576 };
const tls: UpstreamTls = { trust: { type: "none" }, subjectAltNames: [], alpn: [] };

test("an EDS cluster asks for endpoints by its own name", () => {
  expect(json({})).toEqual({
    name: "service/default/app/80",
    type: "EDS",
    eds_cluster_config: { eds_config: ads, service_name: "service/default/app/80" },
    connect_timeout: "10s",
    per_connection_buffer_limit_bytes: 32_768,
    circuit_breakers: { thresholds: [{ max_retries: 1024 }] },
    dns_lookup_family: "V4_PREFERRED",
    common_lb_config: {},
    ignore_health_on_host_removal: true,
    load_balancing_policy: {
      policies: [
        {
          typed_extension_config: {
            name: "envoy.load_balancing_policies.least_request",
            typed_config: { "@type": leastRequest },
          },
        },
      ],
    },
    metadata: { filter_metadata: { "envoy-gateway": { resources: [{ kind: "Service", name: "app", namespace: "default" }] } } },
  });
});

test("a DNS cluster carries its endpoints, by priority and zone, and never holds others back", () => {
  const endpoints = [
    { hostname: "a.example", port: 80, zone: "a", priority: 0 },
    { hostname: "b.example", port: 81, priority: 1 },
  ];
  const address = (host: string, port: number): unknown => ({
    endpoint: { address: { socket_address: { address: host, port_value: port } } },
  });
  expect(json({ discovery: { type: "dns", family: "v6", endpoints } })).toMatchObject({
    type: "STRICT_DNS",
    dns_lookup_family: "V6_ONLY",
    dns_refresh_rate: "30s",
    respect_dns_ttl: true,
    wait_for_warm_on_init: false,
    load_assignment: {
      cluster_name: "service/default/app/80",
      endpoints: [
        { locality: { zone: "a" }, lb_endpoints: [address("a.example", 80)] },
        { priority: 1, lb_endpoints: [address("b.example", 81)] },
      ],
    },
  });
});

for (const [sentence, fields, want] of [
  ["HTTP/2 without TLS", { protocol: "http2" }, { explicit_http_config: { http2_protocol_options: http2 } }],
  [
    "TLS without a name follows the request's host",
    { tls },
    { upstream_http_protocol_options: { auto_sni: true }, explicit_http_config: { http_protocol_options: {} } },
  ],
  [
    "a verified server must carry that host",
    { tls: { ...tls, trust: { type: "system" } } },
    {
      upstream_http_protocol_options: { auto_sni: true, auto_san_validation: true },
      explicit_http_config: { http_protocol_options: {} },
    },
  ],
  [
    "ALPN decides where both are offered",
    { tls: { ...tls, sni: "a", alpn: ["h2", "http/1.1"] } },
    { auto_config: { http_protocol_options: {}, http2_protocol_options: http2 } },
  ],
] as const satisfies readonly (readonly [string, Partial<Cluster>, unknown])[]) {
  test(sentence, () => {
    expect(json(fields)).toHaveProperty(options, { "@type": optionsType, ...(want as object) });
  });
}

test("TLS with a name, an authority, names to match and a client certificate", () => {
  const all: UpstreamTls = {
    sni: "a.example",
    trust: { type: "secret", name: "default/ca" },
    subjectAltNames: [{ type: "uri", value: "spiffe://x" }],
    clientCertificate: "default/client",
    alpn: ["h2"],
  };
  expect(json({ tls: all })).toHaveProperty("transport_socket", {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
      sni: "a.example",
      common_tls_context: {
        tls_params: { tls_maximum_protocol_version: "TLSv1_3" },
        alpn_protocols: ["h2"],
        tls_certificate_sds_secret_configs: [{ name: "default/client", sds_config: ads }],
        combined_validation_context: {
          default_validation_context: {
            match_typed_subject_alt_names: [{ san_type: "URI", matcher: { exact: "spiffe://x" } }],
          },
          validation_context_sds_secret_config: { name: "default/ca", sds_config: ads },
        },
      },
    },
  });
});

test("an assignment keeps draining endpoints, weights and zones", () => {
  const socket = { type: "socket", host: "10.0.0.1", port: 8080 } as const;
  const localities = [
    { zone: "a", weight: 3, priority: 0, endpoints: [{ address: socket, health: "draining", hostname: "pod" }] },
    { priority: 1, endpoints: [{ address: { type: "pipe", path: "/run/x" }, health: "healthy" }] },
  ] as const;
  expect(messageJson(loadAssignment(someAssignment({ localities })))).toEqual({
    cluster_name: "service/default/app/80",
    endpoints: [
      {
        locality: { zone: "a" },
        load_balancing_weight: 3,
        lb_endpoints: [
          {
            endpoint: { address: { socket_address: { address: "10.0.0.1", port_value: 8080 } }, hostname: "pod" },
            health_status: "DRAINING",
          },
        ],
      },
      { priority: 1, load_balancing_weight: 1, lb_endpoints: [{ endpoint: { address: { pipe: { path: "/run/x" } } } }] },
    ],
  });
});
