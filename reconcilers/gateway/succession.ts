// Gateways of a class begin or cease to share a proxy: what runs stays until what takes over is ready. Not on a single machine, where the ports
// must be given up first.

import type { Db } from "../../store/db.ts";
import type { ObjectKey } from "../../store/key.ts";
import { configKey, mergesGateways } from "../envoyproxy.ts";
import type { OwnedObject } from "../reconciler.ts";
import { infrastructureOf } from "./infrastructure.ts";
import { stateOf } from "./listener-status.ts";
import { gatewaysIn, proxyOf } from "./proxies.ts";

/** Objects that a Gateway calls for: the proxy of merged Gateways is their class's. */
export function ownedByGateway(db: Db, gateway: ObjectKey): readonly OwnedObject[] | undefined {
  const proxy = proxyOf(db, gateway);
  if (proxy === gateway) return infrastructureOf(db, gateway);
  return proxy === undefined || mayGo(db, gateway, [proxy]) ? [] : undefined;
}

/** Objects that a class calls for. */
export function ownedByClass(db: Db, className: string): readonly OwnedObject[] | undefined {
  if (mergesGateways(db, className)) return infrastructureOf(db, className);
  return mayGo(db, className, gatewaysIn(db, className)) ? [] : undefined;
}

/** Whether a proxy has nothing to lose by going: it does not run, or each of its successors that should does. */
function mayGo(db: Db, proxy: string, successors: readonly string[]): boolean {
  if (stateOf(db, proxy) === undefined || db.get("Config", configKey)?.infrastructure === "host") return true;
  return successors.every(
    (successor) => infrastructureOf(db, successor)?.length === 0 || (stateOf(db, successor)?.ready ?? 0) > 0,
  );
}
