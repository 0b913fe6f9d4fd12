// One status of several writers: what is ours is replaced, what is of other controllers stays as it is and where it is. Pure.

import { completed, identity } from "../conditions.ts";

/** Lists of which each entry belongs to one controller: status of routes, and of policies. */
const shared = ["parents", "ancestors"] as const;

/** Gateway API, RouteStatus.parents and PolicyStatus.ancestors: an API server refuses the whole of a longer list. */
const longest = { parents: 32, ancestors: 16 } as const;

type Fields = Readonly<Record<string, unknown>>;

/**
 * The status to write, from the one that is there and ours. `wanted` undefined: nothing of ours should be left. Times are those that are there
 * while the status of their condition is the same: another replica may have seen it change at another moment.
 */
export function mergedStatus(seen: unknown, wanted: unknown, controllerName: string): Fields {
  const before = isRecord(seen) ? seen : {};
  const ours = isRecord(wanted) ? (completed(wanted, before, { generation: undefined }) as Fields) : undefined;
  const list = shared.find((name) => ours !== undefined && name in ours) ?? shared.find((name) => name in before);
  if (list !== undefined) {
    const merged = mergedEntries(entries(before[list]), entries(ours?.[list]), controllerName);
    return { ...before, [list]: merged.slice(0, longest[list]) };
  }
  // The object has another controller now, which writes over what is there. Conditions do not say whose they are, so we take none away.
  if (ours === undefined) return before;
  return "conditions" in ours
    ? { ...ours, conditions: mergedConditions(entries(before["conditions"]), entries(ours["conditions"])) }
    : ours;
}

/** Everything keeps its place, ours too: of two controllers that each put theirs last, both would write for ever. */
function mergedEntries(before: readonly unknown[], ours: readonly unknown[], controllerName: string): readonly unknown[] {
  const left = new Map(ours.map((entry) => [identity(entry), entry]));
  const kept = before.flatMap((entry) => {
    if (!isRecord(entry) || entry["controllerName"] !== controllerName) return [entry];
    const id = identity(entry);
    const own = left.get(id);
    left.delete(id);
    if (!isRecord(own)) return [];
    return [{ ...own, conditions: mergedConditions(entries(entry["conditions"]), entries(own["conditions"])) }];
  });
  return [...kept, ...left.values()];
}

/** Gateway API: conditions are a map by type, and those of types that we do not set are somebody else's. */
function mergedConditions(before: readonly unknown[], ours: readonly unknown[]): readonly unknown[] {
  const left = new Map(ours.map((condition) => [typeOf(condition), condition]));
  const kept = before.flatMap((condition) => {
    const type = typeOf(condition);
    const own = left.get(type);
    left.delete(type);
    if (own !== undefined) return [own];
    return withdrawn.has(String(type)) ? [] : [condition];
  });
  return [...kept, ...left.values()];
}

/** Conditions that we take back when they hold no more, by not setting them. */
const withdrawn = new Set(["AttachedListenerSets", "PartiallyInvalid", "BackendsAvailable", "Programmed", "ResolvedRefs"]);

function typeOf(condition: unknown): unknown {
  return isRecord(condition) ? condition["type"] : undefined;
}

function entries(list: unknown): readonly unknown[] {
  return Array.isArray(list) ? list : [];
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
