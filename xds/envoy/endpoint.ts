// Endpoints: the assignment of an EDS cluster, and the inline one of a DNS cluster.

import { create } from "@bufbuild/protobuf";
import { config_core_v3, config_endpoint_v3 } from "#envoy";
import type { DnsEndpoint, Endpoint, LoadAssignment } from "../model/backend.ts";
import type { MessageInit } from "./message-init.ts";

const { ClusterLoadAssignmentSchema } = config_endpoint_v3;
type EnvoyAddress = MessageInit<typeof config_core_v3.AddressSchema>;
type EnvoyLocality = MessageInit<typeof config_endpoint_v3.LocalityLbEndpointsSchema>;

export function loadAssignment(model: LoadAssignment): config_endpoint_v3.ClusterLoadAssignment {
  return create(ClusterLoadAssignmentSchema, {
    clusterName: model.cluster,
    endpoints: model.localities.map(({ zone, weight, priority, endpoints }) => ({
      ...(zone === undefined ? {} : { locality: { zone } }),
      // Without `weightedLocalities` on the cluster Envoy ignores the number; with it, a locality without one gets nothing.
      ...(endpoints.length === 0 ? {} : { loadBalancingWeight: weight ?? endpoints.length }),
      priority,
      lbEndpoints: endpoints.map(lbEndpoint),
    })),
  });
}

/** The endpoints of a cluster whose names the proxy resolves itself; one locality per zone and priority. */
export function dnsAssignment(
  cluster: string,
  endpoints: readonly DnsEndpoint[],
): MessageInit<typeof ClusterLoadAssignmentSchema> {
  const groups = Map.groupBy(endpoints, ({ priority, zone }) => `${priority}/${zone ?? ""}`);
  const localities = [...groups.values()].map((group): EnvoyLocality => {
    const { zone, priority } = group[0]!;
    return {
      ...(zone === undefined ? {} : { locality: { zone } }),
      priority,
      lbEndpoints: group.map(({ hostname, port }) => ({
        hostIdentifier: { case: "endpoint", value: { address: socket(hostname, port) } },
      })),
    };
  });
  return { clusterName: cluster, endpoints: localities };
}

function lbEndpoint({ address, health, hostname }: Endpoint): MessageInit<typeof config_endpoint_v3.LbEndpointSchema> {
  const at: EnvoyAddress =
    address.type === "socket" ? socket(address.host, address.port) : { address: { case: "pipe", value: { path: address.path } } };
  return {
    hostIdentifier: { case: "endpoint", value: { address: at, ...(hostname === undefined ? {} : { hostname }) } },
    ...(health === "draining" ? { healthStatus: config_core_v3.HealthStatus.DRAINING } : {}),
  };
}

function socket(address: string, port: number): EnvoyAddress {
  return { address: { case: "socketAddress", value: { address, portSpecifier: { case: "portValue", value: port } } } };
}
