// Gateway.spec.addresses: what a Gateway asks for, what of it its proxy's Service can be asked for in a cluster, and why the rest cannot be
// used. Whether an address has been given is told by the proxy's state (status.ts). On a single machine: host-addresses.ts.

import { BlockList } from "node:net";
import type { Db, Index } from "../../store/db.ts";
import type { ObjectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import { isIPv4 } from "../backends/address.ts";
import { envoyProxyOfProxy } from "../envoyproxy.ts";
import { boundAddresses, onHost } from "./host-addresses.ts";
import { gatewaysOf, proxies, proxyOf } from "./proxies.ts";
import { proxyPorts } from "./proxy-listeners.ts";
import { type WantedAddress, wantedAddresses } from "./wanted-addresses.ts";

/** A type of address that nobody here knows. Gateway API: the Gateway is not accepted. */
export function unsupportedAddressType(db: Db, gateway: ObjectKey): string | undefined {
  const types = (db.get("Gateway", gateway)?.spec.addresses ?? []).map(({ type }) => type ?? "IPAddress");
  return types.find((type) => type !== "IPAddress" && type !== "Hostname");
}

/** The type of a proxy's Service. */
export function serviceType(db: Db, proxy: string): string {
  return envoyProxyOfProxy(db, proxy).provider?.kubernetes?.envoyService?.type ?? "LoadBalancer";
}

/** The IP addresses that the Service of a proxy asks for, in the order of its Gateways; a ClusterIP Service can have one. */
export const serviceAddresses = memo("serviceAddresses", (db: Db, proxy: string): readonly string[] => {
  const possible = gatewaysOf(db, proxy)
    .flatMap((gateway) => wantedAddresses(db, gateway))
    .filter((address) => problemOf(db, proxy, address) === undefined)
    .map(({ value }) => value);
  const each = [...new Set(possible)];
  return serviceType(db, proxy) === "ClusterIP" ? each.slice(0, 1) : each;
});

/** Why an address that the proxy does not have will not come, in a few words; undefined when it may. */
export function whyUnusable(db: Db, proxy: string, address: WantedAddress): string | undefined {
  if (onHost(db)) return address.type === "IPAddress" ? "this machine does not have it" : onlyIp;
  const problem = problemOf(db, proxy, address);
  if (problem !== undefined) return problem;
  return serviceAddresses(db, proxy).includes(address.value) ? undefined : "a Service of type ClusterIP can have one address";
}

/**
 * Addresses of the machine at which a proxy that listens everywhere is not reached: another one listens there by name, with a port in common.
 */
export const heldByOthers = memo("heldByOthers", (db: Db, proxy: string): readonly string[] => {
  if (!onHost(db) || boundAddresses(db, proxy) !== "everywhere") return [];
  const own = portsOf(db, proxy);
  const others = proxies(db).filter((other) => other !== proxy && portsOf(db, other).some((port) => own.includes(port)));
  return others.flatMap((other) => {
    const bound = boundAddresses(db, other);
    return bound === "everywhere" ? [] : bound;
  });
});

function portsOf(db: Db, proxy: string): readonly string[] {
  return proxyPorts(db, proxy).map(({ port, transport }) => `${transport}/${port}`);
}

const onlyIp = "only an IPAddress can be asked for";

function problemOf(db: Db, proxy: string, { type, value }: WantedAddress): string | undefined {
  if (type !== "IPAddress") return onlyIp;
  if (special.check(value, isIPv4(value) ? "ipv4" : "ipv6")) return "a Service can have no loopback or link-local address";
  const owner = takenBy(db, proxy, value);
  return owner === undefined ? undefined : `Gateway ${owner} has it, with a port in common`;
}

/** What the API server refuses among a Service's externalIPs, and with it the Service. */
const special = new BlockList();
for (const [network, bits] of [
  ["0.0.0.0", 32],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["224.0.0.0", 24],
] as const)
  special.addSubnet(network, bits, "ipv4");
for (const [network, bits] of [
  ["::", 127],
  ["fe80::", 10],
  ["ff02::", 16],
] as const)
  special.addSubnet(network, bits, "ipv6");

const gatewaysByAddress: Index<"Gateway"> = {
  kind: "Gateway",
  name: "address",
  values: ({ spec }) => (spec?.addresses ?? []).flatMap(({ value }) => value ?? []),
};

/** An older Gateway of another proxy with the same address and port: which of the two Services would have it, nobody could say. */
function takenBy(db: Db, proxy: string, value: string): ObjectKey | undefined {
  const askers = db.lookup(gatewaysByAddress, value);
  if (askers.length < 2) return undefined;
  const age = (key: ObjectKey): string => db.get("Gateway", key)?.metadata.creationTimestamp ?? "";
  const own = portsOf(db, proxy);
  const byAge = askers.toSorted((a, b) => (age(a) < age(b) ? -1 : age(a) > age(b) ? 1 : a < b ? -1 : 1));
  for (const gateway of byAge) {
    const other = proxyOf(db, gateway);
    if (other === proxy) return undefined;
    if (other !== undefined && portsOf(db, other).some((port) => own.includes(port))) return gateway;
  }
  return undefined;
}
