// As whom the pods of a proxy run, and so which proxy a pod may be told about. What a pod says of itself plays no part.

import type { Db } from "../../store/db.ts";
import { objectKey } from "../../store/key.ts";
import { envoyProxyOfProxy } from "../envoyproxy.ts";
import { ownedMetadata } from "./owned-metadata.ts";
import { gatewaysOf } from "./proxies.ts";

/** Name of the ServiceAccount of a proxy, in the namespace of its other objects. */
export function serviceAccountName(db: Db, proxy: string): string {
  return envoyProxyOfProxy(db, proxy).provider?.kubernetes?.envoyServiceAccount?.name ?? ownedMetadata(db, proxy).name;
}

/** Is the proxy that of this ServiceAccount ("namespace/name")? An account that several Gateways name may ask for each of them. */
export function servesAccount(db: Db, proxy: string, account: string): boolean {
  if (gatewaysOf(db, proxy).length === 0) return false;
  return objectKey(ownedMetadata(db, proxy).namespace, serviceAccountName(db, proxy)) === account;
}
