// A cluster: how a backend is reached. What belongs to a rule (timeouts, retries, headers) is on the route, so that rules share clusters.

import { create } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import {
  config_cluster_v3,
  type config_core_v3,
  extensions_load_balancing_policies_least_request_v3,
  extensions_upstreams_http_v3,
} from "#envoy";
import type { Cluster, DnsFamily } from "../model/backend.ts";
import { dnsAssignment } from "./endpoint.ts";
import type { MessageInit } from "./message-init.ts";
import { upstreamTls } from "./upstream-tls.ts";
import { fromAds, milliseconds, originMetadata, packed } from "./wire.ts";

const { ClusterSchema, Cluster_DiscoveryType, Cluster_DnsLookupFamily } = config_cluster_v3;
const { HttpProtocolOptionsSchema } = extensions_upstreams_http_v3;
type Fields = MessageInit<typeof ClusterSchema>;

const lookupFamilies: Readonly<Record<DnsFamily, config_cluster_v3.Cluster_DnsLookupFamily>> = {
  v4: Cluster_DnsLookupFamily.V4_ONLY,
  v6: Cluster_DnsLookupFamily.V6_ONLY,
  v4preferred: Cluster_DnsLookupFamily.V4_PREFERRED,
  auto: Cluster_DnsLookupFamily.AUTO,
  all: Cluster_DnsLookupFamily.ALL,
};

export function cluster(model: Cluster): config_cluster_v3.Cluster {
  return create(ClusterSchema, {
    name: model.name,
    ...discovery(model),
    connectTimeout: milliseconds(10_000),
    perConnectionBufferLimitBytes: 32_768,
    circuitBreakers: { thresholds: [{ maxRetries: 1024 }] },
    commonLbConfig: {},
    loadBalancingPolicy: { policies: [{ typedExtensionConfig: leastRequest(model) }] },
    ignoreHealthOnHostRemoval: true,
    typedExtensionProtocolOptions: protocolOptions(model),
    ...(model.tls === undefined ? {} : { transportSocket: upstreamTls(model.tls) }),
    metadata: originMetadata([model.origin]),
  });
}

function discovery({ name, discovery: found }: Cluster): Fields {
  switch (found.type) {
    case "eds":
      return {
        clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
        edsClusterConfig: { serviceName: name, edsConfig: fromAds },
        dnsLookupFamily: lookupFamilies.v4preferred,
      };
    case "dns":
      return {
        clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.STRICT_DNS },
        loadAssignment: dnsAssignment(name, found.endpoints),
        dnsLookupFamily: lookupFamilies[found.family],
        dnsRefreshRate: milliseconds(30_000),
        respectDnsTtl: true,
        // A silent name server must not hold back the acknowledgement of every other cluster.
        waitForWarmOnInit: false,
      };
  }
}

function leastRequest(model: Cluster): { readonly name: string; readonly typedConfig: Any } {
  const { LeastRequestSchema } = extensions_load_balancing_policies_least_request_v3;
  const weighted = {
    localityLbConfig: { localityConfigSpecifier: { case: "localityWeightedLbConfig", value: {} } },
  } as const;
  return {
    name: "envoy.load_balancing_policies.least_request",
    typedConfig: packed(LeastRequestSchema, model.weightedLocalities ? weighted : {}),
  };
}

/** Nothing for plain HTTP/1, which is Envoy's default. */
function protocolOptions(model: Cluster): Record<string, Any> {
  const { tls, protocol } = model;
  if (tls === undefined && protocol === "http1") return {};
  // Without a literal SNI the request's host is sent, and a verified certificate must carry it unless names are listed.
  const followHost = tls !== undefined && tls.sni === undefined;
  const verifyHost = followHost && tls.trust.type !== "none" && tls.subjectAltNames.length === 0;
  const options = packed(HttpProtocolOptionsSchema, {
    ...(followHost ? { upstreamHttpProtocolOptions: { autoSni: true, autoSanValidation: verifyHost } } : {}),
    upstreamProtocolOptions: upstreamProtocol(model),
  });
  return { "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options };
}

const http2: MessageInit<typeof config_core_v3.Http2ProtocolOptionsSchema> = {
  initialStreamWindowSize: 65_536,
  initialConnectionWindowSize: 1_048_576,
};

function upstreamProtocol({ tls, protocol }: Cluster): MessageInit<typeof HttpProtocolOptionsSchema>["upstreamProtocolOptions"] {
  // ALPN decides where the backend is offered both.
  if (tls?.alpn.includes("h2") === true && tls.alpn.includes("http/1.1")) {
    return { case: "autoConfig", value: { httpProtocolOptions: {}, http2ProtocolOptions: http2 } };
  }
  return protocol === "http2"
    ? { case: "explicitHttpConfig", value: { protocolConfig: { case: "http2ProtocolOptions", value: http2 } } }
    : { case: "explicitHttpConfig", value: { protocolConfig: { case: "httpProtocolOptions", value: {} } } };
}
