// Which Gateways are ours, and which proxy serves which of them. A proxy is the Envoy fleet of one Gateway ("namespace/name"), or of a class
// whose Gateways are merged (the class's name). Does not know listeners.

import type { Db, Index } from "../../store/db.ts";
import { type ObjectKey, nameOf, objectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import { configKey, mergesGateways } from "../envoyproxy.ts";
import { compare } from "../order.ts";

const gatewaysOfClass: Index<"Gateway"> = {
  kind: "Gateway",
  name: "class",
  values: (gateway) => [gateway.spec?.gatewayClassName ?? ""],
};

const classesOfController: Index<"GatewayClass"> = {
  kind: "GatewayClass",
  name: "controllerName",
  values: (gatewayClass) => [gatewayClass.spec.controllerName],
};

/** Is the class ours? */
export function isManagedClass(db: Db, className: string): boolean {
  const controller = db.get("GatewayClass", objectKey("", className))?.spec.controllerName;
  return controller !== undefined && controller === db.get("Config", configKey)?.controllerName;
}

/**
 * Why nobody serves a Gateway, where nobody else could: on a single machine we are the only controller, and a name that leads nowhere is a
 * mistake that no one else will report. Undefined in a cluster, and for Gateways that someone serves.
 */
export const unserved = memo("unserved", (db: Db, gateway: ObjectKey): string | undefined => {
  if (db.get("Config", configKey)?.infrastructure !== "host") return undefined;
  const className = db.get("Gateway", gateway)?.spec?.gatewayClassName;
  if (className === undefined) return `Gateway ${gateway} not found.`;
  return db.get("GatewayClass", objectKey("", className)) === undefined ? `GatewayClass ${className} not found.` : undefined;
});

/** The proxy that serves a Gateway of ours; undefined for all others. */
export const proxyOf = memo("proxyOf", (db: Db, gateway: ObjectKey): string | undefined => {
  const className = db.get("Gateway", gateway)?.spec?.gatewayClassName;
  if (className === undefined || !isManagedClass(db, className)) return undefined;
  return mergesGateways(db, className) ? className : gateway;
});

/** The Gateways a proxy serves, oldest first, then by namespace and name; empty when there is no such proxy. */
export const gatewaysOf = memo("gatewaysOf", (db: Db, proxy: string): readonly ObjectKey[] => {
  if (isGatewayName(proxy)) return proxyOf(db, proxy) === proxy ? [proxy] : [];
  if (!isManagedClass(db, proxy) || !mergesGateways(db, proxy)) return [];
  // An object without creation time comes from a file and counts as oldest.
  const age = (key: ObjectKey): string => db.get("Gateway", key)?.metadata.creationTimestamp ?? "";
  return db.lookup(gatewaysOfClass, proxy).toSorted((a, b) => compare(age(a), age(b)) || compare(a, b));
});

/** Every proxy that should exist, sorted. */
export const proxies = memo("proxies", (db: Db): readonly string[] => {
  const controller = db.get("Config", configKey)?.controllerName;
  if (controller === undefined) return [];
  const names = db.lookup(classesOfController, controller).flatMap((key): readonly string[] => {
    const className = nameOf(key);
    const gateways = db.lookup(gatewaysOfClass, className);
    return gateways.length > 0 && mergesGateways(db, className) ? [className] : gateways;
  });
  return names.toSorted(compare);
});

/** The Gateways of a class, whoever serves them. */
export function gatewaysIn(db: Db, className: string): readonly ObjectKey[] {
  return db.lookup(gatewaysOfClass, className);
}

function isGatewayName(proxy: string): proxy is ObjectKey {
  return proxy.includes("/");
}
