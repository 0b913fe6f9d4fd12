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
  setParentNotAccepted,
  setProgrammed,
} from "./conditions.ts";
import { listenerSet } from "./gateway/listener-owner.ts";
import { parentOf, servingGateway } from "./gateway/listener-owners.ts";
import { type ListenerStatus, listenerStatuses } from "./gateway/listener-status.ts";
import { proxyOf } from "./gateway/proxies.ts";
import { gatewayStatus } from "./gateway/status.ts";
import type { Condition, Reconciler, WantedStatus } from "./reconciler.ts";

type Status = WantedStatus<NonNullable<XListenerSet["status"]>>;

const status = memo("xListenerSetStatus", (db: Db, key: ObjectKey): Status | undefined => {
  const gateway = parentOf(db, key);
  if (gateway === undefined || proxyOf(db, gateway) === undefined) return undefined;
  if (servingGateway(db, listenerSet(key)) === undefined) return { conditions: setNotAllowed(gateway) };
  const accepted = conditionOf(gatewayStatus(db, gateway)?.conditions ?? [], "Accepted");
  const all = listenerStatuses(db, listenerSet(key));
  // The API has no way to state a listener whose port is not known; the set's own condition names it.
  const listeners = all.filter(({ port }) => port > 0);
  if (accepted?.status !== "True") return { conditions: setParentNotAccepted(gateway), listeners };
  return { conditions: conditions(gateway, all), listeners };
});

function conditions(gateway: ObjectKey, listeners: readonly ListenerStatus[]): readonly Condition[] {
  const without = (type: string) => listeners.filter((one) => conditionOf(one.conditions, type)?.status !== "True");
  const bad = without("Accepted").map(({ name }) => name);
  if (bad.length === listeners.length) return [setListenersNotValid(bad, true), setInvalid()];
  const waiting = without("Programmed").filter(({ name }) => !bad.includes(name));
  const why = waiting.map(({ name, conditions: said }) => `${name}: ${conditionOf(said, "Programmed")?.message ?? ""}`).join(" ");
  return [
    bad.length === 0 ? setAccepted(gateway) : setListenersNotValid(bad, false),
    waiting.length === 0 ? setProgrammed() : setNotProgrammed(why),
  ];
}

export const xListenerSet: Reconciler<"XListenerSet"> = { kind: "XListenerSet", status };
