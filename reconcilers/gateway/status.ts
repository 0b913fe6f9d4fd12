// Status of a Gateway: what its proxies acknowledged, where they can be reached, and its listeners one by one.
// Programmed means acknowledged: it is read from the ProxyState and Refusal cells, never assumed.

import type { Gateway } from "../../api/gateway/gateway.ts";
import type { Refusal } from "../../store/cells.ts";
import type { Db } from "../../store/db.ts";
import { type ObjectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import {
  conditionOf,
  gatewayAccepted,
  gatewayAddressNotUsable,
  gatewayListenerSets,
  gatewayListenersNotValid,
  gatewayNotProgrammed,
  gatewayProgrammed,
  gatewayTooManyAddresses,
  gatewayUnserved,
  gatewayUnsupportedAddress,
  gatewayWithoutAddress,
  gatewayWithoutProxies,
  gatewayWithoutValidListener,
} from "../conditions.ts";
import { configKey, envoyProxyOf } from "../envoyproxy.ts";
import type { Condition, WantedStatus } from "../reconciler.ts";
import { settingsWithoutEffect } from "./effects.ts";
import { ownersOf } from "./listener-owners.ts";
import { isOf, listenerStatuses, refusalCondition, refusalsOf, stateOf } from "./listener-status.ts";
import { listenersOf } from "./listeners.ts";
import { proxyOf, unserved } from "./proxies.ts";

type GatewayStatus = WantedStatus<NonNullable<Gateway["status"]>>;
type Address = NonNullable<GatewayStatus["addresses"]>[number];

/** The API allows no more. */
const maxAddresses = 16;

/** The wanted status of a Gateway; undefined when it is not ours. */
export const gatewayStatus = memo("gatewayStatus", (db: Db, gateway: ObjectKey): GatewayStatus | undefined => {
  const proxy = proxyOf(db, gateway);
  if (proxy === undefined) return unservedStatus(unserved(db, gateway));
  const accepted = acceptance(db, gateway);
  const addresses = addressesOf(db, gateway, proxy);
  // An address is promised when somebody answers there.
  const served = (stateOf(db, proxy)?.ready ?? 0) > 0 ? addresses : [];
  const refused = refusalsOf(db, gateway);
  return {
    addresses: served.slice(0, maxAddresses),
    conditions: [
      accepted,
      accepted.status === "True" ? programming(db, gateway, { addresses, refused }) : gatewayNotProgrammed(),
      ...listenerSets(db, gateway),
    ],
    listeners: listenerStatuses(db, gateway).map(({ name, supportedKinds, attachedRoutes, conditions }) => ({
      name,
      supportedKinds,
      attachedRoutes,
      conditions,
    })),
  };
});

function listenerSets(db: Db, gateway: ObjectKey): readonly Condition[] {
  const from = db.get("Gateway", gateway)?.spec.allowedListeners?.namespaces.from ?? "None";
  return from === "None" ? [] : [gatewayListenerSets(ownersOf(db, gateway).length - 1)];
}

function unservedStatus(why: string | undefined): GatewayStatus | undefined {
  if (why === undefined) return undefined;
  return { addresses: [], conditions: [gatewayUnserved(why), gatewayNotProgrammed()], listeners: [] };
}

function acceptance(db: Db, gateway: ObjectKey): Condition {
  const [invalidParameters] = envoyProxyOf(db, gateway).conditions;
  if (invalidParameters !== undefined) return invalidParameters;
  const wanted = db.get("Gateway", gateway)?.spec.addresses ?? [];
  const unsupported = wanted.find(({ type }) => !["IPAddress", "Hostname"].includes(type ?? "IPAddress"));
  if (unsupported !== undefined) return gatewayUnsupportedAddress(unsupported.type ?? "");
  const all = listenersOf(db, gateway);
  const bad = all.filter(({ conditions }) => conditionOf(conditions, "Accepted")?.status !== "True").map(({ name }) => name);
  const withoutEffect = settingsWithoutEffect(
    envoyProxyOf(db, gateway).value,
    db.get("Config", configKey)?.infrastructure ?? "kubernetes",
  );
  if (bad.length === 0) return gatewayAccepted(withoutEffect);
  return bad.length === all.length ? gatewayWithoutValidListener() : gatewayListenersNotValid(bad, withoutEffect);
}

interface Facts {
  readonly addresses: readonly Address[];
  readonly refused: readonly Refusal[];
}

function programming(db: Db, gateway: ObjectKey, { addresses, refused }: Facts): Condition {
  const state = stateOf(db, proxyOf(db, gateway) ?? "");
  const whole = refused.find((refusal) =>
    refusal.origins.some((origin) => isOf(origin, gateway) && origin.section === undefined),
  );
  if (whole !== undefined) return refusalCondition(whole);
  if (state?.refused !== undefined) return gatewayWithoutProxies(state.refused);
  if (state !== undefined && state.ready === 0 && state.trouble !== undefined) return gatewayWithoutProxies(state.trouble);
  const unusable = requested(db, gateway).filter(({ value }) => !addresses.some((address) => address.value === value));
  if (state !== undefined && unusable.length > 0) return gatewayAddressNotUsable(unusable.map(({ value }) => value));
  if (state === undefined || addresses.length === 0) return gatewayWithoutAddress();
  if (state.ready === 0) return gatewayWithoutProxies(undefined);
  return addresses.length > maxAddresses ? gatewayTooManyAddresses(addresses.length) : gatewayProgrammed(state);
}

/** Addresses of the proxy; when the Gateway asks for some, those of them that the proxy has. */
function addressesOf(db: Db, gateway: ObjectKey, proxy: string): readonly Address[] {
  const all = stateOf(db, proxy)?.addresses ?? [];
  const wanted = requested(db, gateway);
  return wanted.length === 0 ? all : all.filter(({ value }) => wanted.some((address) => address.value === value));
}

/** Addresses asked for by value; an entry without a value leaves the choice to us. */
function requested(db: Db, gateway: ObjectKey): readonly Address[] {
  return (db.get("Gateway", gateway)?.spec.addresses ?? []).flatMap(({ type, value }) =>
    value === undefined || value === "" ? [] : [{ type: type ?? "IPAddress", value }],
  );
}
