// Routes as bytes: one by one, and in blocks. A host of 10,000 routes is cut into blocks of neighbours that are joined once, so that an
// edit of one route copies one block. A route that fails its checks answers 500 alone.

import { config_route_v3 } from "#envoy";
import { brokenRoute, route as routeMessage } from "../envoy/route.ts";
import type { Origin } from "../model/origin.ts";
import type { Route } from "../model/route.ts";
import { checked, digest } from "./checked.ts";
import { perValue } from "./memo.ts";
import type { Refusal } from "./refusal.ts";
import { concatenated, framed } from "./splice.ts";

const { RouteSchema, VirtualHostSchema } = config_route_v3;
const routesField = VirtualHostSchema.field.routes.number;

export type Trouble = Pick<Refusal, "origins" | "message">;

/** What encoding makes known of routes, besides their bytes. */
export interface Facts {
  readonly troubles: readonly Trouble[];
  /** Every cluster they send to. */
  readonly clusters: ReadonlySet<string>;
  /** Bytes of the largest direct response. */
  readonly largestBody: number;
}

export const noFacts: Facts = { troubles: [], clusters: new Set(), largestBody: 0 };

interface RoutePart extends Facts {
  /** As field `routes` of a virtual host. */
  readonly bytes: Uint8Array;
}

const encodedRoute = perValue((route: Route): RoutePart => {
  const whole = checked(RouteSchema, () => routeMessage(route));
  if (whole.ok) {
    const { action } = route;
    const largestBody = action.type === "respond" ? Buffer.byteLength(action.body ?? "") : 0;
    return { bytes: framed(routesField, whole.bytes), troubles: [], clusters: clustersOf(route), largestBody };
  }
  const stand = checked(RouteSchema, () => brokenRoute(route));
  const outcome = stand.ok ? "answers 500" : "is left out";
  return {
    ...noFacts,
    bytes: stand.ok ? framed(routesField, stand.bytes) : new Uint8Array(),
    troubles: [{ origins: [route.origin], message: `route ${route.name} ${outcome}: ${whole.message}` }],
  };
});

function clustersOf({ action }: Route): ReadonlySet<string> {
  if (action.type !== "forward") return noFacts.clusters;
  return new Set([...action.backends, ...action.mirrors].flatMap(({ cluster }) => cluster ?? []));
}

/** Routes that send to one of these clusters: to say on whom a missing one falls. */
export function routesTo(
  routes: readonly Route[],
  wanted: ReadonlySet<string>,
): readonly { readonly cluster: string; readonly route: string; readonly origin: Origin }[] {
  return routes.flatMap((route) =>
    [...encodedRoute(route).clusters]
      .filter((cluster) => wanted.has(cluster))
      .map((cluster) => ({ cluster, route: route.name, origin: route.origin })),
  );
}

/** Facts of many as facts of one. */
export function joinedFacts(parts: readonly Facts[]): Facts {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const clusters = new Set<string>();
  const troubles: Trouble[] = [];
  let largestBody = 0;
  for (const part of parts) {
    for (const cluster of part.clusters) clusters.add(cluster);
    troubles.push(...part.troubles);
    largestBody = Math.max(largestBody, part.largestBody);
  }
  return { troubles, clusters, largestBody };
}

// ── Blocks ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Neighbours among the routes of a host, joined. Where blocks begin depends on what was there before, so nothing visible may depend on it. */
export interface Block extends RoutePart {
  readonly routes: readonly Route[];
}

/** Routes: cut so when nothing is known yet; never longer; not shorter for the sake of meeting a block that is known. */
export const blockSize = { usual: 64, most: 128, least: 16 } as const;

const known = new WeakMap<Route, Block>();

/** The routes as blocks; those that are the same routes in the same order as before are the same blocks. */
export function blocksOf(routes: readonly Route[]): readonly Block[] {
  const blocks: Block[] = [];
  for (let start = 0; start < routes.length;) {
    const block = knownAt(routes, start) ?? newBlock(routes.slice(start, endOfBlock(routes, start)));
    blocks.push(block);
    start += block.routes.length;
  }
  return blocks;
}

function knownAt(routes: readonly Route[], start: number): Block | undefined {
  const block = known.get(routes[start]!);
  return block?.routes.every((route, offset) => routes[start + offset] === route) === true ? block : undefined;
}

/** A changed block grows or shrinks until a block that is still true begins, so that those behind it stay. */
function endOfBlock(routes: readonly Route[], start: number): number {
  const furthest = Math.min(routes.length, start + blockSize.most);
  for (let end = start + blockSize.least; end < furthest; end++) if (knownAt(routes, end) !== undefined) return end;
  return furthest === routes.length ? furthest : start + blockSize.usual;
}

function newBlock(routes: readonly Route[]): Block {
  const parts = routes.map(encodedRoute);
  const block = { ...joinedFacts(parts), bytes: concatenated(parts.map(({ bytes }) => bytes)), routes };
  known.set(routes[0]!, block);
  return block;
}

/** The content hashes of a block's routes, one after another: the same wherever blocks begin. */
export const blockDigests = perValue((block: Block): Uint8Array =>
  concatenated(block.routes.map((route) => digest(encodedRoute(route).bytes))),
);
