// As whom the pods of a proxy run, and so which proxy a pod may be told about. What a pod says of itself plays no part.

import type { Db } from "../../store/db.ts";
import { objectKey } from "../../store/key.ts";
import { envoyProxyOfProxy, namedEnvoyProxy } from "../envoyproxy.ts";
import { ownedMetadata } from "./owned-metadata.ts";
import { gatewaysOf } from "./proxies.ts";

/** Name of the ServiceAccount of a proxy, in the namespace of its other objects. */
export function serviceAccountName(db: Db, proxy: string): string {
  return envoyProxyOfProxy(db, proxy).provider?.kubernetes?.envoyServiceAccount?.name ?? ownedMetadata(db, proxy).name;
}

/**
 * Is the proxy that of this ServiceAccount ("namespace/name")? An account that several Gateways name may ask for each of them. An EnvoyProxy that
 * has become unusable counts too: while it is, what it made keeps running.
 */
export function servesAccount(db: Db, proxy: string, account: string): boolean {
  if (gatewaysOf(db, proxy).length === 0) return false;
  const { namespace } = ownedMetadata(db, proxy);
  const named = namedEnvoyProxy(db, proxy)?.provider?.kubernetes?.envoyServiceAccount?.name;
  return [serviceAccountName(db, proxy), named].some((name) => name !== undefined && objectKey(namespace, name) === account);
}
