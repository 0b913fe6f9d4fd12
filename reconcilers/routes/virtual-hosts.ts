// Route tables: the routes of all HTTPRoutes and GRPCRoutes on one port, by host. One query per route and table, host and shard, so that an edited route
// costs its own host and the shard that holds it, whatever the number of the others.

import type { Db } from "../../store/db.ts";
import { nameOf, namespaceOf } from "../../store/key.ts";
import type { ObjectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import type { Shards } from "../../xds/model/proxy.ts";
import type { Route, RouteAction, RouteTable, VirtualHost } from "../../xds/model/route.ts";
import { shardCount, shardOf } from "../../xds/model/shards.ts";
import { envoyProxyOfProxy } from "../envoyproxy.ts";
import type { ListenerState } from "../gateway/listener-state.ts";
import { readyListeners } from "../gateway/listeners.ts";
import { covers } from "../hostnames.ts";
import { atHost, atShard, hostsIn, placeServing, requestRoutesAt, rivalsOn } from "./attachment.ts";
import type { RequestKind, RequestRouteId } from "./attachment.ts";
import { requestRules } from "./http.ts";
import { underTraffic } from "./under-traffic.ts";
import { byAge, byPrecedence, rankOf, rankOfCall } from "./precedence.ts";
import type { RankedRoute } from "./precedence.ts";
import { addressOf, withPort } from "./redirect.ts";
import type { ListenerAddress } from "./redirect.ts";
import type { HttpRule, RuleBranch } from "./rule.ts";

const noHosts: readonly VirtualHost[] = [];

/** Every table of a proxy, one per value of routeTable among its ready listeners. Sorted by name. */
export const routeTables = memo("routeTables", (db: Db, proxy: string): readonly RouteTable[] => {
  return tableNames(db, proxy).map((table) => routeTable(db, proxy, table));
});

/** RDS names of the tables of a proxy. */
export const tableNames = memo("tableNames", (db: Db, proxy: string): readonly string[] => {
  return [...new Set(servedListeners(db, proxy).flatMap(({ routeTable }) => routeTable ?? []))].toSorted();
});

function servedListeners(db: Db, proxy: string): readonly ListenerState[] {
  return readyListeners(db, proxy).filter(({ routeTable }) => routeTable !== undefined);
}

const routeTable = memo("routeTable", (db: Db, proxy: string, table: string): RouteTable => {
  const fenced = new Set(fencedHosts(db, proxy, table).map(shardOf));
  const shards = Array.from({ length: shardCount }, (_, shard) => {
    // An empty shard is not worth a query: its bucket says so.
    const empty = !fenced.has(shard) && requestRoutesAt(db, atShard(proxy, table, shard)).length === 0;
    return empty ? noHosts : virtualHosts(db, proxy, table, String(shard));
  });
  return { name: table, shards };
});

/**
 * Hostnames of this table's listeners, where requests of one could reach the routes of another: they need a virtual host even without
 * routes (GEP-3155, listener isolation: the answer is 404, not the wider listener's).
 */
const fencedHosts = memo("fencedHosts", (db: Db, proxy: string, table: string): readonly string[] => {
  const rivals = rivalsOn(db, proxy, String(addressOf(table).port));
  if (rivals.length < 2) return [];
  const own = servedListeners(db, proxy).filter(({ routeTable }) => routeTable === table);
  const hostnames = rivals.flatMap(({ hostname }) => hostname ?? []);
  return hostnames.filter((hostname) => own.some((listener) => covers(listener.hostname, hostname))).toSorted();
});

/** The virtual hosts of one shard. Sorted by name. */
const virtualHosts = memo("virtualHosts", (db: Db, proxy: string, table: string, shard: string): readonly VirtualHost[] => {
  return hostsOfShard(db, proxy, table, shard).map((host) => virtualHost(db, proxy, table, host));
});

const hostsOfShard = memo("hostsOfShard", (db: Db, proxy: string, table: string, shard: string): readonly string[] => {
  const hosts = new Set(fencedHosts(db, proxy, table));
  for (const route of requestRoutesAt(db, atShard(proxy, table, Number(shard)))) {
    for (const host of hostsIn(db, route, { proxy, table })) hosts.add(host);
  }
  return [...hosts].filter((host) => shardOf(host) === Number(shard)).toSorted();
});

/** One host: the rules of all routes that serve it, in order of precedence. */
const virtualHost = memo("virtualHost", (db: Db, proxy: string, table: string, host: string): VirtualHost => {
  const routes = requestRoutesAt(db, atHost(proxy, table, host));
  const order = orderOf(db, proxy);
  const ranked =
    routes.length <= fewRoutes ? rankedOn(db, routes, { proxy, table, host, order }) : crowd(db, { proxy, table, host, order });
  return { name: `${table}/${host.replaceAll(".", "_")}`, domains: [host], routes: ranked.map(({ route }) => route) };
});

/** Routes of one host that are put in order together. */
const fewRoutes = 128;

interface Ordered {
  readonly proxy: string;
  readonly table: string;
  readonly host: string;
  readonly order: typeof byAge;
}

function rankedOn(db: Db, routes: readonly RequestRouteId[], { proxy, table, host, order }: Ordered): readonly RankedRoute[] {
  return routes.flatMap(({ kind, key }) => hostRoutes(db, kind, key, proxy, table, host)).toSorted(order);
}

const runCount = 8;

/**
 * A host that thousands of routes share is put in order in two steps, so that an edit sorts a 64th of them again and an eighth of the
 * merging; what is left is to merge eight runs, which sorting does in linear time.
 */
function crowd(db: Db, { proxy, table, host, order }: Ordered): readonly RankedRoute[] {
  const runs = Array.from({ length: runCount }, (_, run) => hostRun(db, proxy, table, host, String(run)));
  return runs.flat().toSorted(order);
}

const hostRun = memo("hostRun", (db: Db, proxy: string, table: string, host: string, run: string): readonly RankedRoute[] => {
  const shards = Array.from({ length: shardCount / runCount }, (_, i) => String(Number(run) + i * runCount));
  return shards.flatMap((shard) => hostShard(db, proxy, table, host, shard)).toSorted(orderOf(db, proxy));
});

const hostShard = memo(
  "hostShard",
  (db: Db, proxy: string, table: string, host: string, shard: string): readonly RankedRoute[] => {
    return rankedOn(db, shardKeys(db, proxy, table, host, shard), { proxy, table, host, order: orderOf(db, proxy) });
  },
);

const shardKeys = memo(
  "shardKeys",
  (db: Db, proxy: string, table: string, host: string, shard: string): readonly RequestRouteId[] => {
    return dealtKeys(db, proxy, table, host)[Number(shard)] ?? [];
  },
);

/** The routes of a host, by shard of their names. */
const dealtKeys = memo("dealtKeys", (db: Db, proxy: string, table: string, host: string): Shards<RequestRouteId> => {
  const shards = Array.from({ length: shardCount }, (): RequestRouteId[] => []);
  for (const route of requestRoutesAt(db, atHost(proxy, table, host))) shards[shardOf(route.key)]!.push(route);
  return shards;
});

function orderOf(db: Db, proxy: string): typeof byAge {
  return preservesOrder(db, proxy) ? byAge : byPrecedence;
}

const preservesOrder = memo("preservesOrder", (db: Db, proxy: string): boolean => {
  return envoyProxyOfProxy(db, proxy).preserveRouteOrder === true;
});

/** Access logs, traces and bootstraps can show a route's metadata: Envoy's operator METADATA(ROUTE:…), CEL's xds.route_metadata. */
const readsOrigins = memo("readsOrigins", (db: Db, proxy: string): boolean => {
  const { telemetry, bootstrap } = envoyProxyOfProxy(db, proxy);
  return /METADATA\(ROUTE|route_metadata|"route":\{/.test(JSON.stringify([telemetry, bootstrap]));
});

/** What one route contributes to one host. */
const hostRoutes = memo(
  "hostRoutes",
  (db: Db, kind: RequestKind, key: ObjectKey, proxy: string, table: string, host: string): readonly RankedRoute[] => {
    const created = db.get(kind, key)?.metadata.creationTimestamp ?? "";
    const listener = addressOf(table);
    const described = readsOrigins(db, proxy);
    const place = placeServing(db, { kind, key }, { proxy, table, host });
    return requestRules(db, kind, key).value.flatMap((plain) => {
      const rule = place === undefined ? plain : underTraffic(db, { kind, key, rule: plain }, place);
      return rule.branches.map((branch): RankedRoute => {
        const route = toRoute({ kind, key, rule, branch, host, listener, described });
        const rank = branch.call === undefined ? rankOf(branch.match) : rankOfCall(branch.call, branch.match);
        return { route, rank, created, key, rule: rule.index, position: branch.position };
      });
    });
  },
);

interface RouteParts {
  readonly kind: RequestKind;
  readonly key: ObjectKey;
  readonly rule: HttpRule;
  readonly branch: RuleBranch;
  readonly host: string;
  readonly listener: ListenerAddress;
  /** Something in the proxy reads whose route it is. */
  readonly described: boolean;
}

function toRoute({ kind, key, rule, branch, host, listener, described }: RouteParts): Route {
  const { match, action, position } = branch;
  const part = branch.preflight === true ? "/cors-preflight" : "";
  return {
    name: `${kind.toLowerCase()}/${key}/rule/${rule.index}/match/${position}${part}/${host.replaceAll(".", "_")}`,
    origin: {
      kind,
      namespace: namespaceOf(key),
      name: nameOf(key),
      ...(rule.name === undefined ? {} : { section: rule.name }),
    },
    match,
    action: atListener(action, listener),
    requestHeaders: rule.requestHeaders,
    responseHeaders: rule.responseHeaders,
    ...(rule.filters === undefined ? {} : { filters: rule.filters }),
    ...(rule.statPrefix === undefined ? {} : { statPrefix: rule.statPrefix }),
    ...(rule.cors === undefined ? {} : { cors: rule.cors }),
    ...(rule.sessionPersistence === undefined ? {} : { sessionPersistence: rule.sessionPersistence }),
    ...(kind === "GRPCRoute" ? { grpc: true } : {}),
    ...(described ? { described: true } : {}),
  };
}

function atListener(action: RouteAction, listener: ListenerAddress): RouteAction {
  return action.type === "redirect" ? { ...action, redirect: withPort(action.redirect, listener) } : action;
}
