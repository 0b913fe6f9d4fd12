// From the model of one proxy to what its Envoys are told. Each model value is encoded once (xds/encoding/); here they are put together, what
// names something that is not there is held back, and whatever equals the previous snapshot keeps its identity.

import { routesTo } from "./encoding/route-part.ts";
import { chosenLayout, laidOut, type LaidOutTable } from "./encoding/layout.ts";
import type { HostShard } from "./encoding/route-table.ts";
import {
  clustersOf,
  dealt,
  encodedAssignment,
  encodedCluster,
  encodedListener,
  encodedSecret,
  encodedShard,
  secretsOf,
  type EncodedShard,
} from "./encoding/flat.ts";
import { perPair, perValue } from "./encoding/memo.ts";
import type { Refusal } from "./encoding/refusal.ts";
import { keepIdentity, resourceSet } from "./encoding/resource-set.ts";
import type { Cluster, LoadAssignment } from "./model/backend.ts";
import type { FilterChain, Listener, TcpListener } from "./model/listener.ts";
import type { Proxy } from "./model/proxy.ts";
import type { Origin } from "./model/origin.ts";
import { shardOf } from "./model/shards.ts";
import type { Secret } from "./model/tls.ts";
import { madeFrom } from "./origins.ts";
import type { ResourceSet, Snapshot, TypeUrl } from "./resource.ts";
import { typeUrls } from "./type-urls.ts";

export type { Refusal } from "./encoding/refusal.ts";

export interface Encoded {
  readonly snapshot: Snapshot;
  readonly refusals: readonly Refusal[];
}

/** `previous` is the last snapshot of the same proxy; it is returned itself when nothing has changed. */
export function encode(proxy: Proxy, previous?: Snapshot): Encoded {
  const before = (typeUrl: TypeUrl): ResourceSet | undefined => previous?.resources.get(typeUrl);
  const refusals: Refusal[] = [];
  const secrets = secretShard(proxy.secrets);
  const clusters = proxyClusters(proxy, secrets);
  const assignments = proxyAssignments(proxy, clusters);
  const layouts = layoutsOf(proxy, previous);
  const tables = proxy.routeTables.map((table) => laidOut(table, layouts.get(table.name)!));
  const listeners = encodedShard(
    proxy.listeners.flatMap((listener) => soundListener(listener, { layouts, secrets, refusals })),
    encodedListener,
  );
  for (const shard of [secrets, ...clusters, ...assignments, ...tables, listeners]) refusals.push(...shard.refusals);
  for (const table of tables) refusals.push(...missingClusters(table, clusters));
  for (const listener of proxy.listeners) refusals.push(...missingForListener(listener, clusters));

  const resources = new Map<TypeUrl, ResourceSet>([
    [typeUrls.secret, resourceSet([...secrets.resources.values()], before(typeUrls.secret))],
    [typeUrls.cluster, keepIdentity(resourcesOf(clusters), before(typeUrls.cluster))],
    [typeUrls.loadAssignment, keepIdentity(resourcesOf(assignments), before(typeUrls.loadAssignment))],
    [typeUrls.listener, resourceSet([...listeners.resources.values()], before(typeUrls.listener))],
    [
      typeUrls.routeConfiguration,
      resourceSet(
        tables.flatMap(({ routeConfigurations }) => routeConfigurations),
        before(typeUrls.routeConfiguration),
      ),
    ],
    ...scopeSet(tables, before(typeUrls.scopedRouteConfiguration)),
  ]);
  const unchanged = previous !== undefined && resources.entries().every(([typeUrl, set]) => set === before(typeUrl));
  const version = (previous?.version ?? 0) + 1;
  return { snapshot: unchanged ? previous : { proxy: proxy.name, version, resources, layouts }, refusals };
}

// ── Layouts of route tables ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

type Layouts = NonNullable<Snapshot["layouts"]>;

function layoutsOf({ routeTables, routeLayout = "plain" }: Proxy, previous: Snapshot | undefined): Layouts {
  return new Map(routeTables.map((table) => [table.name, chosenLayout(table, routeLayout, previous?.layouts?.get(table.name))]));
}

/** Nothing where there are no scopes and were none. */
function scopeSet(
  tables: readonly LaidOutTable[],
  before: ResourceSet | undefined,
): readonly (readonly [TypeUrl, ResourceSet])[] {
  const scopes = tables.flatMap((table) => table.scopes);
  return scopes.length === 0 && before === undefined ? [] : [[typeUrls.scopedRouteConfiguration, resourceSet(scopes, before)]];
}

function resourcesOf(shards: readonly EncodedShard[]): readonly EncodedShard["resources"][] {
  return shards.map(({ resources }) => resources);
}

const secretShard = perValue((secrets: readonly Secret[]) => encodedShard(secrets, encodedSecret));

// ── Clusters ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

const clusterShard = perValue((clusters: readonly Cluster[]) => encodedShard(clusters, encodedCluster));

function proxyClusters(proxy: Proxy, secrets: EncodedShard): readonly EncodedShard[] {
  return dealt(proxy.clusters, ({ name }) => name).map((clusters) => soundClusters(clusters, secrets));
}

/** A cluster whose secret is not there would warm for 15 seconds and then fail every connection; left out, its routes answer 500 at once. */
const soundClusters = perPair((clusters: readonly Cluster[], secrets: EncodedShard): EncodedShard => {
  const shard = clusterShard(clusters);
  const lacking = clusters
    .flatMap((cluster) => secretsOf(cluster).map((secret) => ({ cluster, secret })))
    .filter(({ cluster, secret }) => shard.resources.has(cluster.name) && !secrets.resources.has(secret));
  if (lacking.length === 0) return shard;
  const resources = new Map(shard.resources);
  for (const { cluster } of lacking) resources.delete(cluster.name);
  const refusals = lacking.map(({ cluster, secret }) => ({
    typeUrl: typeUrls.cluster,
    resource: cluster.name,
    origins: [cluster.origin],
    message: `${cluster.name} is left out: there is no secret ${secret}`,
  }));
  return { resources, refusals: [...shard.refusals, ...refusals] };
});

// ── Assignments ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

const assignmentShard = perValue((assignments: readonly LoadAssignment[]) => encodedShard(assignments, encodedAssignment));
const emptyAssignment = perValue((cluster: Cluster) => encodedAssignment({ cluster: cluster.name, localities: [] }));

function proxyAssignments(proxy: Proxy, clusters: readonly EncodedShard[]): readonly EncodedShard[] {
  const models = dealt(proxy.clusters, ({ name }) => name);
  return dealt(proxy.assignments, ({ cluster }) => cluster).map((assignments, position) => {
    const owners = models[position] ?? [];
    const shard = ownedAssignments(owners, assignments);
    const lacking = lackingAssignment(owners, assignments).filter(({ name }) => clusters[position]?.resources.has(name));
    return lacking.length === 0 ? shard : withEmptyAssignments(shard, lacking);
  });
}

/** An assignment falls on whom its cluster falls. */
const ownedAssignments = perPair((clusters: readonly Cluster[], assignments: readonly LoadAssignment[]): EncodedShard => {
  const { resources, refusals } = assignmentShard(assignments);
  const origins = new Map(clusters.map(({ name, origin }) => [name, [origin]]));
  for (const resource of resources.values()) madeFrom(resource, () => origins.get(resource.name) ?? []);
  return { resources, refusals: refusals.map((refusal) => ({ ...refusal, origins: origins.get(refusal.resource) ?? [] })) };
});

const lackingAssignment = perPair((clusters: readonly Cluster[], assignments: readonly LoadAssignment[]): readonly Cluster[] => {
  const { resources } = assignmentShard(assignments);
  return clusters.filter(({ name, discovery }) => discovery.type === "eds" && !resources.has(name));
});

/** A cluster without an assignment, or with one that was held back, gets an empty one: it would warm for 15 seconds otherwise. */
function withEmptyAssignments(shard: EncodedShard, lacking: readonly Cluster[]): EncodedShard {
  const resources = new Map(shard.resources);
  for (const cluster of lacking) {
    const empty = emptyAssignment(cluster);
    if ("resource" in empty)
      resources.set(
        cluster.name,
        madeFrom(empty.resource, () => [cluster.origin]),
      );
  }
  const refusals = lacking.map(({ name, origin }) => ({
    typeUrl: typeUrls.loadAssignment,
    resource: name,
    origins: [origin],
    message: `${name} has no endpoints that can be published`,
  }));
  return { resources, refusals: [...shard.refusals, ...refusals] };
}

// ── Listeners ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Surroundings {
  /** By route table that is there. */
  readonly layouts: Layouts;
  readonly secrets: EncodedShard;
  readonly refusals: Refusal[];
}

const changedListeners = new WeakMap<TcpListener, Map<string, TcpListener>>();

/** The listener without the chains that name a table or a certificate that is not there, the others as their tables are laid out. */
function soundListener(listener: Listener, { layouts, secrets, refusals }: Surroundings): readonly Listener[] {
  if (listener.transport === "udp") return [listener];
  const kept = listener.chains.filter((chain) => {
    const lacking = lackedBy(chain, layouts, secrets);
    if (lacking === undefined) return true;
    const message = `filter chain ${chain.name} is left out: there is no ${lacking}`;
    refusals.push({ typeUrl: typeUrls.listener, resource: listener.name, origins: chain.origins, message });
    return false;
  });
  const chains = kept.map((chain) => inLayout(chain, layouts));
  if (chains.length === listener.chains.length && chains.every((chain, position) => chain === listener.chains[position]))
    return [listener];
  if (chains.length === 0) return [];
  const variants = changedListeners.get(listener) ?? new Map<string, TcpListener>();
  changedListeners.set(listener, variants);
  const key = JSON.stringify(chains.map(({ name, handler }) => [name, handler.type === "http" && handler.scoped]));
  const changed = variants.get(key) ?? { ...listener, chains };
  variants.set(key, changed);
  return [changed];
}

function inLayout(chain: FilterChain, layouts: Layouts): FilterChain {
  const { handler } = chain;
  if (handler.type !== "http" || layouts.get(handler.routeTable)?.layout !== "bucketed") return chain;
  return { ...chain, handler: { ...handler, scoped: true } };
}

function lackedBy(chain: FilterChain, layouts: Layouts, secrets: EncodedShard): string | undefined {
  const { handler } = chain;
  if (handler.type === "http" && !layouts.has(handler.routeTable)) return `route table ${handler.routeTable}`;
  const certificate = chain.tls?.certificates.find((name) => !secrets.resources.has(name));
  return certificate === undefined ? undefined : `secret ${certificate}`;
}

/** Such a listener stays, and Envoy closes its connections at once, or drops its datagrams; whoever asks for the cluster is told. */
function missingForListener(listener: Listener, clusters: readonly EncodedShard[]): readonly Refusal[] {
  return [...clustersOf(listener)]
    .filter((name) => clusters[shardOf(name)]?.resources.has(name) !== true)
    .map((cluster) => ({
      typeUrl: typeUrls.listener,
      resource: listener.name,
      origins: listener.transport === "udp" ? listener.senders : sendersTo(listener, cluster),
      message: `${listener.transport === "udp" ? "datagrams are dropped" : "connections are closed"}: there is no cluster ${cluster}`,
    }));
}

function sendersTo(listener: TcpListener, cluster: string): readonly Origin[] {
  return listener.chains.flatMap(({ handler }) =>
    handler.type === "tcp" && handler.shares.some((share) => share.cluster === cluster) ? handler.senders : [],
  );
}

// ── Routes to clusters that are not there ────────────────────────────────────────────────────────────────────────────────────────────────────

/** By shard of hosts, the cluster shards that were found to hold every name: pairs that did not change are not looked at again. */
const verified = new WeakMap<HostShard, (EncodedShard | undefined)[]>();
const clustersByShard = perValue(({ clusters }: HostShard) => [...Map.groupBy(clusters, shardOf)]);

/** Such a route stays, and Envoy answers 500 for it (cluster_not_found_response_code); the route's owner is told. */
function missingClusters(table: LaidOutTable, clusters: readonly EncodedShard[]): readonly Refusal[] {
  return table.shards.flatMap((shard) => {
    const missing = missingIn(shard, clusters);
    if (missing.size === 0) return [];
    return shard.hosts
      .flatMap(({ host }) => routesTo(host.routes, missing))
      .map(({ cluster, route, origin }) => ({
        typeUrl: typeUrls.routeConfiguration,
        resource: table.name,
        origins: [origin],
        message: `route ${route} answers 500: there is no cluster ${cluster}`,
      }));
  });
}

function missingIn(shard: HostShard, clusters: readonly EncodedShard[]): ReadonlySet<string> {
  const proven = verified.get(shard) ?? [];
  verified.set(shard, proven);
  const missing = new Set<string>();
  for (const [position, names] of clustersByShard(shard)) {
    const there = clusters[position];
    if (there !== undefined && proven[position] === there) continue;
    const lacking = names.filter((name) => there?.resources.has(name) !== true);
    if (lacking.length === 0) proven[position] = there;
    for (const name of lacking) missing.add(name);
  }
  return missing;
}
