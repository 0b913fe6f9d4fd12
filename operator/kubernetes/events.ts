// Kubernetes Events on objects that were accepted or refused: what `kubectl describe` shows below the conditions. For people only: an event that
// cannot be written is forgotten.

import { createHash } from "node:crypto";
import { kindDefinition } from "../../api/kinds.ts";
import { type ObjectKey, nameOf, namespaceOf } from "../../store/key.ts";
import type { Kind } from "../../store/kinds.ts";
import type { WallClock } from "../clock.ts";
import { hasStatus, type KubernetesClient } from "./client.ts";
import { resourceOf, resourcePath } from "./resources.ts";

export interface EventsOptions {
  readonly client: Pick<KubernetesClient, "call">;
  readonly clock: WallClock;
  /** The object's uid, by which `kubectl describe` finds its events. */
  readonly uidOf: (kind: Kind, key: ObjectKey) => string | undefined;
  /** The pod that speaks. */
  readonly identity: string;
}

/** What the two statuses of one object differ in, as events. */
export type RecordEvents = (kind: Kind, key: ObjectKey, statuses: { readonly before: unknown; readonly after: unknown }) => void;

/** At once for a few, then so many a second: a thousand routes that come at once are told of by their conditions. */
const burst = 100;
const perSecond = 5;
const told = new Set(["Accepted", "Programmed", "ResolvedRefs"]);

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export function createEventRecorder({ client, clock, uidOf, identity }: EventsOptions): RecordEvents {
  let tokens = burst;
  let filledAt = clock.now();
  /** How often each was told. */
  const counts = new Map<string, number>();

  function allowed(): boolean {
    const now = clock.now();
    tokens = Math.min(burst, tokens + ((now - filledAt) / 1000) * perSecond);
    filledAt = now;
    if (tokens < 1) return false;
    tokens--;
    return true;
  }

  async function record(kind: Kind, key: ObjectKey, condition: Condition): Promise<void> {
    const definition = kindDefinition(kind);
    const uid = uidOf(kind, key);
    if (definition === undefined || uid === undefined || !allowed()) return;
    const { apiVersion } = resourceOf(definition);
    const namespace = namespaceOf(key) || "default";
    const { type, reason, message } = condition;
    const text = `${type}: ${message}`.slice(0, 1024);
    const name = `${nameOf(key)}.${createHash("sha256").update([uid, type, reason, text].join("|")).digest("hex").slice(0, 16)}`;
    const count = (counts.get(name) ?? 0) + 1;
    if (counts.size > 10_000) counts.clear();
    counts.set(name, count);
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
      count,
    };
    try {
      await client.call({ method: "POST", path, body: event });
    } catch (error) {
      if (!hasStatus(error, 409)) return;
      const body = { count, lastTimestamp: now };
      await client.call({ method: "PATCH", patch: "merge", path: `${path}/${name}`, body }).catch(() => undefined);
    }
  }

  return (kind, key, { before, after }) => {
    const known = new Set(conditionsIn(before).map(sayingOf));
    for (const condition of conditionsIn(after)) {
      if (told.has(condition.type) && condition.status !== "Unknown" && !known.has(sayingOf(condition)))
        void record(kind, key, condition);
    }
  };
}

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
