// What runs the proxies that reconcilers ask for: a cluster, or this machine. Types only.

import type { ProxyState } from "../store/cells.ts";
import type { ObjectKey } from "../store/key.ts";
import type { OwnedObject } from "../reconcilers/reconciler.ts";

/** What infrastructure knows of a proxy; how many Envoys are ready, the xDS server knows too. */
export type RunningProxy = Pick<ProxyState, "wanted" | "addresses" | "trouble"> & {
  /** Envoys known to be ready without having told us: those of other replicas of ours. */
  readonly ready?: number;
  readonly pid?: number;
  readonly admin?: string;
};

export interface Infrastructure {
  /** Makes these, and only these, exist for the owner; one call per owner at a time. An empty list removes all it had: resolves when it is gone. */
  apply(owner: ObjectKey, objects: readonly OwnedObject[]): Promise<void>;
  /**
   * Asked when this process begins to write: owners that have objects. Those among them that call for nothing any more must be applied once,
   * with nothing.
   */
  leftBehind(): Promise<readonly ObjectKey[]>;
  /** Stops; what runs on this machine ends, what runs in a cluster goes on. Resolves when nothing is under way. */
  close(): Promise<void>;
}
