// Which ClientTrafficPolicy holds for a listener, and what it means to its chain and its port. HTTP listeners of one port are one chain, so that they
// can have the policy of their Gateway only, and none when the port is shared by several Gateways (Envoy Gateway v1.7).

import type { Db } from "../../store/db.ts";
import type { ObjectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import type { ClientHttp, PortSettings } from "../../xds/model/client.ts";
import type { TrustBundle } from "../../xds/model/tls.ts";
import { originOf } from "../gateway/listener-owner.ts";
import type { ListenerState } from "../gateway/listener-state.ts";
import { readyListeners } from "../gateway/listeners.ts";
import { effectivePolicy } from "../policies/effective.ts";
import { policyOf } from "../policies/targets.ts";
import { type PolicySettings, policySettings } from "./settings.ts";
import { policyOrigin } from "./tls.ts";

/** The policy for the connections of a ready listener. */
export function policyOfListener(db: Db, { owner, name, protocol, proxy, port }: ListenerState): ObjectKey | undefined {
  if (protocol === "HTTP") return policyOfPlainPort(db, proxy, String(port));
  return effectivePolicy(db, "ClientTrafficPolicy", { owner, listener: name })?.policy;
}

const policyOfPlainPort = memo("policyOfPlainPort", (db: Db, proxy: string, port: string): ObjectKey | undefined => {
  const here = plainListeners(db, proxy, port);
  const [first] = here;
  if (first === undefined) return undefined;
  if (here.length === 1) return effectivePolicy(db, "ClientTrafficPolicy", { owner: first.owner, listener: first.name })?.policy;
  if (here.some(({ gateway }) => gateway !== first.gateway)) return undefined;
  return policyOf(db, "ClientTrafficPolicy", { kind: "Gateway", key: first.gateway, section: "" });
});

/** Ready HTTP listeners of a port, which share one chain. */
export const plainListeners = memo("plainListeners", (db: Db, proxy: string, port: string): readonly ListenerState[] =>
  readyListeners(db, proxy).filter((listener) => listener.protocol === "HTTP" && String(listener.port) === port),
);

/** Settings for the connections of a ready listener; undefined without a policy. */
export function settingsOf(db: Db, listener: ListenerState): PolicySettings | undefined {
  const policy = policyOfListener(db, listener);
  return policy === undefined ? undefined : policySettings(db, policy);
}

/** Can the policy of the listener not be honoured there? */
export function isBroken(db: Db, listener: ListenerState): boolean {
  return (settingsOf(db, listener)?.problems.length ?? 0) > 0 || hostProblem(db, listener) !== undefined;
}

/** How HTTP is spoken with clients of a listener. */
export const httpOfListener = memo("httpOfListener", (db: Db, proxy: string, place: string): ClientHttp | undefined => {
  const listener = readyListeners(db, proxy).find(({ routeTable }) => routeTable === place);
  const http = listener === undefined ? undefined : settingsOf(db, listener)?.http;
  if (listener === undefined || http?.http10 === undefined || !wantsDefaultHost(db, listener)) return http;
  const host = defaultHost(db, listener);
  return { ...http, http10: host === undefined ? {} : { host } };
});

function wantsDefaultHost(db: Db, listener: ListenerState): boolean {
  const policy = policyOfListener(db, listener);
  const spec = policy === undefined ? undefined : db.get("ClientTrafficPolicy", policy)?.spec;
  return spec?.http1?.http10?.useDefaultHost === true;
}

/** The hostname for requests that name none: the first one without a wildcard of the listeners that share the chain. */
function defaultHost(db: Db, listener: ListenerState): string | undefined {
  const shared = listener.protocol === "HTTP" ? plainListeners(db, listener.proxy, String(listener.port)) : [listener];
  return shared.map(({ hostname }) => hostname).find((hostname) => hostname !== undefined && !hostname.includes("*"));
}

/** Why there is no host for requests of HTTP/1.0 that name none. */
export function hostProblem(db: Db, listener: ListenerState): string | undefined {
  if (listener.routeTable === undefined || !wantsDefaultHost(db, listener) || defaultHost(db, listener) !== undefined)
    return undefined;
  return `http1.http10.useDefaultHost needs a hostname without a wildcard at listener ${listener.name}.`;
}

/** What the connections of a port have in common: each setting is that of the first listener with a policy that has it. */
export function settingsOfPort(db: Db, listeners: readonly ListenerState[]): PortSettings {
  const all = listeners.flatMap((listener) => {
    const port = settingsOf(db, listener)?.port;
    return port === undefined ? [] : [port];
  });
  return Object.assign({}, ...all.toReversed()) as PortSettings;
}

/** Authorities that the listeners of a proxy check clients by, one for each policy. */
export const clientTrust = memo("clientTrust", (db: Db, proxy: string): readonly TrustBundle[] => {
  const bundles = new Map<string, TrustBundle>();
  for (const listener of readyListeners(db, proxy)) {
    const policy = listener.tls === undefined || isBroken(db, listener) ? undefined : policyOfListener(db, listener);
    const trust = policy === undefined ? undefined : policySettings(db, policy)?.tls.trust;
    if (policy === undefined || trust === undefined) continue;
    const origins = bundles.get(trust.name)?.origins ?? [policyOrigin(policy)];
    bundles.set(trust.name, { ...trust, origins: [...origins, originOf(listener)] });
  }
  return [...bundles.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
});
