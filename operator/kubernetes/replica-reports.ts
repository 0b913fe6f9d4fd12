// What the proxies on one replica's streams refuse, told to all replicas: the one that writes status must know of refusals that it did not hear.
// Each replica keeps a ConfigMap in the operator's namespace, only while there is something to tell; in good times there is none.

import { createHash } from "node:crypto";
import type { Refusal } from "../../store/cells.ts";
import type { Change } from "../../store/db.ts";
import { keyOf, type ObjectKey, objectKey } from "../../store/key.ts";
import type { Clock } from "../clock.ts";
import { messageOf } from "../host/folder.ts";
import { hasStatus, type KubernetesClient } from "./client.ts";

export const reportLabel = "gateway.envoyproxy.io/replica-report";

/** A ConfigMap that some replica keeps, as a watch of `reportLabel` tells of it. */
export type ReportEvent =
  | { readonly type: "applied"; readonly object: ReportObject }
  | { readonly type: "deleted"; readonly object: Pick<ReportObject, "metadata"> }
  | { readonly type: "synced" };

interface ReportObject {
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
}

export interface ReplicaReportsOptions {
  readonly client: Pick<KubernetesClient, "call">;
  readonly namespace: string;
  /** Unique among replicas: the pod's name. */
  readonly identity: string;
  /** The pod, so that its report goes with it; absent outside of a cluster. */
  readonly owner: { readonly name: string; readonly uid: string } | undefined;
  readonly clock: Clock;
  readonly push: (change: Change) => void;
  readonly log: (message: string) => void;
}

export interface ReplicaReports {
  /** A cell that this replica's own feedback writes. */
  note(change: Change): void;
  /** What a watch tells of all reports. */
  heard(event: ReportEvent): void;
  /** Takes our report away. */
  close(): Promise<void>;
}

/** Several refusals of one response are told at once. */
const gatherMs = 200;
const retryMs = 5000;
/** A ConfigMap holds one megabyte; what is wrong in more objects than this is told piece by piece, as they are mended. */
const mostRefusals = 400;
const longestMessage = 1500;

export function createReplicaReports(options: ReplicaReportsOptions): ReplicaReports {
  const { client, namespace, identity, owner, clock, push, log } = options;
  const name = `envoy-gateway-replica-${createHash("sha256").update(identity).digest("hex").slice(0, 12)}`;
  const collection = `/api/v1/namespaces/${namespace}/configmaps`;
  const own = new Map<ObjectKey, Refusal>();
  const others = new Map<string, ReadonlySet<ObjectKey>>();
  let cancel: (() => void) | undefined;
  let saving: Promise<void> | undefined;
  let changed = false;
  let closed = false;

  async function save(): Promise<void> {
    if (own.size === 0) {
      await client.call({ method: "DELETE", path: `${collection}/${name}` }).catch((error: unknown) => {
        if (!hasStatus(error, 404)) throw error;
      });
      return;
    }
    const refusals = [...own.values()].slice(0, mostRefusals).map((refusal) => ({
      ...refusal,
      message: refusal.message.slice(0, longestMessage),
    }));
    const body = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace, labels: { [reportLabel]: "true" }, ...ownedBy(owner) },
      data: { refusals: JSON.stringify(refusals) },
    };
    const query = { fieldManager: "envoy-gateway-operator", force: true };
    await client.call({ method: "PATCH", patch: "apply", path: `${collection}/${name}`, query, body });
  }

  function schedule(ms: number): void {
    if (closed || cancel !== undefined || saving !== undefined) return;
    cancel = clock.after(ms, () => {
      cancel = undefined;
      changed = false;
      saving = save()
        .then(() => (changed ? gatherMs : undefined))
        .catch((cause: unknown) => {
          log(`what proxies of this replica refuse cannot be told to the others: ${messageOf(cause)}`);
          return retryMs;
        })
        .then((next) => {
          saving = undefined;
          if (next !== undefined) schedule(next);
        });
    });
  }

  /** Makes the cells of one other replica these, and only these. */
  function replace(report: string, refusals: readonly Refusal[]): void {
    const before = others.get(report) ?? new Set<ObjectKey>();
    const now = new Set<ObjectKey>();
    for (const refusal of refusals) {
      // Two replicas may be refused the same: each has a cell of its own, so that one can go without the other.
      const metadata = { ...refusal.metadata, name: `${refusal.metadata.name}-${report}` };
      now.add(keyOf({ metadata }));
      push({ type: "applied", kind: "Refusal", object: { ...refusal, metadata } });
    }
    for (const key of before) if (!now.has(key)) push({ type: "deleted", kind: "Refusal", key });
    if (now.size === 0) others.delete(report);
    else others.set(report, now);
  }

  return {
    note(change) {
      if (change.kind !== "Refusal") return;
      if (change.type === "applied" && change.object.by !== "proxy") return; // every replica makes the same checks
      const key = change.type === "applied" ? keyOf(change.object) : change.key;
      if (change.type === "applied") own.set(key, change.object);
      else if (!own.delete(key)) return;
      changed = true;
      schedule(gatherMs);
    },
    heard(event) {
      if (event.type === "synced" || event.object.metadata.name === name) return;
      replace(event.object.metadata.name, event.type === "applied" ? refusalsIn(event.object, log) : []);
    },
    async close() {
      closed = true;
      cancel?.();
      await saving;
      if (own.size === 0) return;
      own.clear();
      await save().catch(() => undefined); // it goes with the pod in any case
    },
  };
}

function ownedBy(owner: ReplicaReportsOptions["owner"]): object {
  return owner === undefined ? {} : { ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: owner.name, uid: owner.uid }] };
}

function refusalsIn({ metadata, data }: ReportObject, log: (message: string) => void): readonly Refusal[] {
  try {
    const refusals = JSON.parse(data?.["refusals"] ?? "[]") as readonly Refusal[];
    return refusals.filter((refusal) => objectKey(refusal.metadata.namespace, refusal.metadata.name) !== "/");
  } catch (cause) {
    log(`the report in ConfigMap ${metadata.name} cannot be read: ${messageOf(cause)}`);
    return [];
  }
}
