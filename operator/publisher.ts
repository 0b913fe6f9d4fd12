// From the store to the streams: one snapshot per proxy, kept until none of its Envoys is left. Knows neither files nor processes.

import { proxies } from "../reconcilers/gateway/proxies.ts";
import { proxy } from "../reconcilers/proxy.ts";
import type { Store } from "../store/store.ts";
import type { Snapshot } from "../xds/resource.ts";
import { encode, type Refusal } from "../xds/snapshot.ts";
import type { XdsServer } from "../xds/server.ts";

export interface PublisherOptions {
  readonly store: Store;
  readonly xds: Pick<XdsServer, "publish" | "withdraw">;
  /** Whether a process of this proxy runs: until it is gone, its configuration stays. */
  readonly runs: (proxy: string) => boolean;
  /** After every translation, also one that changed nothing: what our checks hold back now. */
  readonly onTranslated: (snapshot: Snapshot, heldBack: readonly Refusal[], changed: number) => void;
  readonly onWithdrawn: (proxy: string) => void;
  /** A bug in translation: this proxy keeps its last snapshot, the others go on. */
  readonly onFault: (proxy: string, cause: unknown) => void;
}

export interface Publisher {
  /** Translates without telling anybody: for what translation asks for. A bug is told when it is published. */
  rehearse(): void;
  /** Translates and tells every proxy; returns how many resources changed. */
  publish(): number;
  /** By proxy, what was published last. */
  readonly snapshots: ReadonlyMap<string, Snapshot>;
}

export function createPublisher(options: PublisherOptions): Publisher {
  const { store, xds } = options;
  const snapshots = new Map<string, Snapshot>();

  function publishOne(name: string): number {
    const before = snapshots.get(name);
    const { snapshot, refusals } = encode(proxy(store, name), before);
    const changed = snapshot === before ? 0 : countChanged(before, snapshot);
    options.onTranslated(snapshot, refusals, changed);
    if (snapshot === before) return 0;
    snapshots.set(name, snapshot);
    xds.publish(snapshot);
    return changed;
  }

  return {
    snapshots,
    rehearse() {
      for (const name of proxies(store)) {
        try {
          proxy(store, name);
        } catch {
          // publish() meets it again
        }
      }
    },
    publish() {
      const names = new Set(proxies(store));
      let changed = 0;
      for (const name of names) {
        try {
          changed += publishOne(name);
        } catch (cause) {
          options.onFault(name, cause);
        }
      }
      for (const name of snapshots.keys()) {
        if (names.has(name) || options.runs(name)) continue;
        snapshots.delete(name);
        xds.withdraw(name);
        options.onWithdrawn(name);
      }
      return changed;
    },
  };
}

/** New, changed and removed resources; shards that are the same object are not looked into. */
function countChanged(before: Snapshot | undefined, after: Snapshot): number {
  let count = 0;
  for (const [typeUrl, { shards }] of after.resources) {
    const old = before?.resources.get(typeUrl)?.shards ?? [];
    shards.forEach((shard, position) => {
      const was = old[position];
      if (shard === was) return;
      for (const { name, version } of shard.values()) if (was?.get(name)?.version !== version) count++;
      for (const name of was?.keys() ?? []) if (!shard.has(name)) count++;
    });
  }
  return count;
}
