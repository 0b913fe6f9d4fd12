// Status of a route: one entry per parentRef of ours, in spec order. What the rules say is the same for every parent; whether the route
// is accepted there is not.

import type { Db, Index } from "../../store/db.ts";
import { objectKey } from "../../store/key.ts";
import type { ObjectKey } from "../../store/key.ts";
import type { Kinds } from "../../store/kinds.ts";
import { memo } from "../../store/memo.ts";
import { hasEndpoints } from "../backends/clusters.ts";
import {
  conditionOf,
  refusedByProxy,
  routeAccepted,
  routeHeldBack,
  routeNoMatchingHostname,
  routeNoMatchingParent,
  routeNoReadyListeners,
  routeNotAllowed,
  routeParentUnserved,
  routeWithoutEndpoints,
} from "../conditions.ts";
import { configKey } from "../envoyproxy.ts";
import type { Condition, WantedStatus } from "../reconciler.ts";
import { shownOwner } from "../gateway/listener-owners.ts";
import { unserved } from "../gateway/proxies.ts";
import { attachments, parentGateway } from "./attachment.ts";
import type { ParentAttachment } from "./attachment.ts";
import { httpRules, routeClusters } from "./http.ts";

type Status = WantedStatus<NonNullable<Kinds["HTTPRoute"]["status"]>>;

/** One parent of a route's status, without generations and times. */
export interface ParentConditions {
  /** Position in spec.parentRefs. */
  readonly position: number;
  readonly conditions: readonly Condition[];
}

/** Conditions per parent that is ours; parents of others are left out. */
export const parentConditions = memo("parentConditions", (db: Db, key: ObjectKey): readonly ParentConditions[] => {
  const { conditions } = httpRules(db, key);
  const missing = routeClusters(db, key).filter((name) => !hasEndpoints(db, name));
  return attachments(db, key).flatMap((parent, position): readonly ParentConditions[] => {
    if (parent === undefined) {
      const orphan = unservedParent(db, key, position);
      return orphan === undefined
        ? []
        : [{ position, conditions: [orphan, ...conditions.filter(({ type }) => type !== "Accepted")] }];
    }
    const first =
      rejectionOf(parent) ?? heldBackOf(db, key, parent.proxy) ?? conditionOf(conditions, "Accepted") ?? routeAccepted();
    const rest = conditions.filter(({ type }) => type !== "Accepted");
    const available = missing.length === 0 ? [] : [routeWithoutEndpoints(missing)];
    return [{ position, conditions: [first, ...rest, ...available, ...refusedOf(db, key, parent.proxy)] }];
  });
});

/** A parent that does not exist, where nobody but us could say so. */
function unservedParent(db: Db, key: ObjectKey, position: number): Condition | undefined {
  const ref = db.get("HTTPRoute", key)?.spec.parentRefs?.[position];
  const gateway = ref === undefined ? undefined : parentGateway(key, ref);
  const why = gateway === undefined ? undefined : unserved(db, gateway);
  return why === undefined ? undefined : routeParentUnserved(why);
}

/** The wanted status; undefined when no parent is ours. */
export function routeStatus(db: Db, key: ObjectKey): Status | undefined {
  const refs = db.get("HTTPRoute", key)?.spec.parentRefs ?? [];
  const controllerName = db.get("Config", configKey)?.controllerName;
  const parents = parentConditions(db, key).flatMap(({ position, conditions }) => {
    const parentRef = refs[position];
    return parentRef === undefined || controllerName === undefined ? [] : [{ parentRef, controllerName, conditions }];
  });
  return parents.length === 0 ? undefined : { parents };
}

function rejectionOf({ rejection, parent }: ParentAttachment): Condition | undefined {
  const shown = shownOwner(parent);
  switch (rejection) {
    case undefined:
      return undefined;
    case "NoMatchingParent":
      return routeNoMatchingParent(shown);
    case "NotAllowedByListeners":
      return routeNotAllowed(shown);
    case "NoReadyListeners":
      return routeNoReadyListeners(shown);
    case "NoMatchingListenerHostname":
      return routeNoMatchingHostname(shown);
  }
}

/** Refusals by the HTTPRoute they fall on. */
const refusalsByRoute: Index<"Refusal"> = {
  kind: "Refusal",
  name: "refusalsByRoute",
  values: ({ origins }) =>
    origins.filter(({ kind }) => kind === "HTTPRoute").map(({ namespace, name }) => objectKey(namespace, name)),
};

function refusalsOf(db: Db, key: ObjectKey, proxy: string): readonly Kinds["Refusal"][] {
  const found = db.lookup(refusalsByRoute, key).map((refusal) => db.get("Refusal", refusal));
  return found.filter((refusal) => refusal?.proxy === proxy).filter((refusal) => refusal !== undefined);
}

/** What our own checks refuse can be mended in the route only: it is not accepted as it stands. */
function heldBackOf(db: Db, key: ObjectKey, proxy: string): Condition | undefined {
  const refusal = refusalsOf(db, key, proxy).find(({ by }) => by === "check");
  return refusal === undefined ? undefined : routeHeldBack(refusal.resource, refusal.message);
}

/** What a proxy refuses is reported beside Accepted: the route is well-formed, and its last good version goes on. */
function refusedOf(db: Db, key: ObjectKey, proxy: string): readonly Condition[] {
  const refusal = refusalsOf(db, key, proxy).find(({ by }) => by === "proxy");
  return refusal === undefined ? [] : [refusedByProxy(refusal.resource, refusal.message)];
}
