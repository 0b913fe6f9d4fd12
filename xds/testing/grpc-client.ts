// A client of the xDS server over real gRPC, that says what it is told to. Not part of the product.

import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { Client, credentials, Metadata, type ChannelCredentials, type ServiceError } from "@grpc/grpc-js";
import { service_discovery_v3 } from "#envoy";

const { DeltaDiscoveryRequestSchema, DeltaDiscoveryResponseSchema } = service_discovery_v3;
const path = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
const same = (bytes: Buffer): Buffer => bytes;

/** A client on one stream: what it received, and how the stream ended. */
export function connectClient(
  port: number,
  channel: ChannelCredentials = credentials.createInsecure(),
  headers: Readonly<Record<string, string>> = {},
) {
  const client = new Client(`127.0.0.1:${port}`, channel, { "grpc.ssl_target_name_override": "localhost" });
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const call = client.makeBidiStreamRequest(path, same, same, metadata);
  const received: { names: string[]; removed: string[]; nonce: string; typeUrl: string }[] = [];
  let ended: string | undefined;
  let code: number | undefined;
  call.on("data", (bytes: Buffer) => {
    const { typeUrl, nonce, resources, removedResources } = fromBinary(DeltaDiscoveryResponseSchema, bytes);
    received.push({ typeUrl, nonce, names: resources.map(({ name }) => name), removed: removedResources });
  });
  call.on("error", (error: ServiceError) => ([ended, code] = [error.details, error.code]));
  call.on("end", () => (ended ??= "ended"));
  return {
    received,
    ended: () => ended,
    /** gRPC status, when the stream failed. */
    code: () => code,
    send: (init: MessageInitShape<typeof DeltaDiscoveryRequestSchema>) =>
      call.write(Buffer.from(toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, init)))),
    close(): void {
      call.cancel();
      client.close();
    },
  };
}
