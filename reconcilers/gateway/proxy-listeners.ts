// Listeners and server certificates of a proxy in the words of xds/model. Every decision was made in listeners.ts; here ports are grouped,
// and listener ports become the ports that Envoy binds.

import type { Db } from "../../store/db.ts";
import { type ObjectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import type { AccessLog, FilterChain, Listener } from "../../xds/model/listener.ts";
import type { Origin } from "../../xds/model/origin.ts";
import type { Secret } from "../../xds/model/tls.ts";
import { certificate } from "../certificates.ts";
import { accessLogOf } from "./access-log.ts";
import { configKey, envoyProxyOfProxy } from "../envoyproxy.ts";
import { ownerReference } from "./listener-owners.ts";
import type { ListenerState } from "./listener-state.ts";
import { readyListeners } from "./listeners.ts";

/** A port as users know it, and the one that Envoy binds. */
export interface PortPair {
  readonly port: number;
  readonly containerPort: number;
}

/** Envoy Gateway's proxies use these themselves: admin, statistics, shutdown, readiness. */
const reserved = [19000, 19001, 19002, 19003];

/** Envoy listeners of a proxy, by port. */
export const proxyListeners = memo("proxyListeners", (db: Db, proxy: string): readonly Listener[] =>
  proxyPorts(db, proxy).map(({ port }) => portListener(db, proxy, String(port))),
);

/** Server certificates that the listeners of a proxy name, sorted by SDS name. */
export const proxySecrets = memo("proxySecrets", (db: Db, proxy: string): readonly Secret[] => {
  const keys = new Set(served(db, proxy).flatMap(({ tls }) => tls?.certificates ?? []));
  return [...keys].toSorted().flatMap((key) => sdsSecret(db, proxy, key));
});

/** Ports on which a proxy serves, ascending. */
export const proxyPorts = memo("proxyPorts", (db: Db, proxy: string): readonly PortPair[] => {
  const ports = [...new Set(served(db, proxy).map(({ port }) => port))].toSorted((a, b) => a - b);
  const shifted =
    db.get("Config", configKey)?.infrastructure !== "host" &&
    envoyProxyOfProxy(db, proxy).provider?.kubernetes?.useListenerPortAsContainerPort !== true;
  return shifted ? unprivileged(ports) : ports.map((port) => ({ port, containerPort: port }));
});

/**
 * Envoy runs as an ordinary user in a cluster, so ports below 1024 are bound 10,000 higher. A port that is taken (80 and 10080 in one
 * proxy) or that the proxy needs itself moves on by another 10,000.
 */
function unprivileged(ports: readonly number[]): readonly PortPair[] {
  const taken = new Set(reserved);
  return ports.map((port) => {
    const step = 10_000;
    let containerPort = port < 1024 ? port + step : port;
    while (taken.has(containerPort))
      containerPort = containerPort + step > 65_535 ? 1024 + (containerPort % step) : containerPort + step;
    taken.add(containerPort);
    return { port, containerPort };
  });
}

/** Ready listeners whose protocol is served: those with a route table. */
function served(db: Db, proxy: string): readonly ListenerState[] {
  return readyListeners(db, proxy).filter(({ routeTable }) => routeTable !== undefined);
}

const portListener = memo("portListener", (db: Db, proxy: string, port: string): Listener => {
  const spec = envoyProxyOfProxy(db, proxy);
  const here = served(db, proxy).filter((listener) => String(listener.port) === port);
  const accessLog = accessLogOf(spec);
  const pair = proxyPorts(db, proxy).find((candidate) => String(candidate.port) === port);
  return {
    name: `tcp-${port}`,
    address: spec.ipFamily === "IPv6" || spec.ipFamily === "DualStack" ? "::" : "0.0.0.0",
    port: pair?.containerPort ?? Number(port),
    chains: [
      ...plainChain(here, accessLog),
      ...here.filter(({ protocol }) => protocol === "HTTPS").map((one) => tlsChain(one, accessLog)),
    ],
  };
});

function plainChain(here: readonly ListenerState[], accessLog: AccessLog): readonly FilterChain[] {
  const http = here.filter(({ protocol }) => protocol === "HTTP");
  const routeTable = http[0]?.routeTable;
  if (routeTable === undefined) return [];
  return [{ name: routeTable, origins: http.map(originOf), serverNames: [], routeTable, statPrefix: routeTable, accessLog }];
}

function tlsChain(listener: ListenerState, accessLog: AccessLog): FilterChain {
  const routeTable = listener.routeTable ?? "";
  return {
    name: routeTable,
    origins: [originOf(listener)],
    serverNames: listener.hostname === undefined ? [] : [listener.hostname],
    tls: {
      certificates: listener.tls?.certificates ?? [],
      alpn: listener.tls?.overlapping === true ? ["http/1.1"] : ["h2", "http/1.1"],
    },
    routeTable,
    statPrefix: `https-${listener.port}`,
    accessLog,
  };
}

function originOf({ owner, name }: ListenerState): Origin {
  const { kind, namespace, name: ownerName } = ownerReference(owner);
  return { kind, namespace, name: ownerName, section: name };
}

/** Zero or one: a Secret named by a ready listener is usable, but the query does not count on it. */
const sdsSecret = memo("sdsSecret", (db: Db, proxy: string, key: ObjectKey): readonly Secret[] => {
  const result = certificate(db, key);
  if (result.type === "invalid") return [];
  const { chainPem, keyPem, ocspStaple } = result.certificate;
  const origins = served(db, proxy)
    .filter(({ tls }) => tls?.certificates.includes(key) === true)
    .map(originOf);
  return [{ type: "certificate", name: key, origins, chainPem, keyPem, ...(ocspStaple === undefined ? {} : { ocspStaple }) }];
});

/** When the next certificate in use expires (RFC 3339), for the timer that writes the Clock; undefined when none will. */
export const nextExpiry = memo("nextExpiry", (db: Db, proxy: string): string | undefined => {
  const keys = new Set(served(db, proxy).flatMap(({ tls }) => tls?.certificates ?? []));
  const times = [...keys].flatMap((key) => {
    const result = certificate(db, key);
    return result.type === "valid" ? [result.certificate.notAfter] : [];
  });
  return times.toSorted()[0];
});
