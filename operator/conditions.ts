// What the API asks of every condition beside what reconcilers say: the generation it speaks of, and since when its status is what it is. Pure.

export interface Facts {
  readonly generation: number | undefined;
  /** Absent: no times (a translation that is no event in time). */
  readonly now?: Date;
}

/** `status` with generation and time in every condition, wherever it stands. A time stays as in `before` while the condition's status does. */
export function completed(status: unknown, before: unknown, facts: Facts): unknown {
  if (Array.isArray(status)) {
    const known = new Map((Array.isArray(before) ? before : []).map((item: unknown) => [identity(item), item]));
    return status.map((item: unknown) => completed(item, known.get(identity(item)), facts));
  }
  if (!isRecord(status)) return status;
  const old = isRecord(before) ? before : {};
  const object = Object.fromEntries(Object.entries(status).map(([name, field]) => [name, completed(field, old[name], facts)]));
  if (!isCondition(status)) return object;
  const since = old["status"] === status["status"] ? old["lastTransitionTime"] : undefined;
  const time = since ?? (facts.now && seconds(facts.now));
  return {
    ...object,
    ...(facts.generation !== undefined && { observedGeneration: facts.generation }),
    ...(time !== undefined && { lastTransitionTime: time }),
  };
}

/** By what an entry of a list is the same as before: its type, its name, or the parent and controller it is about. */
export function identity(item: unknown): string {
  if (!isRecord(item)) return JSON.stringify(item);
  const { type, name, parentRef, ancestorRef, controllerName } = item;
  return JSON.stringify([type, name, sorted(parentRef), sorted(ancestorRef), controllerName]);
}

/** An API server gives the fields of a reference back in an order of its own. */
function sorted(ref: unknown): unknown {
  return isRecord(ref) ? Object.entries(ref).toSorted(([a], [b]) => (a < b ? -1 : 1)) : ref;
}

function isCondition(value: Readonly<Record<string, unknown>>): boolean {
  return ["type", "status", "reason"].every((name) => typeof value[name] === "string");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** RFC 3339 without fractions, as Kubernetes writes times. */
function seconds(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}
