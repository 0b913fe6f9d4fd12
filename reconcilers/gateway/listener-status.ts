// Status of listeners one by one, for the object that asks for them: a Gateway or a ListenerSet. Programmed means acknowledged by a proxy:
// it is read from the ProxyState and Refusal cells, never assumed.

import type { Refusal } from "../../store/cells.ts";
import type { Db, Index } from "../../store/db.ts";
import {
  conditionOf,
  heldBack,
  listenerPending,
  listenerProgrammed,
  listenerWithoutAddress,
  refusedByProxy,
} from "../conditions.ts";
import type { Condition } from "../reconciler.ts";
import { attachedRoutes } from "../routes/attachment.ts";
import { boundAddresses } from "./host-addresses.ts";
import { type ListenerOwner, ownerReference } from "./listener-owner.ts";
import type { ListenerState } from "./listener-state.ts";
import { listenersOf } from "./listeners.ts";

export interface ListenerStatus {
  readonly name: string;
  readonly port: number;
  readonly supportedKinds: ListenerState["kinds"];
  readonly attachedRoutes: number;
  readonly conditions: readonly Condition[];
}

const refusals: Index<"Refusal"> = {
  kind: "Refusal",
  name: "origin",
  values: ({ origins }) => origins.map(({ kind, namespace, name }) => `${kind}/${namespace}/${name}`),
};

/** In spec order; empty when the owner is not served by us. */
export function listenerStatuses(db: Db, owner: ListenerOwner): readonly ListenerStatus[] {
  const refused = refusalsOf(db, owner);
  return listenersOf(db, owner).map((listener) => ({
    name: listener.name,
    port: listener.port,
    supportedKinds: listener.kinds,
    attachedRoutes: attachedRoutes(db, owner, listener.name),
    conditions: [...listener.conditions, ...programmed(db, listener, refused)],
  }));
}

/** Programmed of one listener, unless the listener's own conditions say it. */
function programmed(db: Db, listener: ListenerState, refused: readonly Refusal[]): readonly Condition[] {
  if (conditionOf(listener.conditions, "Programmed") !== undefined) return [];
  const refusal = refused.find((one) =>
    one.origins.some((origin) => isOf(origin, listener.owner) && origin.section === listener.name),
  );
  if (refusal !== undefined) return [refusalCondition(refusal)];
  if (boundAddresses(db, listener.proxy).length === 0) return [listenerWithoutAddress()];
  return [(stateOf(db, listener.proxy)?.ready ?? 0) > 0 ? listenerProgrammed() : listenerPending()];
}

export function refusalCondition({ by, resource, message }: Refusal): Condition {
  return by === "proxy" ? refusedByProxy(resource, message) : heldBack(resource, message);
}

/** What of this owner was refused or held back. */
export function refusalsOf(db: Db, owner: ListenerOwner): readonly Refusal[] {
  const { kind, namespace, name } = ownerReference(owner);
  return db.lookup(refusals, `${kind}/${namespace}/${name}`).flatMap((key) => db.get("Refusal", key) ?? []);
}

/** Does the origin name this owner? */
export function isOf(origin: Refusal["origins"][number], owner: ListenerOwner): boolean {
  const { kind, namespace, name } = ownerReference(owner);
  return origin.kind === kind && origin.namespace === namespace && origin.name === name;
}

/** What is known of the Envoys of a proxy. */
export function stateOf(db: Db, proxy: string) {
  return db.get("ProxyState", `/${proxy.replaceAll("/", "~")}`);
}
