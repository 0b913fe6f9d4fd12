// Route tables: the routes of all HTTPRoutes on one port, by host. One query per route and table, host and shard, so that an edited route
// costs its own host and the shard that holds it, whatever the number of the others.

import type { Db } from "../../store/db.ts";
import { nameOf, namespaceOf } from "../../store/key.ts";
import type { ObjectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import type { Route, RouteAction, RouteTable, VirtualHost } from "../../xds/model/route.ts";
import { shardCount, shardOf } from "../../xds/model/shards.ts";
import { envoyProxyOfProxy } from "../envoyproxy.ts";
import type { ListenerState } from "../gateway/listener-state.ts";
import { readyListeners } from "../gateway/listeners.ts";
import { covers } from "../hostnames.ts";
import { atHost, atShard, hostsIn, rivalsOn, routesByAttachment } from "./attachment.ts";
import { httpRules } from "./http.ts";
import { byAge, byPrecedence, rankOf } from "./precedence.ts";
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
    const empty = !fenced.has(shard) && db.lookup(routesByAttachment, atShard(proxy, table, shard)).length === 0;
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
  const hosts = new Set(fencedHosts(db, proxy, table));
  for (const route of db.lookup(routesByAttachment, atShard(proxy, table, Number(shard)))) {
    for (const host of hostsIn(db, route, { proxy, table })) hosts.add(host);
  }
  const own = [...hosts].filter((host) => shardOf(host) === Number(shard));
  return own.toSorted().map((host) => virtualHost(db, proxy, table, host));
});

/** One host: the rules of all routes that serve it, in order of precedence. */
const virtualHost = memo("virtualHost", (db: Db, proxy: string, table: string, host: string): VirtualHost => {
  const ranked = db.lookup(routesByAttachment, atHost(proxy, table, host)).flatMap((key) => hostRoutes(db, key, table, host));
  const routes = ranked.toSorted(preservesOrder(db, proxy) ? byAge : byPrecedence).map(({ route }) => route);
  return { name: `${table}/${host.replaceAll(".", "_")}`, domains: [host], routes };
});

const preservesOrder = memo("preservesOrder", (db: Db, proxy: string): boolean => {
  return envoyProxyOfProxy(db, proxy).preserveRouteOrder === true;
});

/** What one HTTPRoute contributes to one host. */
const hostRoutes = memo("hostRoutes", (db: Db, key: ObjectKey, table: string, host: string): readonly RankedRoute[] => {
  const created = db.get("HTTPRoute", key)?.metadata.creationTimestamp ?? "";
  const listener = addressOf(table);
  return httpRules(db, key).value.flatMap((rule) =>
    rule.branches.map((branch): RankedRoute => {
      const route = toRoute({ key, rule, branch, host, listener });
      return { route, rank: rankOf(branch.match), created, key, rule: rule.index, position: branch.position };
    }),
  );
});

interface RouteParts {
  readonly key: ObjectKey;
  readonly rule: HttpRule;
  readonly branch: RuleBranch;
  readonly host: string;
  readonly listener: ListenerAddress;
}

function toRoute({ key, rule, branch, host, listener }: RouteParts): Route {
  const { match, action, position } = branch;
  return {
    name: `httproute/${key}/rule/${rule.index}/match/${position}/${host.replaceAll(".", "_")}`,
    origin: {
      kind: "HTTPRoute",
      namespace: namespaceOf(key),
      name: nameOf(key),
      ...(rule.name === undefined ? {} : { section: rule.name }),
    },
    match,
    action: atListener(action, listener),
    requestHeaders: rule.requestHeaders,
    responseHeaders: rule.responseHeaders,
    ...(rule.cors === undefined ? {} : { cors: rule.cors }),
    ...(rule.sessionPersistence === undefined ? {} : { sessionPersistence: rule.sessionPersistence }),
  };
}

function atListener(action: RouteAction, listener: ListenerAddress): RouteAction {
  return action.type === "redirect" ? { ...action, redirect: withPort(action.redirect, listener) } : action;
}
