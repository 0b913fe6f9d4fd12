import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { service_discovery_v3 } from "#envoy";
import { resource } from "./testing/snapshots.ts";
import { typeUrls } from "./type-urls.ts";
import { decodeRequest, encodeResponse } from "./wire.ts";

const requests = fc.record({
  node: fc.option(fc.record({ id: fc.string(), cluster: fc.string({ unit: "grapheme" }) }), { nil: undefined }),
  typeUrl: fc.string(),
  subscribe: fc.array(fc.string({ unit: "grapheme" }), { maxLength: 4 }),
  unsubscribe: fc.array(fc.string({ maxLength: 300 }), { maxLength: 4 }),
  initialVersions: fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 4 }).map((entries) => new Map(entries)),
  nonce: fc.string(),
  error: fc.option(fc.record({ code: fc.integer(), message: fc.string({ unit: "grapheme" }) }), { nil: undefined }),
});

test("a request is decoded as protobuf-es would decode it, with and without its node", () => {
  fc.assert(
    fc.property(requests, fc.boolean(), ({ node, error, ...request }, withNode) => {
      const bytes = toBinary(
        service_discovery_v3.DeltaDiscoveryRequestSchema,
        create(service_discovery_v3.DeltaDiscoveryRequestSchema, {
          ...(node && { node }),
          typeUrl: request.typeUrl,
          resourceNamesSubscribe: request.subscribe,
          resourceNamesUnsubscribe: request.unsubscribe,
          initialResourceVersions: Object.fromEntries(request.initialVersions),
          responseNonce: request.nonce,
          ...(error && { errorDetail: error }),
        }),
      );
      expect(decodeRequest(bytes, withNode)).toEqual({ ...request, ...(withNode && node && { node }), ...(error && { error }) });
    }),
  );
});

test("fields of every wire type that we do not know are skipped", () => {
  const unknown = Buffer.from([
    0xf8, 0x01, 0x96, 0x01, 0xf9, 0x01, 1, 2, 3, 4, 5, 6, 7, 8, 0xfd, 0x01, 1, 2, 3, 4, 0xfa, 0x01, 0x01, 0x41, 0x32, 0x01, 0x37,
  ]);
  expect(decodeRequest(unknown, true)).toEqual({
    typeUrl: "",
    subscribe: [],
    unsubscribe: [],
    initialVersions: new Map(),
    nonce: "7",
  });
});

test("a request that is cut off is refused, not half understood", () => {
  expect(() => decodeRequest(Buffer.from([0x12, 0x05, 0x41]), true)).toThrow("truncated field");
  expect(() => decodeRequest(Buffer.from([0x12]), true)).toThrow("truncated varint");
});

test("a response is what protobuf-es would read, with resources of any size", () => {
  const names = fc.string({ unit: "grapheme" });
  const resources = fc.array(
    fc.tuple(names, fc.uint8Array({ maxLength: 400 })).map(([name, bytes]) => resource(name, bytes)),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(resources, fc.array(names, { maxLength: 3 }), fc.string(), (updated, removed, nonce) => {
      const bytes = Buffer.concat(encodeResponse({ typeUrl: typeUrls.cluster, nonce, updated, removed }));
      const read = fromBinary(service_discovery_v3.DeltaDiscoveryResponseSchema, bytes);
      expect({ typeUrl: read.typeUrl, nonce: read.nonce, removed: read.removedResources }).toEqual({
        typeUrl: typeUrls.cluster,
        nonce,
        removed,
      });
      expect(
        read.resources.map(({ name, version, resource: any }) => ({
          name,
          version,
          typeUrl: any?.typeUrl,
          bytes: [...any!.value],
        })),
      ).toEqual(
        updated.map(({ name, version, bytes: body }) => ({ name, version, typeUrl: typeUrls.cluster, bytes: [...body] })),
      );
    }),
  );
});
