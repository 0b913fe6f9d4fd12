// What runs the proxies that reconcilers ask for: a cluster, or this machine. Types only.

import type { ProxyState } from "../store/cells.ts";
import type { ObjectKey } from "../store/key.ts";
import type { OwnedObject } from "../reconcilers/reconciler.ts";

/** What infrastructure knows of a proxy; how many Envoys are ready, the xDS server knows. */
export type RunningProxy = Pick<ProxyState, "wanted" | "addresses" | "trouble"> & {
  readonly pid?: number;
  readonly admin?: string;
};

export interface Infrastructure {
  /** Makes these, and only these, exist for the owner; one call per owner at a time. An empty list removes all it had: resolves when it is gone. */
  apply(owner: ObjectKey, objects: readonly OwnedObject[]): Promise<void>;
  /** Ends everything and resolves when it is gone. */
  close(): Promise<void>;
}
