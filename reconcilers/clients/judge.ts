// What a ClientTrafficPolicy says of itself in its status: what cannot be honoured at the listeners it is for, and what does nothing there.

import type { Db } from "../../store/db.ts";
import type { ObjectKey } from "../../store/key.ts";
import type { ListenerState } from "../gateway/listener-state.ts";
import { readyListeners } from "../gateway/listeners.ts";
import { proxyOf } from "../gateway/proxies.ts";
import { type EffectivePolicy, effectivePolicy } from "../policies/effective.ts";
import type { PolicyJudgement } from "../policies/status.ts";
import type { PolicyTarget } from "../policies/targets.ts";
import { hostProblem, plainListeners, policyOfListener, settingsOfPort } from "./policy.ts";
import { fieldsWithoutEffect, policySettings } from "./settings.ts";

export function judgeClients(
  db: Db,
  { policy, spec }: EffectivePolicy<"ClientTrafficPolicy">,
  target: PolicyTarget,
): PolicyJudgement {
  const meant = listenersMeant(db, policy, target);
  const served = meant.filter((listener) => policyOfListener(db, listener) === policy);
  const shared = meant.filter((listener) => !served.includes(listener));
  return {
    problems: [
      ...(policySettings(db, policy)?.problems ?? []),
      ...served.flatMap((listener) => hostProblem(db, listener) ?? []),
      ...shared.map((listener) => sharedProblem(db, listener, target)),
    ],
    withoutEffect: [...fieldsWithoutEffect(spec), ...served.flatMap((listener) => outranked(db, policy, listener))],
  };
}

/** Ready listeners at which the policy is the nearest one. */
function listenersMeant(db: Db, policy: ObjectKey, { key, section }: PolicyTarget): readonly ListenerState[] {
  const proxy = proxyOf(db, key);
  if (proxy === undefined) return [];
  return readyListeners(db, proxy).filter(
    ({ gateway, owner, name }) =>
      gateway === key &&
      (section === "" || (owner === key && name === section)) &&
      effectivePolicy(db, "ClientTrafficPolicy", { owner, listener: name })?.policy === policy,
  );
}

function sharedProblem(db: Db, { proxy, port, name, owner, gateway }: ListenerState, { section }: PolicyTarget): string {
  if (section === "")
    return `HTTP listeners of several Gateways share port ${port}, which has no policy for that: listener ${name} is served without.`;
  const others = plainListeners(db, proxy, String(port)).filter((other) => other.owner !== owner || other.name !== name);
  const named = others.filter((other) => other.gateway === gateway).map((other) => other.name);
  const shown = named.length === 0 ? "of other Gateways" : named.join(", ");
  return `Listener ${name} is served without the policy: it shares port ${port}, and how HTTP is spoken there, with the HTTP listeners ${shown}.`;
}

const fields = {
  keepalive: "tcpKeepalive",
  proxyProtocol: "proxyProtocol",
  bufferBytes: "connection.bufferLimit",
  acceptsPerEvent: "connection.maxAcceptPerSocketEvent",
} as const;

/** Settings of the port that an earlier listener's policy has made already. */
function outranked(db: Db, policy: ObjectKey, { proxy, port }: ListenerState): readonly string[] {
  const here = readyListeners(db, proxy).filter((listener) => listener.port === port && listener.protocol !== "UDP");
  const held = settingsOfPort(db, here);
  const own = policySettings(db, policy)?.port ?? {};
  return (Object.keys(fields) as (keyof typeof fields)[])
    .filter((field) => own[field] !== undefined && JSON.stringify(own[field]) !== JSON.stringify(held[field]))
    .map((field) => `${fields[field]} on port ${port}, where another policy comes first`);
}
