// An xDS client that behaves as Envoy does on the wire (wildcard clusters and listeners, endpoints and routes by name, every response
// acknowledged) in a process of its own, so that what it costs is not counted. Started by bench/change.ts with a port and a proxy name.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, credentials } from "@grpc/grpc-js";
import { config_route_v3, service_discovery_v3 } from "#envoy";

const { DeltaDiscoveryRequestSchema, DeltaDiscoveryResponseSchema } = service_discovery_v3;
const { ScopedRouteConfigurationSchema } = config_route_v3;
const [port = "", cluster = "", layout = "Plain"] = process.argv.slice(2);
const types = {
  cluster: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  endpoints: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
  listener: "type.googleapis.com/envoy.config.listener.v3.Listener",
  scopes: "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration",
  routes: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
};
const same = (bytes: Buffer): Buffer => bytes;
const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { "grpc.max_receive_message_length": -1 });
const call = client.makeBidiStreamRequest(
  "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
  same,
  same,
);

function send(init: { typeUrl: string; resourceNamesSubscribe?: string[]; responseNonce?: string }): void {
  const request = create(DeltaDiscoveryRequestSchema, { ...init, node: { id: "bench", cluster } });
  call.write(Buffer.from(toBinary(DeltaDiscoveryRequestSchema, request)));
}

const asked = new Set<string>();
call.on("data", (bytes: Buffer) => {
  const { typeUrl, nonce, resources } = fromBinary(DeltaDiscoveryResponseSchema, bytes);
  send({ typeUrl, responseNonce: nonce });
  if (typeUrl === types.cluster) {
    const fresh = resources.map(({ name }) => name).filter((name) => !asked.has(name));
    for (const name of fresh) asked.add(name);
    if (fresh.length > 0) send({ typeUrl: types.endpoints, resourceNamesSubscribe: fresh });
  }
  if (typeUrl === types.scopes && resources.length > 0) {
    const names = resources.map(
      ({ resource }) => fromBinary(ScopedRouteConfigurationSchema, resource!.value).routeConfigurationName,
    );
    send({ typeUrl: types.routes, resourceNamesSubscribe: [...new Set(names)] });
  }
  process.send?.({ typeUrl, resources: resources.length, bytes: bytes.length });
});
call.on("error", () => process.exit(0));
send({ typeUrl: types.cluster });
send({ typeUrl: types.listener });
if (layout === "Plain") send({ typeUrl: types.routes, resourceNamesSubscribe: ["http-8080"] });
else send({ typeUrl: types.scopes });
