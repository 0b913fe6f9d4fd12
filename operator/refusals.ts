// What could not be published and what proxies refused, as cells of the store: written when it appears, deleted when it is gone, so that the
// owner's status tells it. Does not know who is to blame: it is told.

import { createHash } from "node:crypto";
import type { Refusal } from "../store/cells.ts";
import type { Change } from "../store/db.ts";
import { objectKey, type ObjectKey } from "../store/key.ts";
import type { Origin } from "../xds/model/origin.ts";
import type { TypeUrl } from "../xds/resource.ts";

export interface RefusedResource {
  readonly proxy: string;
  readonly typeUrl: TypeUrl;
  readonly resource: string;
  readonly version: string;
  readonly origins: readonly Origin[];
  /** Envoy's text. */
  readonly message: string;
}

export interface RefusalKeeper {
  /** All that our checks hold back of this proxy now; what was and is no more is taken away. */
  held(proxy: string, refusals: readonly Pick<Refusal, "typeUrl" | "resource" | "origins" | "message">[]): void;
  /** A proxy refused this version; it replaces an earlier version of the same resource. */
  refused(refusal: RefusedResource): void;
  /** Takes away what a proxy refused, where `over` says that it is over. */
  settle(proxy: string, over: (refusal: RefusedResource) => boolean): void;
  /** What a proxy refuses at present. */
  of(proxy: string): readonly RefusedResource[];
}

export function createRefusalKeeper(push: (change: Change) => void): RefusalKeeper {
  const checks = new Map<string, ReadonlySet<ObjectKey>>();
  /** By proxy, then by cell. */
  const byProxies = new Map<string, Map<ObjectKey, RefusedResource>>();

  const write = (object: Refusal): void => push({ type: "applied", kind: "Refusal", object });
  const remove = (key: ObjectKey): void => push({ type: "deleted", kind: "Refusal", key });

  return {
    held(proxy, refusals) {
      const before = checks.get(proxy) ?? new Set<ObjectKey>();
      const now = new Set<ObjectKey>();
      for (const { typeUrl, resource, origins, message } of refusals) {
        const { key, metadata } = cell(proxy, [typeUrl, resource, origins, message]);
        now.add(key);
        if (!before.has(key)) write({ metadata, proxy, typeUrl, resource, origins, by: "check", message });
      }
      for (const key of before) if (!now.has(key)) remove(key);
      if (now.size > 0) checks.set(proxy, now);
      else checks.delete(proxy);
    },
    refused(refusal) {
      const { proxy, typeUrl, resource, origins, message } = refusal;
      const { key, metadata } = cell(proxy, ["proxy", typeUrl, resource]);
      const mine = byProxies.get(proxy) ?? new Map<ObjectKey, RefusedResource>();
      byProxies.set(proxy, mine.set(key, refusal));
      write({ metadata, proxy, typeUrl, resource, origins, by: "proxy", message });
    },
    settle(proxy, over) {
      const mine = byProxies.get(proxy);
      for (const [key, refusal] of mine ?? []) {
        if (!over(refusal)) continue;
        mine?.delete(key);
        remove(key);
      }
      if (mine?.size === 0) byProxies.delete(proxy);
    },
    of: (proxy) => [...(byProxies.get(proxy)?.values() ?? [])],
  };
}

function cell(proxy: string, identity: readonly unknown[]): { readonly key: ObjectKey; readonly metadata: Refusal["metadata"] } {
  const namespace = proxy.replaceAll("/", "~");
  const name = createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 16);
  return { key: objectKey(namespace, name), metadata: { namespace, name } };
}
