// Status of a route: one entry per parentRef of ours, in spec order. What the rules say is the same for every parent; whether the route
// is accepted there is not.

import type { RouteStatus } from "../../api/gateway/parentref.ts";
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
  routeOutranked,
  routeParentUnserved,
  routeWithoutEndpoints,
} from "../conditions.ts";
import { configKey } from "../envoyproxy.ts";
import type { Condition, WantedStatus } from "../reconciler.ts";
import { shownOwner } from "../gateway/listener-owner.ts";
import { unserved } from "../gateway/proxies.ts";
import { attachments, parentGateway } from "./attachment.ts";
import type { L4Kind, L4RouteId, ParentAttachment, RequestKind, RouteKind } from "./attachment.ts";
import { winnerOverAll } from "./claims.ts";
import { requestRules, routeClusters } from "./http.ts";
import { l4Clusters, l4Shares } from "./l4.ts";

type Status = WantedStatus<RouteStatus>;

/** One parent of a route's status, without generations and times. */
export interface ParentConditions {
  /** Position in spec.parentRefs. */
  readonly position: number;
  readonly conditions: readonly Condition[];
}

/** Conditions per parent that is ours; parents of others are left out. */
export const parentConditions = memo(
  "parentConditions",
  (db: Db, kind: RouteKind, key: ObjectKey): readonly ParentConditions[] => {
    const { conditions, clusters } = looksAtRequests(kind) ? requestRouting(db, kind, key) : connectionRouting(db, kind, key);
    const missing = clusters.filter((name) => !hasEndpoints(db, name));
    return attachments(db, kind, key).flatMap((parent, position): readonly ParentConditions[] => {
      if (parent === undefined) {
        const orphan = unservedParent(db, kind, key, position);
        return orphan === undefined
          ? []
          : [{ position, conditions: [orphan, ...conditions.filter(({ type }) => type !== "Accepted")] }];
      }
      const refused = { kind, key, proxy: parent.proxy };
      const first =
        rejectionOf(parent) ??
        heldBackOf(db, refused) ??
        conditionOf(conditions, "Accepted") ??
        (looksAtRequests(kind) ? undefined : lostOf(db, { kind, key }, parent)) ??
        routeAccepted();
      const rest = conditions.filter(({ type }) => type !== "Accepted");
      const available = missing.length === 0 ? [] : [routeWithoutEndpoints(missing)];
      return [{ position, conditions: [first, ...rest, ...available, ...refusedOf(db, refused)] }];
    });
  },
);

interface Routing {
  /** What the rules say, whoever the parent. */
  readonly conditions: readonly Condition[];
  readonly clusters: readonly string[];
}

function looksAtRequests(kind: RouteKind): kind is RequestKind {
  return kind === "HTTPRoute" || kind === "GRPCRoute";
}

function requestRouting(db: Db, kind: RequestKind, key: ObjectKey): Routing {
  return { conditions: requestRules(db, kind, key).conditions, clusters: routeClusters(db, kind, key) };
}

function connectionRouting(db: Db, kind: L4Kind, key: ObjectKey): Routing {
  return { conditions: l4Shares(db, kind, key).conditions, clusters: l4Clusters(db, kind, key) };
}

/** Where connections can go to one route only: older ones have everything that this one asks for. */
function lostOf(db: Db, route: L4RouteId, parent: ParentAttachment): Condition | undefined {
  const winner = winnerOverAll(db, route, parent);
  return winner === undefined ? undefined : routeOutranked(`${winner.kind} ${winner.key}`);
}

/** A parent that does not exist, where nobody but us could say so. */
function unservedParent(db: Db, kind: RouteKind, key: ObjectKey, position: number): Condition | undefined {
  const ref = db.get(kind, key)?.spec.parentRefs?.[position];
  const gateway = ref === undefined ? undefined : parentGateway(key, ref);
  const why = gateway === undefined ? undefined : unserved(db, gateway);
  return why === undefined ? undefined : routeParentUnserved(why);
}

/** The wanted status; undefined when no parent is ours. */
export function routeStatus(db: Db, kind: RouteKind, key: ObjectKey): Status | undefined {
  const refs = db.get(kind, key)?.spec.parentRefs ?? [];
  const controllerName = db.get("Config", configKey)?.controllerName;
  const parents = parentConditions(db, kind, key).flatMap(({ position, conditions }) => {
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

/** Refusals by the route they fall on. */
const refusalsByRoute: Index<"Refusal"> = {
  kind: "Refusal",
  name: "refusalsByRoute",
  values: ({ origins }) => origins.map(({ kind, namespace, name }) => `${kind} ${objectKey(namespace, name)}`),
};

/** A route as one proxy was told of it. */
interface Told {
  readonly kind: RouteKind;
  readonly key: ObjectKey;
  readonly proxy: string;
}

function refusalsOf(db: Db, { kind, key, proxy }: Told): readonly Kinds["Refusal"][] {
  const found = db.lookup(refusalsByRoute, `${kind} ${key}`).map((refusal) => db.get("Refusal", refusal));
  return found.filter((refusal) => refusal?.proxy === proxy).filter((refusal) => refusal !== undefined);
}

/** What our own checks refuse can be mended in the route only: it is not accepted as it stands. */
function heldBackOf(db: Db, route: Told): Condition | undefined {
  const refusal = refusalsOf(db, route).find(({ by }) => by === "check");
  return refusal === undefined ? undefined : routeHeldBack(refusal.resource, refusal.message);
}

/** What a proxy refuses is reported beside Accepted: the route is well-formed, and its last good version goes on. */
function refusedOf(db: Db, route: Told): readonly Condition[] {
  const refusal = refusalsOf(db, route).find(({ by }) => by === "proxy");
  return refusal === undefined ? [] : [refusedByProxy(refusal.resource, refusal.message)];
}
