// What could not be published, as cells of the store: written when it appears, deleted when it is gone, so that the owner's status tells it.

import { createHash } from "node:crypto";
import type { Refusal } from "../store/cells.ts";
import type { Change } from "../store/db.ts";
import { objectKey, type ObjectKey } from "../store/key.ts";

export interface RefusalKeeper {
  /** All that is held back of this proxy now; what was and is no more is taken away. */
  held(proxy: string, refusals: readonly Pick<Refusal, "typeUrl" | "resource" | "origins" | "message">[]): void;
}

export function createRefusalKeeper(push: (change: Change) => void): RefusalKeeper {
  const known = new Map<string, ReadonlySet<ObjectKey>>();
  return {
    held(proxy, refusals) {
      const namespace = proxy.replaceAll("/", "~");
      const before = known.get(proxy) ?? new Set<ObjectKey>();
      const now = new Set<ObjectKey>();
      for (const { typeUrl, resource, origins, message } of refusals) {
        const name = createHash("sha256")
          .update(JSON.stringify([typeUrl, resource, origins, message]))
          .digest("hex")
          .slice(0, 16);
        const key = objectKey(namespace, name);
        now.add(key);
        if (before.has(key)) continue;
        const object: Refusal = { metadata: { namespace, name }, proxy, typeUrl, resource, origins, by: "check", message };
        push({ type: "applied", kind: "Refusal", object });
      }
      for (const key of before) if (!now.has(key)) push({ type: "deleted", kind: "Refusal", key });
      known.set(proxy, now);
    },
  };
}
