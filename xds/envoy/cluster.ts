// A cluster: how a backend is reached. What belongs to a rule (timeouts, retries, headers) is on the route, so that rules share clusters.

import { create } from "@bufbuild/protobuf";
import {
  config_cluster_v3,
  config_core_v3,
  extensions_transport_sockets_proxy_protocol_v3,
  extensions_transport_sockets_raw_buffer_v3,
} from "#envoy";
import type { Cluster } from "../model/backend.ts";
import type { DnsFamily, UpstreamLimits, UpstreamSettings } from "../model/upstream-settings.ts";
import { dnsAssignment } from "./endpoint.ts";
import { healthCheck, outlierDetection } from "./health.ts";
import { loadBalancingPolicy } from "./load-balancing.ts";
import type { MessageInit } from "./message-init.ts";
import { protocolOptions } from "./upstream-http.ts";
import { upstreamTls } from "./upstream-tls.ts";
import { fromAds, milliseconds, originMetadata, packed } from "./wire.ts";

const { ClusterSchema, Cluster_DiscoveryType, Cluster_DnsLookupFamily } = config_cluster_v3;
type Fields = MessageInit<typeof ClusterSchema>;

const lookupFamilies: Readonly<Record<DnsFamily, config_cluster_v3.Cluster_DnsLookupFamily>> = {
  v4: Cluster_DnsLookupFamily.V4_ONLY,
  v6: Cluster_DnsLookupFamily.V6_ONLY,
  v4preferred: Cluster_DnsLookupFamily.V4_PREFERRED,
  auto: Cluster_DnsLookupFamily.AUTO,
  all: Cluster_DnsLookupFamily.ALL,
};

export function cluster(model: Cluster): config_cluster_v3.Cluster {
  const { settings = {} } = model;
  return create(ClusterSchema, {
    name: model.name,
    ...discovery(model),
    connectTimeout: milliseconds(settings.connectTimeoutMs ?? 10_000),
    perConnectionBufferLimitBytes: settings.bufferLimitBytes ?? 32_768,
    circuitBreakers: circuitBreakers(settings.limits),
    commonLbConfig: settings.panicPercent === undefined ? {} : { healthyPanicThreshold: { value: settings.panicPercent } },
    loadBalancingPolicy: loadBalancingPolicy(model),
    ignoreHealthOnHostRemoval: true,
    typedExtensionProtocolOptions: protocolOptions(model),
    ...transportSocket(model),
    ...healthOf(model),
    ...connections(settings),
    metadata: originMetadata([model.origin]),
  });
}

function discovery({ name, discovery: found, settings }: Cluster): Fields {
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
        dnsRefreshRate: milliseconds(settings?.dns?.refreshMs ?? 30_000),
        respectDnsTtl: settings?.dns?.respectTtl ?? true,
        // A silent name server must not hold back the acknowledgement of every other cluster.
        waitForWarmOnInit: false,
      };
  }
}

function circuitBreakers(limits: UpstreamLimits | undefined): Fields["circuitBreakers"] {
  if (limits === undefined) return { thresholds: [{ maxRetries: 1024 }] };
  const { connections: maxConnections, pendingRequests, requests, retries, connectionsPerEndpoint } = limits;
  const thresholds = [{ maxConnections, maxPendingRequests: pendingRequests, maxRequests: requests, maxRetries: retries }];
  return connectionsPerEndpoint === undefined
    ? { thresholds }
    : { thresholds, perHostThresholds: [{ maxConnections: connectionsPerEndpoint }] };
}

function healthOf({ settings, origin }: Cluster): Fields {
  const { activeCheck, ejection } = settings ?? {};
  return {
    ...(activeCheck === undefined ? {} : { healthChecks: [healthCheck(activeCheck, `${origin.name}.${origin.namespace}`)] }),
    ...(ejection === undefined ? {} : { outlierDetection: outlierDetection(ejection) }),
  };
}

function connections({ preconnect, keepalive }: UpstreamSettings): Fields {
  const { perEndpoint, predictive } = preconnect ?? {};
  const { probes, idleSeconds, intervalSeconds } = keepalive ?? {};
  return {
    ...(preconnect === undefined
      ? {}
      : {
          preconnectPolicy: {
            ...(perEndpoint === undefined ? {} : { perUpstreamPreconnectRatio: perEndpoint }),
            ...(predictive === undefined ? {} : { predictivePreconnectRatio: predictive }),
          },
        }),
    ...(keepalive === undefined
      ? {}
      : {
          upstreamConnectionOptions: {
            tcpKeepalive: {
              ...(probes === undefined ? {} : { keepaliveProbes: probes }),
              ...(idleSeconds === undefined ? {} : { keepaliveTime: idleSeconds }),
              ...(intervalSeconds === undefined ? {} : { keepaliveInterval: intervalSeconds }),
            },
          },
        }),
  };
}

/** PROXY protocol comes before TLS. */
function transportSocket({ tls, settings }: Cluster): Fields {
  const inner = tls === undefined ? undefined : upstreamTls(tls);
  const version = settings?.proxyProtocol;
  if (version === undefined) return inner === undefined ? {} : { transportSocket: inner };
  const { ProxyProtocolUpstreamTransportSchema } = extensions_transport_sockets_proxy_protocol_v3;
  const { V1, V2 } = config_core_v3.ProxyProtocolConfig_Version;
  const wrapped = packed(ProxyProtocolUpstreamTransportSchema, {
    config: { version: version === "v1" ? V1 : V2 },
    transportSocket: inner ?? {
      name: "envoy.transport_sockets.raw_buffer",
      configType: { case: "typedConfig", value: packed(extensions_transport_sockets_raw_buffer_v3.RawBufferSchema, {}) },
    },
  });
  return {
    transportSocket: {
      name: "envoy.transport_sockets.upstream_proxy_protocol",
      configType: { case: "typedConfig", value: wrapped },
    },
  };
}
