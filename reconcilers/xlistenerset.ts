// XListenerSet: may it join its Gateway, and what became of its listeners (GEP-1713). What listeners mean is gateway/listeners.ts's.

import type { XListenerSet } from "../api/gateway/xlistenerset.ts";
import type { Db } from "../store/db.ts";
import { type ObjectKey } from "../store/key.ts";
import { memo } from "../store/memo.ts";
import {
  conditionOf,
  setAccepted,
  setInvalid,
  setListenersNotValid,
  setNotAllowed,
  setNotProgrammed,
  setParentInvalid,
  setParentNotAccepted,
  setProgrammed,
  setWithoutPorts,
} from "./conditions.ts";
import { configKey } from "./envoyproxy.ts";
import { listenerSet } from "./gateway/listener-owner.ts";
import { gatewayAbove, parentOf, servingGateway } from "./gateway/listener-owners.ts";
import { type ListenerStatus, listenerStatuses } from "./gateway/listener-status.ts";
import { proxyOf } from "./gateway/proxies.ts";
import { gatewayStatus } from "./gateway/status.ts";
import type { Condition, Reconciler, WantedStatus } from "./reconciler.ts";

type Status = WantedStatus<NonNullable<XListenerSet["status"]>>;

const status = memo("xListenerSetStatus", (db: Db, key: ObjectKey): Status | undefined => {
  const gateway = parentOf(db, key);
  if (gateway === undefined) return isOurs(db, key) ? { conditions: setParentInvalid() } : undefined;
  if (proxyOf(db, gateway) === undefined) return undefined;
  if (servingGateway(db, listenerSet(key)) === undefined) return { conditions: setNotAllowed(gateway) };
  const ofGateway = gatewayStatus(db, gateway)?.conditions ?? [];
  const all = listenerStatuses(db, listenerSet(key));
  // The API has no way to state a listener whose port is not known; the set's own condition names it.
  const listeners = all.filter(({ port }) => port > 0);
  if (!isTrue(ofGateway, "Accepted")) return { conditions: setParentNotAccepted(gateway), listeners };
  return { conditions: [acceptance(gateway, all), programming(all, isTrue(ofGateway, "Programmed"))], listeners };
});

/** With a parent that is no Gateway, a set is ours to speak about when the Gateway above that is, or when nobody else could. */
function isOurs(db: Db, key: ObjectKey): boolean {
  const gateway = gatewayAbove(db, key);
  if (gateway !== undefined) return proxyOf(db, gateway) !== undefined;
  return db.get("Config", configKey)?.infrastructure === "host";
}

function acceptance(gateway: ObjectKey, listeners: readonly ListenerStatus[]): Condition {
  const bad = listeners.filter(({ conditions }) => !isTrue(conditions, "Accepted"));
  if (bad.length === 0) return setAccepted(gateway);
  const none = bad.length === listeners.length;
  if (none && bad.every(({ port }) => port === 0)) return setWithoutPorts(bad.map(({ name }) => name));
  const shown = bad.map(({ name, port }) => (port === 0 ? `${name} (UnsupportedPort: a port must be set)` : name));
  return setListenersNotValid(shown, none);
}

function programming(listeners: readonly ListenerStatus[], parentProgrammed: boolean): Condition {
  const accepted = listeners.filter(({ conditions }) => isTrue(conditions, "Accepted"));
  if (accepted.length === 0) return setInvalid();
  const waiting = accepted.flatMap(({ name, conditions }) => {
    const programmed = conditionOf(conditions, "Programmed");
    return programmed === undefined || programmed.status === "True" ? [] : [{ name, ...programmed }];
  });
  if (waiting.length === 0) return setProgrammed();
  const invalid = waiting.some(({ reason }) => reason === "Invalid");
  return setNotProgrammed(
    invalid ? "Invalid" : parentProgrammed ? "Pending" : "ParentNotProgrammed",
    waiting.map(({ name, message }) => `${name}: ${message}`).join(" "),
  );
}

function isTrue(conditions: readonly Condition[], type: string): boolean {
  return conditionOf(conditions, type)?.status === "True";
}

export const xListenerSet: Reconciler<"XListenerSet"> = { kind: "XListenerSet", status };
