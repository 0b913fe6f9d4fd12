// Resources as the xDS server sees them: names, versions, bytes. Types only; nothing here knows a message's fields.

/** "type.googleapis.com/envoy.config.cluster.v3.Cluster" and so on; the list is in xds/type-urls.ts. */
export type TypeUrl = `type.googleapis.com/${string}`;

/** A set of cluster names; need not be a Set, so that a table of 10,000 hosts can answer from its shards. */
export interface ClusterNames extends Iterable<string> {
  has(name: string): boolean;
}

/** One encoded resource. `version` is a short hash of `bytes`, equal on every replica. `bytes` is the message (the Any's value), immutable. */
export interface Resource {
  readonly name: string;
  readonly version: string;
  readonly bytes: Uint8Array;
  /** `bytes` in pieces, for a message so large that joining it costs more than the rest of a change; then reading `bytes` joins them. */
  readonly chunks?: readonly Uint8Array[];
  /** A cluster that warms on more than its endpoints (DNS, SDS secrets, active health checks): routes that newly name it wait for it. */
  readonly warms?: true;
  /**
   * Every cluster that a route configuration or listener sends to. With it, the resource is sent as soon as these can be used; without it,
   * as soon as every cluster of its snapshot is written.
   */
  readonly needs?: ClusterNames;
  /** What the client must have acknowledged before it is sent this. Whoever does not ask for these types is never sent it. */
  readonly awaits?: ReadonlyMap<TypeUrl, readonly string[]>;
}

/**
 * Resources of one type in shards (xds/model/shards.ts: shardOf(name)). A shard that did not change is the same Map object in the next
 * snapshot, so that comparing two snapshots costs as much as their difference.
 */
export interface ResourceSet {
  readonly shards: readonly ReadonlyMap<string, Resource>[];
}

/** Everything one proxy is told. Immutable and self-consistent: every name it references is in it. */
export interface Snapshot {
  readonly proxy: string;
  /** Rises by one with every published change of this proxy. */
  readonly version: number;
  readonly resources: ReadonlyMap<TypeUrl, ResourceSet>;
  /** By route table, how it is laid out and why: for people who ask, and for the next snapshot. */
  readonly layouts?: ReadonlyMap<string, LayoutChoice>;
}

export interface LayoutChoice {
  readonly layout: "plain" | "bucketed";
  readonly reason: string;
}
