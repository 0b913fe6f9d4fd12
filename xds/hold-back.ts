// What one stream must not send yet: routes whose clusters cannot take requests, listeners whose scopes are not there. Each waits for its own
// and nobody else's, and with a clock.

import { lookup } from "./diff.ts";
import { acknowledged, type Lane } from "./lane.ts";
import { mustWait, routingTypes } from "./order.ts";
import type { Resource, ResourceSet, Snapshot, TypeUrl } from "./resource.ts";
import { typeUrls } from "./type-urls.ts";

export interface Surroundings {
  readonly snapshot: Snapshot;
  readonly lane: (typeUrl: TypeUrl) => Lane;
  /** What the client shall have of a type. */
  readonly view: (lane: Lane) => ResourceSet;
  readonly now: number;
  readonly warmingMs: number;
}

export function holdBack(lane: Lane, around: Surroundings): ((resource: Resource) => boolean) | undefined {
  if (!routingTypes.includes(lane.typeUrl)) return undefined;
  const clusters = around.lane(typeUrls.cluster);
  const { subscription, doubtful, warming } = clusters;
  const progress = { subscription, doubtful, warming, written: clusters.written >= around.snapshot.version };
  const wanted = { wanted: around.view(clusters), now: around.now };
  return (resource) => mustWait(resource, progress, wanted) || awaitsOthers(resource, lane.held, around);
}

/** Times `warmingMs`: longer than the routes of its scopes can wait for their clusters. */
const patience = 5;

/**
 * The clock runs from the first time that it is held back. A client that does not ask for scopes waits for ever: Envoy 1.37.0 without our
 * anchor (xds/bootstrap.ts) would answer 404 for ever.
 */
function awaitsOthers({ name, awaits }: Resource, held: Map<string, number>, around: Surroundings): boolean {
  if (awaits === undefined) return false;
  if (around.lane(typeUrls.scopedRouteConfiguration).subscription === undefined) return true;
  const lacking = [...awaits].some(([typeUrl, names]) => {
    const other = around.lane(typeUrl);
    const wanted = around.view(other);
    return names.some((each) => lookup(wanted, each) !== undefined && !acknowledged(other, each));
  });
  if (!lacking) return false;
  const until = held.get(name) ?? around.now + patience * around.warmingMs;
  held.set(name, until);
  return until > around.now;
}
