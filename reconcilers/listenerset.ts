// ListenerSet, and its forerunner XListenerSet: may it join its Gateway, and what became of its listeners (GEP-1713). What listeners mean is gateway/listeners.ts's.

import type { ListenerSet } from "../api/gateway/listenerset.ts";
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
import { type ListenerOwner, listenerSet as ownerOf, type SetKind } from "./gateway/listener-owner.ts";
import { gatewayAbove, parentOf, servingGateway } from "./gateway/listener-owners.ts";
import { type ListenerStatus, listenerStatuses } from "./gateway/listener-status.ts";
import { proxyOf } from "./gateway/proxies.ts";
import { gatewayStatus } from "./gateway/status.ts";
import type { Condition, Reconciler, WantedStatus } from "./reconciler.ts";

type ExperimentalStatus = WantedStatus<NonNullable<XListenerSet["status"]>>;
type Status = WantedStatus<NonNullable<ListenerSet["status"]>>;

const status = memo("listenerSetStatus", (db: Db, kind: SetKind, key: ObjectKey): ExperimentalStatus | undefined => {
  const owner = ownerOf(kind, key);
  const gateway = parentOf(db, owner);
  if (gateway === undefined) return isOurs(db, owner) ? { conditions: setParentInvalid() } : undefined;
  if (proxyOf(db, gateway) === undefined) return undefined;
  if (servingGateway(db, owner) === undefined) return { conditions: setNotAllowed(gateway) };
  const ofGateway = gatewayStatus(db, gateway)?.conditions ?? [];
  const all = listenerStatuses(db, owner);
  // The API has no way to state a listener whose port is not known; the set's own condition names it.
  const listeners = all.filter(({ port }) => port > 0);
  if (!isTrue(ofGateway, "Accepted")) return { conditions: setParentNotAccepted(gateway), listeners };
  return { conditions: [acceptance(gateway, all), programming(all, isTrue(ofGateway, "Programmed"))], listeners };
});

/** v1 does not repeat the port: a field that the API does not have would be taken away, and missed, with each write. */
const statusWithoutPorts = memo("listenerSetStatusV1", (db: Db, key: ObjectKey): Status | undefined => {
  const wanted = status(db, "ListenerSet", key);
  if (wanted?.listeners === undefined) return wanted;
  const listeners = wanted.listeners.map(({ name, supportedKinds, attachedRoutes, conditions: said }) => ({
    name,
    supportedKinds,
    attachedRoutes,
    conditions: said,
  }));
  return { conditions: wanted.conditions, listeners };
});

/** With a parent that is no Gateway, a set is ours to speak about when the Gateway above that is, or when nobody else could. */
function isOurs(db: Db, set: ListenerOwner): boolean {
  const gateway = gatewayAbove(db, set);
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

export const listenerSet: Reconciler<"ListenerSet"> = { kind: "ListenerSet", status: statusWithoutPorts };

export const xListenerSet: Reconciler<"XListenerSet"> = {
  kind: "XListenerSet",
  status: (db, key) => status(db, "XListenerSet", key),
};
