// The port of a redirect, which the API derives from the scheme or from the listener. Pure.

import type { Redirect } from "../../xds/model/request.ts";

/** The listener side of a redirect: its scheme and port. */
export interface ListenerAddress {
  readonly scheme: "http" | "https";
  readonly port: number;
}

/** Route tables are called "http-<port>" or "https-<port>/…" (gateway/listener-state.ts). */
export function addressOf(table: string): ListenerAddress {
  const [, scheme, port] = /^(https?)-(\d+)/.exec(table) ?? [];
  return { scheme: scheme === "https" ? "https" : "http", port: Number(port ?? 80) };
}

/**
 * Gateway API, HTTPRequestRedirectFilter.port: else the scheme's well-known port, else the listener's. The well-known port of the
 * resulting scheme should not show in the Location; it can be left out only where the request's own port is not shown either.
 */
export function withPort(redirect: Redirect, listener: ListenerAddress): Redirect {
  const { port: wanted, ...rest } = redirect;
  const scheme = redirect.scheme ?? listener.scheme;
  const port = wanted ?? (redirect.scheme === undefined ? listener.port : wellKnown(redirect.scheme));
  const hidden = redirect.hostname !== undefined || listener.port === wellKnown(listener.scheme);
  return port === wellKnown(scheme) && hidden ? rest : { ...rest, port };
}

function wellKnown(scheme: string): number {
  return scheme === "https" ? 443 : 80;
}
