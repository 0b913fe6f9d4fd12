// Which listeners cannot be served because of other listeners. Decided by specs alone (port, protocol, hostname), never by whether a
// certificate resolves: otherwise a broken Secret would hand a port to somebody else.
// Within one Gateway no listener of a conflict is served (Gateway API: order must not matter), save that the first of several TCP or UDP
// listeners of a port is; between Gateways the older one wins, and a Gateway's own listeners win over those of its ListenerSets (GEP-1713).

import type { Db } from "../../store/db.ts";
import { memo } from "../../store/memo.ts";
import {
  listenerHostnameConflict,
  listenerPortTaken,
  listenerPortUnavailable,
  listenerProtocolConflict,
  listenerSecondOnPort,
  listenerTaken,
} from "../conditions.ts";
import { normaliseHostname } from "../hostnames.ts";
import type { Condition } from "../reconciler.ts";
import { boundAddresses, onHost } from "./host-addresses.ts";
import { type ListenerOwner, ownerReference, setKindOf, shownOwner } from "./listener-owner.ts";
import { listenerSpecs, ownersOfProxy, servingGateway } from "./listener-owners.ts";
import { type PortUse, portUse } from "./listener-spec.ts";
import { gatewaysOf, proxies, proxyOf } from "./proxies.ts";
import { compare } from "../order.ts";

/** What a listener asks of its port. */
interface Claim {
  readonly owner: ListenerOwner;
  /** In spec.listeners: names can repeat where no schema was checked. */
  readonly position: number;
  readonly name: string;
  readonly port: number;
  readonly use: PortUse;
  readonly hostname?: string;
}

/** A claim that is not served, and why. */
interface Conflict {
  readonly position: number;
  readonly condition: Condition;
}

const everywhere = "everywhere";

const claims = memo("listenerClaims", (db: Db, owner: string): readonly Claim[] =>
  listenerSpecs(db, owner as ListenerOwner).flatMap(({ name, port, protocol, hostname }, position) => {
    const use = portUse(protocol);
    const normal = use === "http" || use === "tls" ? normaliseHostname(hostname) : undefined;
    return use === undefined || port === 0
      ? []
      : [{ owner: owner as ListenerOwner, position, name, port, use, ...(normal === undefined ? {} : { hostname: normal }) }];
  }),
);

/** Conflicts among the listeners of one owner, in spec order. */
const ownConflicts = memo("ownConflicts", (db: Db, owner: string): readonly Conflict[] => {
  const all = claims(db, owner);
  return all.flatMap((claim) => {
    const condition = conflictWithin(
      claim,
      all.filter((other) => samePort(claim, other)),
    );
    return condition === undefined ? [] : [{ position: claim.position, condition }];
  });
});

/** TCP and UDP ports are different ports. */
function samePort(a: Claim, b: Claim): boolean {
  return a.port === b.port && (a.use === "udp") === (b.use === "udp");
}

function conflictWithin(claim: Claim, samePort: readonly Claim[]): Condition | undefined {
  if (samePort.some((other) => other.use !== claim.use)) return listenerProtocolConflict(claim.port);
  if (claim.use === "tcp" || claim.use === "udp")
    return samePort[0] === claim ? undefined : listenerSecondOnPort(claim.use.toUpperCase(), claim.port);
  return samePort.filter((other) => other.hostname === claim.hostname).length > 1
    ? listenerHostnameConflict(claim.port, claim.hostname)
    : undefined;
}

/** Claims that stand after the owner's own conflicts. */
const standing = memo("standingClaims", (db: Db, owner: string): readonly Claim[] => {
  const lost = new Set(ownConflicts(db, owner).map(({ position }) => position));
  return claims(db, owner).filter(({ position }) => !lost.has(position));
});

/** Every listener of the owner that other listeners keep from being served, by position. */
export const conflicts = memo("listenerConflicts", (db: Db, owner: string): readonly Conflict[] => {
  const gateway = servingGateway(db, owner);
  const proxy = gateway === undefined ? undefined : proxyOf(db, gateway);
  const owners: readonly string[] = proxy === undefined ? [] : ownersOfProxy(db, proxy);
  const older = owners.slice(0, Math.max(0, owners.indexOf(owner))).flatMap((one) => standing(db, one));
  const lost = standing(db, owner).flatMap((claim) => {
    const condition = takenByOlder(claim, older) ?? takenOnMachine(db, claim, proxy);
    return condition === undefined ? [] : [{ position: claim.position, condition }];
  });
  return [...ownConflicts(db, owner), ...lost];
});

/** Merged Gateways and ListenerSets share the ports of one proxy. */
function takenByOlder(claim: Claim, older: readonly Claim[]): Condition | undefined {
  const others = older.filter((other) => samePort(claim, other));
  const foreign = others.find((other) => other.use !== claim.use || claim.use === "tcp" || claim.use === "udp");
  if (foreign !== undefined) return listenerPortTaken(shown(claim, foreign));
  const equal = others.find((other) => other.hostname === claim.hostname);
  return equal === undefined ? undefined : listenerTaken(shown(claim, equal));
}

/** GEP-1713: a ListenerSet is told of others without what is not its namespace's business. */
function shown({ owner }: Claim, other: Claim): string {
  const hidden =
    setKindOf(other.owner) !== undefined && ownerReference(other.owner).namespace !== ownerReference(owner).namespace;
  return hidden ? "A ListenerSet of another namespace" : `Listener ${other.name} of ${shownOwner(other.owner)}`;
}

/**
 * Proxies on one machine share its ports. Envoy binds with SO_REUSEPORT, so the kernel would deal connections out to both without any
 * error: the older Gateway's proxy has the port. An address of its own and "everywhere" are no conflict: the kernel gives a connection to
 * the socket that names its address.
 */
function takenOnMachine(db: Db, claim: Claim, proxy: string | undefined): Condition | undefined {
  if (proxy === undefined || !onHost(db)) return undefined;
  const owners = socketsOf(db, proxy, claim).map(([address, socket]) => ({ address, owner: machineSockets(db)[socket] }));
  const taken = owners.find(({ owner }) => owner !== undefined && owner !== proxy);
  if (taken?.owner === undefined) return undefined;
  return listenerPortUnavailable(claim.port, taken.address === everywhere ? "this machine" : taken.address, taken.owner);
}

/** The proxy that has a socket, by the socket's name. */
const machineSockets = memo("machineSockets", (db: Db): Readonly<Record<string, string>> => {
  const age = (proxy: string): string => db.get("Gateway", gatewaysOf(db, proxy)[0] ?? "/")?.metadata.creationTimestamp ?? "";
  const owners: Record<string, string> = {};
  for (const proxy of proxies(db).toSorted((a, b) => compare(age(a), age(b)) || compare(a, b)))
    for (const claim of ownersOfProxy(db, proxy).flatMap((owner) => standing(db, owner)))
      for (const [, socket] of socketsOf(db, proxy, claim)) owners[socket] ??= proxy;
  return owners;
});

/** What a claim of a proxy needs of the machine: addresses, each with the name of its socket. */
function socketsOf(db: Db, proxy: string, { use, port }: Claim): readonly (readonly [address: string, socket: string])[] {
  const bound = boundAddresses(db, proxy);
  const addresses = bound === everywhere ? [everywhere] : bound;
  return addresses.map((address) => [address, `${use === "udp" ? "udp" : "tcp"}/${port} ${address}`]);
}
