// Every object of the kinds we read, as a cluster has them now: for people who ask what became of theirs.

import { kinds } from "../../api/kinds.ts";
import { createKubernetesClient, type ClientOptions, hasStatus } from "./client.ts";
import { resourceOf, resourcePath } from "./resources.ts";

interface List {
  readonly items: readonly object[];
}

/** Kinds with a status; those that the cluster does not serve are left out. Rejects in one sentence when the cluster does not answer. */
export async function clusterObjects(
  options: ClientOptions & { readonly namespace?: string; readonly kind?: string },
): Promise<readonly unknown[]> {
  const client = createKubernetesClient(options);
  const wanted = kinds.filter(({ group, hasStatus: told, kind }) => group !== "" && told && kind === (options.kind ?? kind));
  try {
    const lists = await Promise.all(
      wanted.map(async (definition) => {
        const { kind, apiVersion, namespaced } = resourceOf(definition);
        if (!namespaced && options.namespace !== undefined) return [];
        const path = resourcePath(resourceOf(definition), { namespace: options.namespace });
        const list = (await client.call({ path, timeoutMs: 15_000 }).catch((error: unknown) => {
          if (hasStatus(error, 404)) return { items: [] };
          throw new Error(`cannot read ${definition.plural} from ${client.server}`, { cause: error });
        })) as List;
        return list.items.map((item) => ({ apiVersion, kind, ...item }));
      }),
    );
    return lists.flat();
  } finally {
    client.close();
  }
}
