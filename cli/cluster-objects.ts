// The objects of a cluster, for commands that answer once. Secrets and the like only when somebody asks for that kind.

import { kinds, type KindDefinition } from "../api/kinds.ts";
import { createKubernetesClient, type ClientOptions } from "../operator/kubernetes/client.ts";
import { list } from "../operator/kubernetes/list-watch.ts";
import { resourceOf } from "../operator/kubernetes/resources.ts";
import type { StatusObject } from "./conditions.ts";

export interface Wanted {
  /** Absent: every kind of Gateway API and of Envoy Gateway. */
  readonly kind?: string;
  /** Absent: all namespaces. */
  readonly namespace?: string;
}

/** In the order of kinds, then of namespaces and names. A kind that the cluster does not have has no objects. */
export async function clusterObjects(options: ClientOptions, { kind, namespace }: Wanted): Promise<readonly StatusObject[]> {
  const client = createKubernetesClient(options);
  const wanted = kinds.filter((one) => (kind === undefined ? isOfGateways(one) : one.kind === kind));
  const { signal } = new AbortController();
  try {
    const found = await Promise.all(
      wanted
        .filter(({ namespaced }) => namespaced || namespace === undefined)
        .map((one) => {
          const resources = one.versions.map((version) => resourceOf(one, version));
          return list({ client, resources, ...(namespace !== undefined && { namespace }) }, signal);
        }),
    );
    return found.flatMap((one) => (one?.objects ?? []) as readonly StatusObject[]);
  } catch (cause) {
    throw new Error(`cannot read the objects of the cluster at ${client.server}`, { cause });
  } finally {
    client.close();
  }
}

function isOfGateways({ group }: KindDefinition): boolean {
  return group.startsWith("gateway.");
}
