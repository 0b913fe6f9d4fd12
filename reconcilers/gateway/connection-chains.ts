// Listeners that look at no request, in the words of xds/model: a filter chain for each route that has won a server name, and one that
// closes what belongs to the listener and to no route. Who has won is decided in routes/claims.ts.

import type { Db } from "../../store/db.ts";
import { nameOf, namespaceOf } from "../../store/key.ts";
import type { AccessLog, ConnectionShare, FilterChain, UdpListener } from "../../xds/model/listener.ts";
import type { Origin } from "../../xds/model/origin.ts";
import { speaksTls } from "../backends/clusters.ts";
import { plainCluster, variantCluster } from "../backends/names.ts";
import type { L4RouteId } from "../routes/attachment.ts";
import { wonHosts } from "../routes/claims.ts";
import { l4Shares } from "../routes/l4.ts";
import { ruleTraffic } from "../traffic/settings.ts";
import { isBroken } from "../clients/policy.ts";
import { idleTimeoutOf, limitOfListener, tlsOfListener } from "./chain-clients.ts";
import { originOf } from "./listener-owner.ts";
import { type ListenerState, placeOf } from "./listener-state.ts";

/** The chains of a TLS or TCP listener. */
export function connectionChains(db: Db, listener: ListenerState, accessLog: AccessLog): readonly FilterChain[] {
  const place = placeOf(listener);
  const common = {
    statPrefix: statPrefixOf(listener),
    accessLog,
    ...(listener.tls === undefined ? {} : { tls: tlsOfListener(db, listener, []) }),
    ...limitOfListener(db, listener),
  };
  // Without a policy that can be honoured nobody is served.
  const broken = isBroken(db, listener);
  const idle = idleTimeoutOf(db, listener);
  const won = wonHosts(db, listener.owner, listener.name);
  const chains = won.map(({ route, hosts }): FilterChain => ({
    name: `${place}/${route.kind.toLowerCase()}/${route.key}`,
    origins: [originOf(listener)],
    serverNames: hosts.filter((host) => host !== "*"),
    handler: { type: "tcp", shares: broken ? [] : sharesOf(db, listener, route), senders: [originOfRoute(route)], ...idle },
    ...common,
  }));
  const whole = listener.hostname ?? "*";
  if (won.some(({ hosts }) => hosts.includes(whole))) return chains;
  // The name is this listener's: without a chain, a wider listener of the port would take its connections (listener isolation).
  const serverNames = whole === "*" ? [] : [whole];
  const handler = { type: "tcp", shares: [], senders: [] } as const;
  return [...chains, { name: place, origins: [originOf(listener)], serverNames, handler, ...common }];
}

/** Where the datagrams of a UDP listener go. */
export function datagramTarget(db: Db, listener: ListenerState): Pick<UdpListener, "origins" | "senders" | "cluster"> {
  const [won] = wonHosts(db, listener.owner, listener.name);
  if (won === undefined) return { origins: [originOf(listener)], senders: [] };
  const cluster = underPolicy(db, listener, won.route).find((share) => share.cluster !== undefined)?.cluster;
  const senders = [originOfRoute(won.route)];
  return { origins: [originOf(listener)], senders, ...(cluster === undefined ? {} : { cluster }) };
}

/** The shares of a route in the variants that a policy asks for; what cannot be honoured is closed. */
function underPolicy(db: Db, { owner, name }: ListenerState, { kind, key }: L4RouteId): readonly ConnectionShare[] {
  const shares = l4Shares(db, kind, key).value;
  const rules: readonly { readonly name?: string }[] = db.get(kind, key)?.spec.rules ?? [];
  const traffic = ruleTraffic(db, kind, key, rules[0]?.name ?? "", owner, name);
  if (traffic === undefined) return shares;
  const { connectionVariant: variant, problems } = traffic;
  return shares.map(({ cluster, weight }) => {
    if (cluster === undefined || problems.length > 0) return { cluster: undefined, weight };
    return { cluster: variant === undefined ? cluster : variantCluster(cluster, variant), weight };
  });
}

/** What passes through brings its own TLS: ours around it would be TLS in TLS. */
function sharesOf(db: Db, listener: ListenerState, route: L4RouteId): readonly ConnectionShare[] {
  const { protocol, tls } = listener;
  const shares = underPolicy(db, listener, route);
  if (protocol !== "TLS" || tls !== undefined) return shares;
  return shares.map(({ cluster, weight }) => ({
    cluster: cluster !== undefined && speaksTls(db, cluster) ? plainCluster(cluster) : cluster,
    weight,
  }));
}

/** As Envoy Gateway names them. */
function statPrefixOf({ protocol, port, tls }: ListenerState): string {
  if (protocol === "TCP") return `tcp-${port}`;
  return tls === undefined ? `tls-passthrough-${port}` : `tls-terminate-${port}`;
}

function originOfRoute({ kind, key }: L4RouteId): Origin {
  return { kind, namespace: namespaceOf(key), name: nameOf(key) };
}
