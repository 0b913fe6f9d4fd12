// The lease as a Lease of coordination.k8s.io, with the API server's optimistic concurrency.

import type { WallClock } from "../clock.ts";
import type { LeaseRecord, LeaseStore } from "../leader.ts";
import { hasStatus, type KubernetesClient } from "./client.ts";
import { resourcePath } from "./resources.ts";

interface Lease {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly leaseTransitions?: number;
    readonly acquireTime?: string;
  };
}

/** Less than any sensible renew deadline: a hung call must not cost the lease. */
const inTime = { timeoutMs: 4000, urgent: true } as const;

export function createLease(options: {
  readonly client: Pick<KubernetesClient, "call">;
  readonly namespace: string;
  readonly name: string;
  readonly clock: WallClock;
}): LeaseStore {
  const { client, namespace, name, clock } = options;
  const resource = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", plural: "leases", namespaced: true };
  const collection = resourcePath(resource, { namespace });
  const path = resourcePath(resource, { namespace, name });
  let acquired: string | undefined;

  function toRecord(value: unknown): LeaseRecord {
    const { metadata, spec } = value as Lease;
    return {
      holder: spec?.holderIdentity ?? "",
      durationSeconds: spec?.leaseDurationSeconds ?? 0,
      transitions: spec?.leaseTransitions ?? 0,
      version: metadata.resourceVersion,
    };
  }

  return {
    async read() {
      try {
        return toRecord(await client.call({ path, ...inTime }));
      } catch (error) {
        if (hasStatus(error, 404)) return undefined;
        throw error;
      }
    },
    async write(lease, over) {
      const now = microTime(clock.today());
      if (lease.holder !== over?.holder || acquired === undefined) acquired = now;
      const body = {
        apiVersion: resource.apiVersion,
        kind: resource.kind,
        metadata: { name, namespace, ...(over !== undefined && { resourceVersion: over.version }) },
        spec: {
          holderIdentity: lease.holder,
          leaseDurationSeconds: lease.durationSeconds,
          leaseTransitions: lease.transitions,
          acquireTime: acquired,
          renewTime: now,
        },
      };
      try {
        const answer =
          over === undefined
            ? await client.call({ method: "POST", path: collection, body, ...inTime })
            : await client.call({ method: "PUT", path, body, ...inTime });
        return toRecord(answer);
      } catch (error) {
        if (hasStatus(error, 404, 409)) return undefined;
        throw error;
      }
    },
  };
}

/** meta/v1 MicroTime. */
function microTime(date: Date): string {
  return date.toISOString().replace(/Z$/, "000Z");
}
