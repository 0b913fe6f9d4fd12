// Hostnames of listeners and routes: matching, intersection, specificity. Pure; knows no object and no condition.
// A hostname here is lower case; "*.suffix" stands for every name with one or more labels before the suffix (Gateway API, Hostname);
// undefined stands for every host.

import { compare } from "./order.ts";

/** Lower case without a trailing dot; undefined when empty or absent, which means every host. */
export function normaliseHostname(hostname: string | undefined): string | undefined {
  const lower = hostname?.toLowerCase().replace(/\.$/, "");
  return lower === "" || lower === "*" ? undefined : lower;
}

const label = "[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?";
const pattern = new RegExp(`^(?:\\*\\.)?${label}(?:\\.${label})*$`);

/** Is it a DNS name (RFC 1123), perhaps with a leading "*."? */
export function isHostname(hostname: string): boolean {
  return hostname.length <= 253 && pattern.test(hostname);
}

/** Can a client name it when it opens TLS? RFC 6066 knows no IP addresses there. */
export function isServerName(hostname: string): boolean {
  return isHostname(hostname) && !/^\d+(\.\d+){3}$/.test(hostname);
}

function isWildcard(hostname: string): boolean {
  return hostname.startsWith("*.");
}

/** Does the hostname of a listener or route cover another one, every name of it? "*.a.b" covers "*.x.a.b", "x.a.b" and itself, not "a.b". */
export function covers(hostname: string | undefined, other: string | undefined): boolean {
  if (hostname === undefined || hostname === other) return true;
  if (other === undefined || !isWildcard(hostname)) return false;
  const suffix = hostname.slice(1);
  return isWildcard(other) ? other.slice(1).endsWith(suffix) : other.endsWith(suffix) && other.length > suffix.length;
}

/** Is there a name that both cover? */
export function overlap(a: string | undefined, b: string | undefined): boolean {
  return covers(a, b) || covers(b, a);
}

/** The names both cover: always one of the two, or "none". Every host ∩ every host is undefined (every host). */
function intersection(a: string | undefined, b: string | undefined): { readonly hostname: string | undefined } | "none" {
  if (covers(a, b)) return { hostname: b };
  if (covers(b, a)) return { hostname: a };
  return "none";
}

/**
 * What a route with these hostnames (none = every host) serves on a listener with this one: sorted, unique; "*" is every host. Empty = no
 * intersection, so the route does not attach.
 */
export function intersections(listener: string | undefined, route: readonly string[]): readonly string[] {
  if (route.length === 0) return [listener ?? "*"];
  const found = new Set<string>();
  for (const hostname of route) {
    const both = intersection(listener, normaliseHostname(hostname));
    if (both !== "none") found.add(both.hostname ?? "*");
  }
  return [...found].toSorted();
}

/** Most specific first: exact names, then wildcards by length, then every host; ties by name. */
export function bySpecificity(a: string | undefined, b: string | undefined): number {
  return rank(a) - rank(b) || (b ?? "").length - (a ?? "").length || compare(a ?? "", b ?? "");
}

function rank(hostname: string | undefined): number {
  return hostname === undefined || hostname === "*" ? 2 : isWildcard(hostname) ? 1 : 0;
}

/** Of the listener hostnames that share a table, the one that serves a host: the most specific that covers it (GEP-3155 listener isolation). */
export function mostSpecific<T extends { readonly hostname?: string }>(candidates: readonly T[], host: string): T | undefined {
  return candidates
    .filter((candidate) => covers(candidate.hostname, host === "*" ? undefined : host))
    .toSorted((a, b) => bySpecificity(a.hostname, b.hostname))[0];
}
