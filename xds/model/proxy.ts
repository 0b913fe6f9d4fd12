// The whole configuration of one proxy: what the root query returns and what xds/ encodes. Types only.

import type { Cluster, LoadAssignment } from "./backend.ts";
import type { Listener } from "./listener.ts";
import type { RouteLayout, RouteTable } from "./route.ts";
import type { Secret } from "./tls.ts";

/** Values in shards of stable membership (by hash of the name), so that one change touches one shard. Sorted by name inside a shard. */
export type Shards<Value> = readonly (readonly Value[])[];

export interface Proxy {
  /** "namespace/name" of the Gateway, or the class's name when Gateways are merged; also Envoy's node cluster. */
  readonly name: string;
  readonly listeners: readonly Listener[];
  readonly routeTables: readonly RouteTable[];
  readonly clusters: Shards<Cluster>;
  /** Exactly one per EDS cluster. */
  readonly assignments: Shards<LoadAssignment>;
  readonly secrets: readonly Secret[];
  /** How route tables are laid out; absent: plain. */
  readonly routeLayout?: RouteLayout;
}
