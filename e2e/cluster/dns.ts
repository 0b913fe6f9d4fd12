// Answers the names of Services, and nothing else: <service>.<namespace>.svc.cluster.local has the Service's address, or those of its endpoints
// when it is headless. It forwards nothing, so pods find no way to the outside.

import { createSocket, type Socket } from "node:dgram";
import type { Metadata, Objects } from "./api.ts";
import type { Service } from "./load-balancer.ts";

export interface EndpointSlice {
  readonly metadata: Metadata;
  readonly endpoints?:
    readonly { readonly addresses: readonly string[]; readonly conditions?: { readonly ready?: boolean } }[] | null;
}

export interface Names {
  services: Objects<Service>;
  slices: Objects<EndpointSlice>;
}

const zone = /^([^.]+)\.([^.]+)\.svc\.cluster\.local$/;
const typeA = 1;
const classInternet = 1;
const noSuchName = 3;

export function startDns(address: string, names: Names): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const reply = answer(query, names);
    if (reply !== undefined) socket.send(reply, from.port, from.address);
  });
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(53, address, () => resolve(socket));
  });
}

/** RFC 1035 §4. A name that we know, asked for another type than A, exists and has no such record. */
function answer(query: Buffer, names: Names): Buffer | undefined {
  const question = readQuestion(query);
  if (question === undefined) return undefined;
  const addresses = addressesOf(question.name, names);
  const records = question.type === typeA ? (addresses ?? []).map(record) : [];
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  const wantsRecursion = query.readUInt16BE(2) & 0x0100;
  header.writeUInt16BE(0x8480 | wantsRecursion | (addresses === undefined ? noSuchName : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, query.subarray(12, question.end), ...records]);
}

function readQuestion(query: Buffer): { readonly name: string; readonly type: number; readonly end: number } | undefined {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]; length !== 0; length = query[at]) {
    if (length === undefined || length > 63) return undefined;
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  if (query.length < at + 5) return undefined;
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function addressesOf(name: string, { services, slices }: Names): readonly string[] | undefined {
  const [, serviceName, namespace] = zone.exec(name) ?? [];
  const service = services.get(`${namespace}/${serviceName}`);
  if (service === undefined) return undefined;
  if (service.spec.clusterIP !== "None") return service.spec.clusterIP === undefined ? [] : [service.spec.clusterIP];
  return [...slices.values()]
    .filter(({ metadata }) => metadata.namespace === namespace && metadata.labels?.["kubernetes.io/service-name"] === serviceName)
    .flatMap((slice) => slice.endpoints ?? [])
    .filter((endpoint) => endpoint.conditions?.ready !== false)
    .flatMap((endpoint) => endpoint.addresses.slice(0, 1));
}

/** For the name of the question, for 1 s. */
function record(address: string): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16BE(0xc00c, 0);
  bytes.writeUInt16BE(typeA, 2);
  bytes.writeUInt16BE(classInternet, 4);
  bytes.writeUInt32BE(1, 6);
  bytes.writeUInt16BE(4, 10);
  Buffer.from(address.split(".").map(Number)).copy(bytes, 12);
  return bytes;
}
