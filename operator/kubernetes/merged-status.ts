// One status of several writers: what is ours is replaced, what is of other controllers stays as it is and where it is. Pure.

/** Lists of which each entry belongs to one controller: status of routes, and of policies. */
const shared = ["parents", "ancestors"] as const;

type Fields = Readonly<Record<string, unknown>>;

/**
 * The status to write, from the one that is there and ours. `wanted` undefined: nothing of ours should be left. Conditions of types that we do
 * not set are kept (Gateway API: conditions are a map by type).
 */
export function mergedStatus(seen: unknown, wanted: unknown, controllerName: string): Fields {
  const before = isRecord(seen) ? seen : {};
  const ours = isRecord(wanted) ? wanted : undefined;
  const list = shared.find((name) => ours !== undefined && name in ours) ?? shared.find((name) => name in before);
  if (list !== undefined) {
    const others = entries(before[list]).filter((entry) => !(isRecord(entry) && entry["controllerName"] === controllerName));
    return { ...before, [list]: [...others, ...entries(ours?.[list])] };
  }
  if (ours === undefined) return before; // the object has another controller now, which writes over what is there
  const set = entries(ours["conditions"]);
  const types = new Set(set.map(typeOf));
  const foreign = entries(before["conditions"]).filter((condition) => !types.has(typeOf(condition)) && !isOurs(condition));
  return { ...before, ...ours, ...("conditions" in ours && { conditions: [...set, ...foreign] }) };
}

/** Conditions that we take back when they hold no more, by not setting them. */
const withdrawn = new Set(["AttachedListenerSets", "PartiallyInvalid", "BackendsAvailable"]);

function isOurs(condition: unknown): boolean {
  return withdrawn.has(String(typeOf(condition)));
}

function typeOf(condition: unknown): unknown {
  return isRecord(condition) ? condition["type"] : undefined;
}

function entries(list: unknown): readonly unknown[] {
  return Array.isArray(list) ? list : [];
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
