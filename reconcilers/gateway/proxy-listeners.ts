// Listeners and server certificates of a proxy in the words of xds/model. Every decision was made in listeners.ts; here ports are grouped,
// and listener ports become the ports that Envoy binds.

import type { Db } from "../../store/db.ts";
import { type ObjectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import type { AccessLog, FilterChain, Listener, TcpListener, UdpListener } from "../../xds/model/listener.ts";
import type { Secret } from "../../xds/model/tls.ts";
import { certificate } from "../certificates.ts";
import { accessLogOf } from "./access-log.ts";
import { clientTrust, settingsOfPort } from "../clients/policy.ts";
import { configKey, envoyProxyOfProxy } from "../envoyproxy.ts";
import { connectionChains, datagramTarget } from "./connection-chains.ts";
import { boundAddresses } from "./host-addresses.ts";
import { httpHandler, tlsOfListener } from "./chain-clients.ts";
import { originOf } from "./listener-owner.ts";
import { portUse } from "./listener-spec.ts";
import type { ListenerState } from "./listener-state.ts";
import { readyListeners } from "./listeners.ts";

/** A port as users know it, and the one that Envoy binds. TCP and UDP ports are different ports. */
export interface PortPair {
  readonly port: number;
  readonly containerPort: number;
  readonly transport: "tcp" | "udp";
}

/** Envoy Gateway's proxies use these themselves: admin, statistics, shutdown, readiness. */
const reserved = [19000, 19001, 19002, 19003];

/** Envoy listeners of a proxy, by port. */
export const proxyListeners = memo("proxyListeners", (db: Db, proxy: string): readonly Listener[] =>
  proxyPorts(db, proxy).map(({ port, transport }) =>
    transport === "udp" ? udpListener(db, proxy, String(port)) : tcpListener(db, proxy, String(port)),
  ),
);

/** Server certificates that the listeners of a proxy name, sorted by SDS name; then whom they trust among clients. */
export const proxySecrets = memo("proxySecrets", (db: Db, proxy: string): readonly Secret[] => {
  const keys = new Set(readyListeners(db, proxy).flatMap(({ tls }) => tls?.certificates ?? []));
  return [...[...keys].toSorted().flatMap((key) => sdsSecret(db, proxy, key)), ...clientTrust(db, proxy)];
});

/** Ports on which a proxy serves, ascending; of equal ones TCP first. */
export const proxyPorts = memo("proxyPorts", (db: Db, proxy: string): readonly PortPair[] => {
  if (boundAddresses(db, proxy).length === 0) return [];
  const shifted =
    db.get("Config", configKey)?.infrastructure !== "host" &&
    envoyProxyOfProxy(db, proxy).provider?.kubernetes?.useListenerPortAsContainerPort !== true;
  const pairs = transports.flatMap((transport) => {
    const here = readyListeners(db, proxy).filter((listener) => transportOf(listener) === transport);
    const ports = [...new Set(here.map(({ port }) => port))].toSorted((a, b) => a - b);
    return (shifted ? unprivileged(ports) : ports.map((port) => ({ port, containerPort: port }))).map((pair) => ({
      ...pair,
      transport,
    }));
  });
  return pairs.toSorted((a, b) => a.port - b.port);
});

const transports = ["tcp", "udp"] as const;

function transportOf({ protocol }: ListenerState): PortPair["transport"] {
  return protocol === "UDP" ? "udp" : "tcp";
}

/**
 * Envoy runs as an ordinary user in a cluster, so ports below 1024 are bound 10,000 higher. A port that is taken (80 and 10080 in one
 * proxy) or that the proxy needs itself moves on by another 10,000.
 */
function unprivileged(ports: readonly number[]): readonly Omit<PortPair, "transport">[] {
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

/** Ready listeners of one port. */
function listenersAt(db: Db, proxy: string, at: Pick<PortPair, "port" | "transport">): readonly ListenerState[] {
  return readyListeners(db, proxy).filter((listener) => listener.port === at.port && transportOf(listener) === at.transport);
}

function socketAt(db: Db, proxy: string, at: Pick<PortPair, "port" | "transport">) {
  const { ipFamily } = envoyProxyOfProxy(db, proxy);
  const pair = proxyPorts(db, proxy).find(({ port, transport }) => port === at.port && transport === at.transport);
  const everywhere = ipFamily === "IPv6" || ipFamily === "DualStack" ? "::" : "0.0.0.0";
  const bound = boundAddresses(db, proxy);
  const [first, ...others] = bound === "everywhere" ? [] : bound;
  return {
    name: `${at.transport}-${at.port}`,
    addresses: first === undefined ? ([everywhere] as const) : ([first, ...others] as const),
    port: pair?.containerPort ?? at.port,
  };
}

const tcpListener = memo("tcpListener", (db: Db, proxy: string, port: string): TcpListener => {
  const at = { port: Number(port), transport: "tcp" } as const;
  const here = listenersAt(db, proxy, at);
  const accessLog = accessLogOf(envoyProxyOfProxy(db, proxy));
  const clients = settingsOfPort(db, here);
  return {
    ...socketAt(db, proxy, at),
    transport: "tcp",
    serverNames: here.some(({ protocol }) => portUse(protocol) === "tls"),
    ...(Object.keys(clients).length === 0 ? {} : { clients }),
    chains: [
      ...plainChain(db, here, accessLog),
      ...here.flatMap((one) => (one.protocol === "HTTPS" ? [tlsChain(db, one, accessLog)] : [])),
      ...here.flatMap((one) => (["TLS", "TCP"].includes(one.protocol) ? connectionChains(db, one, accessLog) : [])),
    ],
  };
});

const udpListener = memo("udpListener", (db: Db, proxy: string, port: string): UdpListener => {
  const at = { port: Number(port), transport: "udp" } as const;
  const accessLog = accessLogOf(envoyProxyOfProxy(db, proxy));
  const target = listenersAt(db, proxy, at).map((listener) => datagramTarget(db, listener))[0];
  return {
    ...socketAt(db, proxy, at),
    transport: "udp",
    origins: [],
    senders: [],
    statPrefix: `udp-${port}`,
    accessLog,
    ...target,
  };
});

function plainChain(db: Db, here: readonly ListenerState[], accessLog: AccessLog): readonly FilterChain[] {
  const http = here.filter(({ protocol }) => protocol === "HTTP");
  const [first] = http;
  if (first?.routeTable === undefined) return [];
  const name = first.routeTable;
  return [{ name, origins: http.map(originOf), serverNames: [], statPrefix: name, accessLog, ...httpHandler(db, first) }];
}

function tlsChain(db: Db, listener: ListenerState, accessLog: AccessLog): FilterChain {
  return {
    name: listener.routeTable ?? "",
    origins: [originOf(listener)],
    serverNames: listener.hostname === undefined ? [] : [listener.hostname],
    tls: tlsOfListener(db, listener, listener.tls?.overlapping === true ? ["http/1.1"] : ["h2", "http/1.1"]),
    statPrefix: `https-${listener.port}`,
    accessLog,
    ...httpHandler(db, listener),
  };
}

/** Zero or one: a Secret named by a ready listener is usable, but the query does not count on it. */
const sdsSecret = memo("sdsSecret", (db: Db, proxy: string, key: ObjectKey): readonly Secret[] => {
  const result = certificate(db, key);
  if (result.type === "invalid") return [];
  const { chainPem, keyPem, ocspStaple } = result.certificate;
  const origins = readyListeners(db, proxy)
    .filter(({ tls }) => tls?.certificates.includes(key) === true)
    .map(originOf);
  return [{ type: "certificate", name: key, origins, chainPem, keyPem, ...(ocspStaple === undefined ? {} : { ocspStaple }) }];
});

/** When the next certificate in use expires (RFC 3339), for the timer that writes the Clock; undefined when none will. */
export const nextExpiry = memo("nextExpiry", (db: Db, proxy: string): string | undefined => {
  const keys = new Set(readyListeners(db, proxy).flatMap(({ tls }) => tls?.certificates ?? []));
  const times = [...keys].flatMap((key) => {
    const result = certificate(db, key);
    return result.type === "valid" ? [result.certificate.notAfter] : [];
  });
  return times.toSorted()[0];
});
