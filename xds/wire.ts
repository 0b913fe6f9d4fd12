// The two messages of delta xDS on the wire, by hand. Owns their field numbers and nothing else: an acknowledgement can carry 52 kB of
// `node`, which is skipped here in microseconds instead of decoded, and a response is spliced from frames that were
// made once per resource. Knows no subscription, no order and no gRPC.

import type { Resource, TypeUrl } from "./resource.ts";

/** Who is asking; only the first request of a stream needs it. */
export interface Node {
  readonly id: string;
  readonly cluster: string;
}

/** envoy.service.discovery.v3.DeltaDiscoveryRequest, without what this server does not use (resource locators). */
export interface DeltaRequest {
  readonly node?: Node;
  readonly typeUrl: string;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** Name → version that the client holds; only in the first request of a type on a stream. */
  readonly initialVersions: ReadonlyMap<string, string>;
  /** Of the response that this request answers; empty when it answers none. */
  readonly nonce: string;
  /** Present = the response with that nonce is refused. */
  readonly error?: { readonly code: number; readonly message: string };
}

/** envoy.service.discovery.v3.DeltaDiscoveryResponse. */
export interface DeltaResponse {
  readonly typeUrl: TypeUrl;
  readonly nonce: string;
  readonly updated: readonly Resource[];
  readonly removed: readonly string[];
}

/** Decodes a request; reads `node` only when asked to. Throws on bytes that are no protobuf message. */
export function decodeRequest(bytes: Uint8Array, withNode: boolean): DeltaRequest {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let node: Node | undefined;
  let typeUrl = "";
  let nonce = "";
  let error: { code: number; message: string } | undefined;
  const subscribe: string[] = [];
  const unsubscribe: string[] = [];
  const initialVersions = new Map<string, string>();
  eachField(buffer, (field, value) => {
    if (typeof value === "number") return;
    if (field === 1 && withNode) node = decodeNode(value);
    else if (field === 2) typeUrl = text(value);
    else if (field === 3) subscribe.push(text(value));
    else if (field === 4) unsubscribe.push(text(value));
    else if (field === 5) initialVersions.set(...decodeEntry(value));
    else if (field === 6) nonce = text(value);
    else if (field === 7) error = decodeStatus(value);
  });
  return { ...(node && { node }), typeUrl, subscribe, unsubscribe, initialVersions, nonce, ...(error && { error }) };
}

/** A response in pieces, to be joined where it is written: the bytes of its resources are not copied here. */
export function encodeResponse(response: DeltaResponse): readonly Uint8Array[] {
  const chunks: Uint8Array[] = response.updated.flatMap((resource) => frame(resource, response.typeUrl));
  chunks.push(stringField(4, response.typeUrl), stringField(5, response.nonce));
  for (const name of response.removed) chunks.push(stringField(6, name));
  return chunks;
}

/** DeltaDiscoveryResponse.resources of each small resource, made once: an unchanged resource is the same object in the next snapshot. */
const frames = new WeakMap<Resource, Buffer>();

function frame(resource: Resource, typeUrl: TypeUrl): readonly Uint8Array[] {
  if (resource.chunks !== undefined) return pieces(resource, resource.chunks, typeUrl);
  const known = frames.get(resource);
  if (known) return [known];
  const made = Buffer.concat(pieces(resource, [resource.bytes], typeUrl));
  frames.set(resource, made);
  return [made];
}

/** One entry of `resources` around bytes that stay where they are. */
function pieces(resource: Resource, chunks: readonly Uint8Array[], typeUrl: TypeUrl): readonly Uint8Array[] {
  const value = chunks.reduce((length, chunk) => length + chunk.length, 0);
  const version = stringField(1, resource.version);
  const name = stringField(3, resource.name);
  const anyStart = Buffer.concat([stringField(1, typeUrl), lengthPrefix(2, value)]);
  const any = Buffer.concat([lengthPrefix(2, anyStart.length + value), anyStart]);
  const length = version.length + any.length + value + name.length;
  return [lengthPrefix(2, length), version, any, ...chunks, name];
}

function decodeNode(buffer: Buffer): Node {
  let id = "";
  let cluster = "";
  eachField(buffer, (field, value) => {
    if (typeof value === "number") return;
    if (field === 1) id = text(value);
    else if (field === 2) cluster = text(value);
  });
  return { id, cluster };
}

/** One entry of a map<string, string>. */
function decodeEntry(buffer: Buffer): [key: string, value: string] {
  let key = "";
  let entry = "";
  eachField(buffer, (field, value) => {
    if (typeof value === "number") return;
    if (field === 1) key = text(value);
    else if (field === 2) entry = text(value);
  });
  return [key, entry];
}

/** google.rpc.Status, without its details. */
function decodeStatus(buffer: Buffer): { code: number; message: string } {
  let code = 0;
  let message = "";
  eachField(buffer, (field, value) => {
    if (field === 1 && typeof value === "number") code = value | 0;
    else if (field === 2 && typeof value !== "number") message = text(value);
  });
  return { code, message };
}

const text = (buffer: Buffer): string => buffer.toString("utf8");

/** Calls `visit` with each field: a number for varints, the bytes of length-delimited fields; fixed-width fields are skipped. */
function eachField(buffer: Buffer, visit: (field: number, value: number | Buffer) => void): void {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = buffer[at++];
      if (byte === undefined) throw new Error("truncated varint in a discovery request");
      // Past 32 bits only the low ones matter here (a negative error code has ten bytes); tags and lengths never get there.
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new Error("varint of more than ten bytes in a discovery request");
  };
  const skip = (length: number): number => {
    const from = at;
    at += length;
    if (at > buffer.length) throw new Error("truncated field in a discovery request");
    return from;
  };
  while (at < buffer.length) {
    const tag = varint();
    const field = tag >>> 3;
    const wireType = tag & 7;
    if (wireType === 0) visit(field, varint());
    else if (wireType === 2) visit(field, buffer.subarray(skip(varint()), at));
    else if (wireType === 1) skip(8);
    else if (wireType === 5) skip(4);
    else throw new Error(`wire type ${wireType} in a discovery request`);
  }
}

const stringField = (field: number, value: string): Buffer => bytesField(field, Buffer.from(value, "utf8"));

function bytesField(field: number, value: Uint8Array): Buffer {
  return Buffer.concat([lengthPrefix(field, value.length), value]);
}

/** Tag and length of a length-delimited field. */
const lengthPrefix = (field: number, length: number): Buffer => Buffer.concat([Buffer.of((field << 3) | 2), varintBytes(length)]);

function varintBytes(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
