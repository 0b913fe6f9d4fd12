// The status of every object as people see it: what reconcilers say, with observedGeneration and lastTransitionTime. In memory, on demand.

import { reconcilers } from "../reconcilers/index.ts";
import type { Kind } from "../store/kinds.ts";
import type { Store } from "../store/store.ts";

export interface StatusKeeper {
  /** Every object of a kind with its status. */
  all(kind: Kind): readonly unknown[];
  /** Drops what is known of objects that are gone. */
  forget(): void;
}

export function createStatusKeeper(store: Store, now: () => Date): StatusKeeper {
  /** When each condition got its status, by "<kind> <key> <path>". */
  const since = new Map<string, { readonly status: unknown; readonly at: string }>();

  /** Adds generation and time to every condition, wherever it stands. */
  function complete(value: unknown, path: string, generation: number | undefined): unknown {
    if (Array.isArray(value)) {
      return value.map((item: unknown, i) => complete(item, `${path}/${nameIn(item) ?? i}`, generation));
    }
    if (typeof value !== "object" || value === null) return value;
    const fields = Object.entries(value).map(([name, field]) => [name, complete(field, `${path}/${name}`, generation)]);
    const object = Object.fromEntries(fields) as Record<string, unknown>;
    if (!("type" in object && "status" in object && "reason" in object)) return object;
    const known = since.get(path);
    const at =
      known?.status === object["status"]
        ? known!.at
        : now()
            .toISOString()
            .replace(/\.\d+Z$/, "Z");
    since.set(path, { status: object["status"], at });
    return { ...object, ...(generation !== undefined && { observedGeneration: generation }), lastTransitionTime: at };
  }

  return {
    all(kind) {
      const reconciler = reconcilers.find((each) => each.kind === kind);
      return store.keys(kind).map((key) => {
        const object = store.get(kind, key);
        const metadata = object?.metadata as { readonly generation?: number } | undefined;
        const status = complete(reconciler?.status(store, key), `${kind} ${key}`, metadata?.generation);
        return status === undefined ? object : { ...object, status };
      });
    },
    forget() {},
  };
}

function nameIn(item: unknown): string | undefined {
  if (typeof item !== "object" || item === null) return undefined;
  const { type, name } = item as { readonly type?: unknown; readonly name?: unknown };
  return typeof type === "string" ? type : typeof name === "string" ? name : undefined;
}
