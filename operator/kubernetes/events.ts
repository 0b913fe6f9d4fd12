// Kubernetes Events on objects that were accepted or refused: what `kubectl describe` shows below the conditions. For people only: an event that
// cannot be written is forgotten.

import { createHash } from "node:crypto";
import { gatewayWithoutProxies } from "../../reconcilers/conditions.ts";
import { type ObjectKey, nameOf, namespaceOf } from "../../store/key.ts";
import type { Kind } from "../../store/kinds.ts";
import type { WallClock } from "../clock.ts";
import { hasStatus, type KubernetesClient } from "./client.ts";
import { resourcePath } from "./resources.ts";

export interface EventsOptions {
  readonly client: Pick<KubernetesClient, "call">;
  readonly clock: WallClock;
  /** The object as it was read: by its uid `kubectl describe` finds its events. */
  readonly objectOf: (
    kind: Kind,
    key: ObjectKey,
  ) => { readonly apiVersion: string; readonly uid: string | undefined } | undefined;
  /** The pod that speaks. */
  readonly identity: string;
}

/** What the two statuses of one object differ in, as events. */
export type RecordEvents = (kind: Kind, key: ObjectKey, statuses: { readonly before: unknown; readonly after: unknown }) => void;

/** At once for a few, then so many a second: a thousand routes that come at once are told of by their conditions. */
const all = { burst: 100, perSecond: 5 };
/** Of one object: an object that flaps must not use up what others may say. */
const each = { burst: 10, perSecond: 1 / 30 };
const mostObjects = 10_000;
const told = new Set(["Accepted", "Programmed", "ResolvedRefs"]);

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export function createEventRecorder({ client, clock, objectOf, identity }: EventsOptions): RecordEvents {
  const overall = createAllowance(clock, all);
  /** The objects spoken of last. */
  const allowances = new Map<string, Allowance>();

  function allowed(uid: string): boolean {
    const own = allowances.get(uid) ?? createAllowance(clock, each);
    if (allowances.size >= mostObjects) allowances.clear();
    allowances.set(uid, own);
    return own.take() && overall.take();
  }

  async function record(kind: Kind, key: ObjectKey, condition: Condition): Promise<void> {
    const { apiVersion, uid } = objectOf(kind, key) ?? {};
    if (uid === undefined || !allowed(uid)) return;
    const namespace = namespaceOf(key) || "default";
    const { type, reason, message } = condition;
    const text = `${type}: ${message}`.slice(0, 1024);
    const name = `${nameOf(key).slice(0, 200)}.${createHash("sha256").update([uid, type, reason, text].join("|")).digest("hex").slice(0, 16)}`;
    const now = clock
      .today()
      .toISOString()
      .replace(/\.\d+Z$/, "Z");
    const path = resourcePath({ apiVersion: "v1", kind: "Event", plural: "events", namespaced: true }, { namespace });
    const event = {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name, namespace },
      involvedObject: { apiVersion, kind, name: nameOf(key), ...(namespaceOf(key) && { namespace: namespaceOf(key) }), uid },
      reason,
      message: text,
      type: condition.status === "True" ? "Normal" : "Warning",
      source: { component: "envoy-gateway-operator", host: identity },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    };
    try {
      await client.call({ method: "POST", path, body: event });
    } catch (error) {
      if (hasStatus(error, 409)) await again(`${path}/${name}`, now);
    }
  }

  /** Said before, perhaps by another replica: the same event once more. */
  async function again(path: string, lastTimestamp: string): Promise<void> {
    const { count = 1 } = (await client.call({ path })) as { readonly count?: number };
    await client.call({ method: "PATCH", patch: "merge", path, body: { count: count + 1, lastTimestamp } });
  }

  return (kind, key, { before, after }) => {
    const old = conditionsIn(before);
    const known = new Set(old.map(sayingOf));
    for (const condition of conditionsIn(after)) {
      if (
        told.has(condition.type) &&
        condition.status !== "Unknown" &&
        !known.has(sayingOf(condition)) &&
        !isStarting(condition, old)
      )
        record(kind, key, condition).catch(() => undefined); // forgotten, see above
    }
  };
}

interface Allowance {
  take(): boolean;
}

function createAllowance(
  clock: WallClock,
  { burst, perSecond }: { readonly burst: number; readonly perSecond: number },
): Allowance {
  let tokens = burst;
  let filledAt = clock.now();
  return {
    take() {
      const now = clock.now();
      tokens = Math.min(burst, tokens + ((now - filledAt) / 1000) * perSecond);
      filledAt = now;
      if (tokens < 1) return false;
      tokens--;
      return true;
    },
  };
}

/** What everything goes through on its way to being programmed is nothing to warn of. */
function isStarting({ type, status, reason, message }: Condition, before: readonly Condition[]): boolean {
  const wasProgrammed = before.some((one) => one.type === "Programmed" && one.status === "True");
  const waits = reason === "NoResources" ? message === gatewayWithoutProxies(undefined).message : onTheWay.has(reason);
  return type === "Programmed" && status === "False" && waits && !wasProgrammed;
}
const onTheWay = new Set(["Pending", "AddressNotAssigned"]);

/** Times and generations move without anything to tell. */
function sayingOf({ type, status, reason, message }: Condition): string {
  return [type, status, reason, status === "True" ? "" : message].join("|");
}

/** Of the object, and of each of its parents or ancestors; those of listeners are summed up in the Gateway's own. */
function conditionsIn(status: unknown): readonly Condition[] {
  const {
    conditions = [],
    parents = [],
    ancestors = [],
  } = (status ?? {}) as {
    readonly conditions?: readonly Condition[];
    readonly parents?: readonly { readonly conditions?: readonly Condition[] }[];
    readonly ancestors?: readonly { readonly conditions?: readonly Condition[] }[];
  };
  return [...conditions, ...[...parents, ...ancestors].flatMap((one) => one.conditions ?? [])];
}
