// Attached routes: a thousand routes come and go; how long until the Gateway's status counts them, and how often its status was written.

import type { KubernetesClient } from "../../operator/kubernetes/client.ts";
import { concurrently, round, routesPath } from "./probe.ts";

export interface AttachedRow {
  readonly routes: number;
  /** From the first creation until attachedRoutes is right; from the deletion until it is 0. */
  readonly setup_s: number;
  readonly teardown_s: number;
  /** Versions of the Gateway that a watcher saw in between. */
  readonly setup_writes: number;
  readonly teardown_writes: number;
}

interface Seen {
  readonly attached: number;
  readonly versions: number;
}

/** Routes without backends, as the benchmark of that name makes them. */
export async function attachedRoutes(client: KubernetesClient, gateway: string, routes: number): Promise<AttachedRow> {
  const watch = await watchGateway(client, gateway);
  try {
    const start = performance.now();
    const before = watch.seen().versions;
    await concurrently(16, 0, routes, (i) => client.call({ method: "POST", path: routesPath, body: route(gateway, i) }));
    await watch.until(({ attached }) => attached === routes);
    const setup = performance.now();
    const middle = watch.seen().versions;
    await client.call({
      method: "DELETE",
      path: routesPath,
      query: { labelSelector: `bench=attached-${gateway}` },
      timeoutMs: 120_000,
    });
    await watch.until(({ attached }) => attached === 0);
    return {
      routes,
      setup_s: round((setup - start) / 1000, 2),
      teardown_s: round((performance.now() - setup) / 1000, 2),
      setup_writes: middle - before,
      teardown_writes: watch.seen().versions - middle,
    };
  } finally {
    watch.stop();
  }
}

function route(gateway: string, i: number): object {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: `attached-${i}`, namespace: "default", labels: { bench: `attached-${gateway}` } },
    spec: {
      hostnames: [`attached-${i}.example.com`],
      parentRefs: [{ name: gateway }],
      rules: [{ backendRefs: [{ name: "echo", port: 80 }] }],
    },
  };
}

/** Follows one Gateway by a watch of its own. */
async function watchGateway(client: KubernetesClient, gateway: string) {
  const path = "/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways";
  const query = { fieldSelector: `metadata.name=${gateway}` };
  const list = (await client.call({ path, query })) as { metadata: { resourceVersion: string }; items: readonly Gateway[] };
  let seen: Seen = { attached: attachedOf(list.items[0]), versions: 0 };
  let changed = (): void => undefined;
  const stream = await client.stream({
    path,
    query: { ...query, watch: true, resourceVersion: list.metadata.resourceVersion, timeoutSeconds: 1200 },
  });
  void (async () => {
    let text = "";
    try {
      for await (const chunk of stream) {
        const lines = (text + chunk.toString("utf8")).split("\n");
        text = lines.pop() ?? "";
        for (const line of lines) {
          const { object } = JSON.parse(line) as { object: Gateway };
          seen = { attached: attachedOf(object), versions: seen.versions + 1 };
        }
        changed();
      }
    } catch {
      // stopped by us, at the end
    }
  })();
  return {
    seen: () => seen,
    async until(condition: (now: Seen) => boolean): Promise<void> {
      while (!condition(seen)) {
        await new Promise<void>((resolve, reject) => {
          const timer = setTimeout(() => reject(new Error(`attachedRoutes of ${gateway} stays ${seen.attached}`)), 300_000);
          changed = () => (clearTimeout(timer), resolve());
        });
      }
    },
    stop: () => stream.destroy(),
  };
}

interface Gateway {
  readonly status?: { readonly listeners?: readonly { readonly attachedRoutes: number }[] };
}

function attachedOf(gateway: Gateway | undefined): number {
  return gateway?.status?.listeners?.[0]?.attachedRoutes ?? 0;
}
