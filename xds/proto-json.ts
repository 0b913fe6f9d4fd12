// Resources as JSON, as Envoy itself writes them: for dumps, goldens and bootstrap files. Secrets never leave in the clear unless asked for.

import { fromBinary, type JsonValue, type Message, toJson } from "@bufbuild/protobuf";
import { extensions_transport_sockets_tls_v3, registry } from "#envoy";
import type { Resource, Snapshot, TypeUrl } from "./resource.ts";

const { SecretSchema } = extensions_transport_sockets_tls_v3;

/** Key material is replaced by this, as in Envoy's own config_dump. */
const redacted = "[redacted]";

/** A message by Envoy's field names ("virtual_hosts"), Any expanded. Throws on a type that is not in roots.txt. */
export function messageJson(message: Message): JsonValue {
  const schema = registry.getMessage(message.$typeName);
  if (schema === undefined) throw new Error(`${message.$typeName} is not in the registry`);
  return toJson(schema, message, { registry, useProtoFieldName: true });
}

/** The message behind a resource. Throws when `typeUrl` is unknown or the bytes are not that message. */
function resourceMessage(typeUrl: TypeUrl, { bytes }: Pick<Resource, "bytes">): Message {
  const schema = registry.getMessage(typeUrl.slice(typeUrl.indexOf("/") + 1));
  if (schema === undefined) throw new Error(`${typeUrl} is not in the registry`);
  return fromBinary(schema, bytes);
}

/** Safe to show: private keys and staples are redacted. */
export function resourceJson(typeUrl: TypeUrl, resource: Pick<Resource, "bytes">): JsonValue {
  if (!typeUrl.endsWith(`/${SecretSchema.typeName}`)) return messageJson(resourceMessage(typeUrl, resource));
  const secret = fromBinary(SecretSchema, resource.bytes);
  if (secret.type.case === "tlsCertificate") {
    const { value } = secret.type;
    value.privateKey = { $typeName: "envoy.config.core.v3.DataSource", specifier: { case: "inlineString", value: redacted } };
    delete value.ocspStaple;
  }
  return messageJson(secret);
}

/** Every resource of a snapshot by type URL, sorted by name. Safe to show. */
export function snapshotJson(snapshot: Snapshot): { readonly [typeUrl: string]: readonly JsonValue[] } {
  const dump = snapshot.resources.entries().map(([typeUrl, { shards }]) => {
    const resources = shards.flatMap((shard) => [...shard.values()]).toSorted((one, other) => (one.name < other.name ? -1 : 1));
    return [typeUrl, resources.map((resource) => resourceJson(typeUrl, resource))] as const;
  });
  return Object.fromEntries(dump);
}
