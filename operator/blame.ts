// On whom a refusal by a proxy falls: the user's objects that a resource was made from. Looks the resource up in the model of the proxy, so
// nothing has to be remembered while all is well; costs a walk over the model, once per refusal. Pure.

import type { Cluster } from "../xds/model/backend.ts";
import type { FilterChain, Listener } from "../xds/model/listener.ts";
import type { Origin } from "../xds/model/origin.ts";
import type { Proxy } from "../xds/model/proxy.ts";
import type { RouteTable } from "../xds/model/route.ts";
import type { TypeUrl } from "../xds/resource.ts";
import { tableOf } from "../xds/scopes.ts";
import { typeUrls } from "../xds/type-urls.ts";

/** What a proxy refused; `message` in its own words. */
export interface Refused {
  readonly typeUrl: TypeUrl;
  readonly resource: string;
  readonly message: string;
}

/** Each origin once; empty when the resource is in the model no more. */
export function blame(proxy: Proxy, { typeUrl, resource, message }: Refused): readonly Origin[] {
  switch (typeUrl) {
    case typeUrls.listener:
      return unique(proxy.listeners.flatMap((listener) => (listener.name === resource ? listenerOrigins(listener) : [])));
    case typeUrls.secret:
      return unique([
        ...chains(proxy, ({ tls }) => tls?.certificates.includes(resource) === true),
        ...proxy.clusters.flat().flatMap((cluster) => (namesSecret(cluster, resource) ? clusterOrigins(proxy, cluster) : [])),
      ]);
    case typeUrls.cluster:
    case typeUrls.loadAssignment:
      return unique(
        proxy.clusters.flat().flatMap((cluster) => (cluster.name === resource ? clusterOrigins(proxy, cluster) : [])),
      );
    case typeUrls.routeConfiguration:
      return unique(proxy.routeTables.flatMap((table) => (table.name === tableOf(resource) ? tableOrigins(table, message) : [])));
    default:
      return [];
  }
}

function chains(proxy: Proxy, wanted: (chain: FilterChain) => boolean): readonly Origin[] {
  return proxy.listeners
    .flatMap((listener) => (listener.transport === "tcp" ? listener.chains : []))
    .flatMap((chain) => (wanted(chain) ? chain.origins : []));
}

function listenerOrigins(listener: Listener): readonly Origin[] {
  if (listener.transport === "udp") return [...listener.origins, ...listener.senders];
  return listener.chains.flatMap(({ origins, handler }) => [...origins, ...(handler.type === "tcp" ? handler.senders : [])]);
}

function namesSecret({ tls }: Cluster, name: string): boolean {
  return tls?.clientCertificate === name || (tls?.trust.type === "secret" && tls.trust.name === name);
}

interface Sender {
  readonly senders: readonly Origin[];
  readonly shares: readonly { readonly cluster?: string | undefined }[];
}

/** The backend, and the routes that send to it: they carry the status that people look at. */
function clusterOrigins(proxy: Proxy, cluster: Cluster): readonly Origin[] {
  const routes = proxy.routeTables.flatMap(routesOf).filter(({ action }) => {
    if (action.type !== "forward") return false;
    return [...action.backends, ...action.mirrors].some((target) => target.cluster === cluster.name);
  });
  const senders = proxy.listeners.flatMap((listener): readonly Sender[] =>
    listener.transport === "udp"
      ? [{ shares: [listener], senders: listener.senders }]
      : listener.chains.flatMap(({ handler }) => (handler.type === "tcp" ? [handler] : [])),
  );
  const others = senders.flatMap((each) => (each.shares.some((share) => share.cluster === cluster.name) ? each.senders : []));
  return [cluster.origin, ...routes.map(({ origin }) => origin), ...others];
}

/** The routes that Envoy names; when it names none, all of the table: none of its changes is served. */
function tableOrigins(table: RouteTable, message: string): readonly Origin[] {
  const hosts = table.shards.flat();
  const named = hosts.flatMap(({ name, routes }) =>
    routes.filter((route) => message.includes(route.name) || (name !== "*" && message.includes(name))),
  );
  return (named.length > 0 ? named : routesOf(table)).map(({ origin }) => origin);
}

function routesOf(table: RouteTable) {
  return table.shards.flat().flatMap(({ routes }) => routes);
}

function unique(origins: readonly Origin[]): readonly Origin[] {
  return [...new Map(origins.map((origin) => [JSON.stringify(origin), origin])).values()];
}
