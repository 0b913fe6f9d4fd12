// Which clusters a proxy needs: those its routes name, no others. Names bubble up from route to shard to table to proxy and are dealt out
// again into shards by cluster name; a route edit that names no new cluster stops at the first step.

import type { Db } from "../../store/db.ts";
import type { ObjectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import type { Cluster, LoadAssignment } from "../../xds/model/backend.ts";
import type { Shards } from "../../xds/model/proxy.ts";
import { shardCount, shardOf } from "../../xds/model/shards.ts";
import type { Secret } from "../../xds/model/tls.ts";
import { assignment, cluster, clusterSecrets } from "../backends/clusters.ts";
import { envoyProxyOfProxy } from "../envoyproxy.ts";
import type { ListenerOwner } from "../gateway/listener-owner.ts";
import { proxyListeners } from "../gateway/proxy-listeners.ts";
import { atShard, placesIn, requestRoutesAt } from "./attachment.ts";
import type { RequestKind, RequestRouteId } from "./attachment.ts";
import { requestRules } from "./http.ts";
import { underTraffic } from "./under-traffic.ts";
import { tableNames } from "./virtual-hosts.ts";

/** The clusters of a proxy, by shard of their names. */
export const clusters = memo("clusters", (db: Db, proxy: string): Shards<Cluster> => {
  return byShard(db, proxy, (shard) => clusterShard(db, proxy, shard));
});

/** One assignment per EDS cluster, by shard of the cluster's name. */
export const assignments = memo("assignments", (db: Db, proxy: string): Shards<LoadAssignment> => {
  return byShard(db, proxy, (shard) => assignmentShard(db, proxy, shard));
});

/** What the clusters of a proxy refer to, each once, sorted by name. */
export const backendSecrets = memo("backendSecrets", (db: Db, proxy: string): readonly Secret[] => {
  const secrets = new Map<string, Secret>();
  const shards = byShard(db, proxy, (shard) => shardSecrets(db, proxy, shard));
  for (const secret of shards.flat()) secrets.set(secret.name, secret);
  return [...secrets.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
});

function byShard<Value>(db: Db, proxy: string, values: (shard: string) => readonly Value[]): Shards<Value> {
  return dealtNames(db, proxy).map((names, shard) => (names.length === 0 ? [] : values(String(shard))));
}

const clusterShard = memo("clusterShard", (db: Db, proxy: string, shard: string): readonly Cluster[] => {
  const { ipFamily } = envoyProxyOfProxy(db, proxy);
  const reached = (name: string) => (ipFamily === undefined ? cluster(db, name) : familyCluster(db, ipFamily, name));
  return namesInShard(db, proxy, shard).flatMap((name) => reached(name) ?? []);
});

/** A cluster of a proxy whose EnvoyProxy names the address family: DNS names are looked up in it. */
const familyCluster = memo("familyCluster", (db: Db, ipFamily: keyof typeof dnsFamilies, name: string): Cluster | undefined => {
  const found = cluster(db, name);
  if (found?.discovery.type !== "dns") return found;
  return { ...found, discovery: { ...found.discovery, family: dnsFamilies[ipFamily] } };
});

const dnsFamilies = { IPv4: "v4", IPv6: "v6", DualStack: "all" } as const;

const assignmentShard = memo("assignmentShard", (db: Db, proxy: string, shard: string): readonly LoadAssignment[] => {
  return namesInShard(db, proxy, shard).flatMap((name) => assignment(db, name) ?? []);
});

const shardSecrets = memo("shardSecrets", (db: Db, proxy: string, shard: string): readonly Secret[] => {
  return namesInShard(db, proxy, shard).flatMap((name) => clusterSecrets(db, name));
});

const namesInShard = memo("namesInShard", (db: Db, proxy: string, shard: string): readonly string[] => {
  return dealtNames(db, proxy)[Number(shard)] ?? [];
});

/** Names of all clusters of a proxy, by shard, sorted inside it. Every name is looked at once, whatever the number of shards. */
const dealtNames = memo("dealtNames", (db: Db, proxy: string): Shards<string> => {
  const shards = Array.from({ length: shardCount }, () => new Set<string>());
  for (const table of tableNames(db, proxy)) {
    for (let shard = 0; shard < shardCount; shard++) {
      if (requestRoutesAt(db, atShard(proxy, table, shard)).length === 0) continue;
      for (const name of clustersOfShard(db, proxy, table, String(shard))) shards[shardOf(name)]!.add(name);
    }
  }
  for (const name of connectionClusters(db, proxy)) shards[shardOf(name)]!.add(name);
  return shards.map((names) => [...names].toSorted());
});

/** Names that listeners send to without looking at requests. */
const connectionClusters = memo("connectionClusters", (db: Db, proxy: string): readonly string[] => {
  const names = proxyListeners(db, proxy).flatMap((listener) =>
    listener.transport === "udp"
      ? [listener.cluster]
      : listener.chains.flatMap(({ handler }) => (handler.type === "tcp" ? handler.shares.map(({ cluster }) => cluster) : [])),
  );
  return [...new Set(names.filter((name) => name !== undefined))].toSorted();
});

/** What a route sends to in one table: its own clusters, or variants of them where policies hold. */
function tableClusters(db: Db, route: RequestRouteId, at: { readonly proxy: string; readonly table: string }): readonly string[] {
  return placesIn(db, route, at).flatMap(({ owner, listener }) => clustersAt(db, route.kind, route.key, owner, listener));
}

const clustersAt = memo(
  "clustersAt",
  (db: Db, kind: RequestKind, key: ObjectKey, owner: ListenerOwner, listener: string): readonly string[] => {
    const rules = requestRules(db, kind, key).value.map((rule) => underTraffic(db, { kind, key, rule }, { owner, listener }));
    return [...new Set(rules.flatMap(({ clusters: names }) => names))].toSorted();
  },
);

/** Names that the routes of one shard of a table use. */
const clustersOfShard = memo("clustersOfShard", (db: Db, proxy: string, table: string, shard: string): readonly string[] => {
  const routes = requestRoutesAt(db, atShard(proxy, table, Number(shard)));
  return [...new Set(routes.flatMap((route) => tableClusters(db, route, { proxy, table })))].toSorted();
});
