// /config_dump: what every proxy is told, and how far each of its streams has got. Key material is redacted (xds/proto-json.ts).

import { resourceJson } from "../xds/proto-json.ts";
import type { Snapshot } from "../xds/resource.ts";
import type { StreamState } from "../xds/server.ts";

export interface Dump {
  readonly snapshots: Iterable<Snapshot>;
  readonly streams: readonly StreamState[];
}

/** `?proxy=<namespace>/<name>` and `?type=<end of a type URL>` (Cluster, v3.Secret) leave out the rest. */
export function configDump({ snapshots, streams }: Dump, query: URLSearchParams) {
  const [proxy, type] = [query.get("proxy"), query.get("type")];
  const shown = (name: string): boolean => proxy === null || proxy === name;
  const shownType = (typeUrl: string): boolean => type === null || typeUrl.endsWith(`.${type}`) || typeUrl === type;
  return {
    proxies: [...snapshots]
      .filter((snapshot) => shown(snapshot.proxy))
      .map((snapshot) => ({
        name: snapshot.proxy,
        version: snapshot.version,
        routeTables: Object.fromEntries(snapshot.layouts ?? []),
        resources: Object.fromEntries([...snapshot.resources].filter(([typeUrl]) => shownType(typeUrl)).map(typeDump)),
      })),
    streams: streams
      .filter((stream) => shown(stream.proxy))
      .map((stream) => ({ ...stream, types: stream.types.filter(({ typeUrl }) => shownType(typeUrl)) })),
  };
}

function typeDump([typeUrl, { shards }]: Snapshot["resources"] extends ReadonlyMap<infer Url, infer Set> ? [Url, Set] : never) {
  const resources = shards.flatMap((shard) => [...shard.values()]).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return [
    typeUrl,
    resources.map((resource) => ({
      name: resource.name,
      version: resource.version,
      resource: resourceJson(typeUrl, resource),
    })),
  ] as const;
}
