// The root query: everything one proxy is told, put together from the queries that know. It decides nothing.

import type { Db } from "../store/db.ts";
import { memo } from "../store/memo.ts";
import type { Proxy } from "../xds/model/proxy.ts";
import type { Secret } from "../xds/model/tls.ts";
import { configKey } from "./envoyproxy.ts";
import { proxyListeners, proxySecrets } from "./gateway/proxy-listeners.ts";
import { assignments, backendSecrets, clusters } from "./routes/clusters.ts";
import { routeTables } from "./routes/virtual-hosts.ts";

/** The configuration of the proxy of this name (gateway/proxies.ts: proxies()). Empty when there is no such proxy. */
export const proxy = memo("proxy", (db: Db, name: string): Proxy => ({
  name,
  listeners: proxyListeners(db, name),
  routeTables: routeTables(db, name),
  clusters: clusters(db, name),
  assignments: assignments(db, name),
  secrets: allSecrets(db, name),
  routeLayout: layouts[db.get("Config", configKey)?.routeTables?.layout ?? "Plain"],
}));

const layouts = { Plain: "plain", Bucketed: "bucketed", Auto: "auto" } as const;

/** Names differ by their makers: "<namespace>/<name>" for listeners, "backend/…" for backends. */
const allSecrets = memo("allSecrets", (db: Db, name: string): readonly Secret[] => [
  ...proxySecrets(db, name),
  ...backendSecrets(db, name),
]);
