// What a listener's ClientTrafficPolicy makes of its chain. Where it cannot be honoured, every request is answered with 500.

import type { Db } from "../../store/db.ts";
import type { DownstreamTls, FilterChain } from "../../xds/model/listener.ts";
import { httpOfListener, isBroken, settingsOf } from "../clients/policy.ts";
import type { ListenerState } from "./listener-state.ts";

/** Who serves HTTP, and within which limits. */
export function httpHandler(db: Db, listener: ListenerState): Pick<FilterChain, "handler" | "connectionLimit"> {
  const routeTable = listener.routeTable ?? "";
  if (isBroken(db, listener)) return { handler: { type: "broken" } };
  const clients = httpOfListener(db, listener.proxy, routeTable);
  const handler = { type: "http", routeTable, ...(clients === undefined ? {} : { clients }) } as const;
  return { handler, ...limitOfListener(db, listener) };
}

export function limitOfListener(db: Db, listener: ListenerState): Pick<FilterChain, "connectionLimit"> {
  const limit = isBroken(db, listener) ? undefined : settingsOf(db, listener)?.connectionLimit;
  return limit === undefined ? {} : { connectionLimit: limit };
}

/** Time without a byte, of connections that are no HTTP. */
export function idleTimeoutOf(db: Db, listener: ListenerState): { readonly idleTimeoutMs?: number } {
  const idleTimeoutMs = settingsOf(db, listener)?.tcpIdleTimeoutMs;
  return idleTimeoutMs === undefined ? {} : { idleTimeoutMs };
}

/** How TLS ends at a listener; `alpn`: without a policy that says it. */
export function tlsOfListener(db: Db, listener: ListenerState, alpn: readonly string[]): DownstreamTls {
  const certificates = listener.tls?.certificates ?? [];
  const settings = isBroken(db, listener) ? undefined : settingsOf(db, listener)?.tls;
  if (settings === undefined) return { certificates, alpn };
  return { certificates, alpn: settings.alpn ?? alpn, parameters: settings.parameters };
}
