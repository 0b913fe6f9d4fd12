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
  gatewayWaitsForAddresses,
  gatewayWithoutAddress,
  gatewayWithoutProxies,
  gatewayWithoutValidListener,
} from "../conditions.ts";
import { configKey, envoyProxyOf } from "../envoyproxy.ts";
import type { Condition, WantedStatus } from "../reconciler.ts";
import { heldByOthers, unsupportedAddressType, whyUnusable } from "./addresses.ts";
import { settingsWithoutEffect } from "./effects.ts";
import { boundAddresses, isOfMachine, onHost } from "./host-addresses.ts";
import { type ListenerOwner, setKindOf } from "./listener-owner.ts";
import { ownersOf, setsNaming } from "./listener-owners.ts";
import { isOf, listenerStatuses, refusalCondition, refusalsOf, stateOf } from "./listener-status.ts";
import { listenersOf } from "./listeners.ts";
import { proxyOf, unserved } from "./proxies.ts";
import { wantedAddresses } from "./wanted-addresses.ts";

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
    ...attachedListenerSets(db, gateway, accepted),
  };
});

/** Only beside a ListenerSet: an API server with XListenerSets alone does not know the field, and would drop it each time that it is written. */
function attachedListenerSets(db: Db, gateway: ObjectKey, accepted: Condition): Pick<GatewayStatus, "attachedListenerSets"> {
  const sets = ownersOf(db, gateway).slice(1);
  if (!sets.some((set) => setKindOf(set) === "ListenerSet")) return {};
  const isGood = (set: ListenerOwner): boolean =>
    listenersOf(db, set).some(({ conditions }) => conditionOf(conditions, "Accepted")?.status === "True");
  return { attachedListenerSets: accepted.status === "True" ? sets.filter(isGood).length : 0 };
}

function listenerSets(db: Db, gateway: ObjectKey): readonly Condition[] {
  const attached = ownersOf(db, gateway).length - 1;
  const refused = setsNaming(db, gateway).length - attached;
  const from = db.get("Gateway", gateway)?.spec.allowedListeners?.namespaces.from ?? "None";
  return from === "None" && refused === 0 ? [] : [gatewayListenerSets(attached, refused)];
}

function unservedStatus(why: string | undefined): GatewayStatus | undefined {
  if (why === undefined) return undefined;
  return { addresses: [], conditions: [gatewayUnserved(why), gatewayNotProgrammed()], listeners: [] };
}

function acceptance(db: Db, gateway: ObjectKey): Condition {
  const [invalidParameters] = envoyProxyOf(db, gateway).conditions;
  if (invalidParameters !== undefined) return invalidParameters;
  const unsupported = unsupportedAddressType(db, gateway);
  if (unsupported !== undefined) return gatewayUnsupportedAddress(unsupported);
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
  const proxy = proxyOf(db, gateway) ?? "";
  const state = stateOf(db, proxy);
  const whole = refused.find((refusal) =>
    refusal.origins.some((origin) => isOf(origin, gateway) && origin.section === undefined),
  );
  if (whole !== undefined) return refusalCondition(whole);
  if (state?.refused !== undefined) return gatewayWithoutProxies(state.refused);
  if (state !== undefined && state.ready === 0 && state.trouble !== undefined) return gatewayWithoutProxies(state.trouble);
  const missing = wantedAddresses(db, gateway).filter((address) => !has(addresses, address));
  const unusable = missing.flatMap((address) => {
    const why = whyUnusable(db, proxy, address);
    return why === undefined ? [] : [`spec.addresses[${address.position}] ${address.value}, ${why}`];
  });
  // Nothing is started for these alone, so there is nothing to wait for.
  if (boundAddresses(db, proxy).length === 0) return gatewayAddressNotUsable(unusable);
  if (state === undefined || (addresses.length === 0 && missing.length === 0)) return gatewayWithoutAddress();
  if (unusable.length < missing.length) return gatewayWaitsForAddresses(missing.map(({ value }) => value));
  if (state.ready === 0) return gatewayWithoutProxies(undefined);
  // Last, so that the other addresses are there: a Gateway that is rid of these is programmed at once.
  if (unusable.length > 0) return gatewayAddressNotUsable(unusable);
  return addresses.length > maxAddresses ? gatewayTooManyAddresses(addresses.length) : gatewayProgrammed(state);
}

/** Addresses of the proxy; when the Gateway asks for some, those of them that the proxy has. */
function addressesOf(db: Db, gateway: ObjectKey, proxy: string): readonly Address[] {
  const all = stateOf(db, proxy)?.addresses ?? [];
  const wanted = wantedAddresses(db, gateway);
  if (wanted.length === 0) return all.filter(({ value }) => !heldByOthers(db, proxy).includes(value));
  return onHost(db)
    ? wanted.filter((address) => isOfMachine(db, address)).map(({ type, value }) => ({ type, value }))
    : all.filter((address) => has(wanted, address));
}

function has(addresses: readonly Address[], { type, value }: Address): boolean {
  return addresses.some((address) => address.type === type && address.value === value);
}
