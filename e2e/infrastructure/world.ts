// An API server and Gateways on it, for tests of what proxies consist of. No controller runs, so the test says when pods are ready.

import { randomUUID } from "node:crypto";
import type { Config } from "../../api/config.ts";
import type { EnvoyProxySpec } from "../../api/envoyproxy.ts";
import { systemClock } from "../../operator/clock.ts";
import { createKubernetesClient, hasStatus, type KubernetesClient } from "../../operator/kubernetes/client.ts";
import { createClusterInfrastructure } from "../../operator/kubernetes/infrastructure.ts";
import { apiResource, resourcePath } from "../../operator/kubernetes/resources.ts";
import { gateway as gatewayReconciler } from "../../reconcilers/gateway/index.ts";
import type { OwnedObject } from "../../reconcilers/reconciler.ts";
import { config, envoyProxy, gatewayWith, parametersRef } from "../../reconcilers/testing/gateways.ts";
import { world } from "../../reconcilers/testing/world.ts";
import { startApiServer } from "../cluster/control-plane.ts";
import { until as waitFor } from "../support/until.ts";

export type Json = Readonly<Record<string, unknown>>;
interface Live extends OwnedObject {
  readonly metadata: OwnedObject["metadata"] & {
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
  };
  readonly spec: Json;
}
export type Kubernetes = NonNullable<NonNullable<EnvoyProxySpec["provider"]>["kubernetes"]>;

const apiVersions: Readonly<Record<string, string>> = {
  Deployment: "apps/v1",
  DaemonSet: "apps/v1",
  GatewayClass: "gateway.networking.k8s.io/v1",
  Gateway: "gateway.networking.k8s.io/v1",
  HorizontalPodAutoscaler: "autoscaling/v2",
  PodDisruptionBudget: "policy/v1",
};

function apiVersionOf(kind: string): string {
  return apiVersions[kind] ?? "v1";
}

export interface Place {
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** The path of an object of namespace default, or of another. */
export function pathOf(kind: string, at: Place): string {
  return resourcePath(apiResource(apiVersionOf(kind), kind)!, { namespace: "default", ...at });
}

export interface Objects {
  readonly kubeconfigFile: string;
  readonly client: KubernetesClient;
  create(kind: string, name: string, more?: Json): Promise<void>;
  read(kind: string, name: string, namespace?: string): Promise<Live | undefined>;
  remove(kind: string, name: string): Promise<void>;
  merge(kind: string, at: Place, body: Json): Promise<void>;
  /** As if its controller had made every pod and each were ready. */
  makeReady(kind: "Deployment" | "DaemonSet", name: string): Promise<void>;
  close(): Promise<void>;
}

export async function startObjects(): Promise<Objects> {
  const server = await startApiServer();
  const client = createKubernetesClient({ kubeconfig: server.kubeconfigFile });
  const objects: Objects = {
    kubeconfigFile: server.kubeconfigFile,
    client,
    async create(kind, name, more) {
      await client.call({
        method: "POST",
        path: pathOf(kind, {}),
        body: { apiVersion: apiVersionOf(kind), kind, metadata: { name }, ...more },
      });
    },
    async read(kind, name, namespace = "default") {
      try {
        return (await client.call({ path: pathOf(kind, { namespace, name }) })) as Live;
      } catch (cause) {
        if (hasStatus(cause, 404)) return undefined;
        throw cause;
      }
    },
    remove: async (kind, name) => void (await client.call({ method: "DELETE", path: pathOf(kind, { name }) })),
    merge: async (kind, at, body) => void (await client.call({ method: "PATCH", patch: "merge", path: pathOf(kind, at), body })),
    async makeReady(kind, name) {
      const counts =
        kind === "Deployment"
          ? { replicas: 1, readyReplicas: 1, updatedReplicas: 1, availableReplicas: 1 }
          : {
              currentNumberScheduled: 1,
              numberMisscheduled: 0,
              desiredNumberScheduled: 1,
              numberReady: 1,
              updatedNumberScheduled: 1,
            };
      const observedGeneration = (await objects.read(kind, name))?.metadata.generation;
      await objects.merge(kind, { name, subresource: "status" }, { status: { observedGeneration, ...counts } });
    },
    async close() {
      client.close();
      await server.stop();
    },
  };
  await objects.create("Namespace", "envoy-gateway-system");
  return objects;
}

export function until<Value>(look: () => Promise<Value> | Value, good: (value: Value) => boolean): Promise<Value> {
  return waitFor(look, good, { limitMs: 20_000 });
}

/** Infrastructure, and a Gateway of its own whose EnvoyProxy the test chooses. */
export function proxyOn({ client }: Objects, name = `gw-${randomUUID().slice(0, 8)}`) {
  const troubles: (string | undefined)[] = [];
  const infrastructure = createClusterInfrastructure({
    client,
    clock: systemClock,
    log: () => {},
    namespaces: undefined,
    writes: () => true,
    onTrouble: (_, trouble) => troubles.push(trouble),
  });
  const uid = `uid-of-${name}`;
  const wanted = (kubernetes: Kubernetes = {}, more: Json = {}, settings: Partial<Config> = {}): readonly OwnedObject[] => {
    const store = world(
      config(settings),
      envoyProxy("settings", { provider: { type: "Kubernetes", kubernetes } }),
      gatewayWith(name, [{ name: "http" }], { uid, infrastructure: { parametersRef: parametersRef("settings") }, ...more }),
    );
    return gatewayReconciler.owned?.(store, `default/${name}`) ?? [];
  };
  const apply = async (...args: Parameters<typeof wanted>): Promise<void> =>
    infrastructure.apply(`default/${name}`, wanted(...args));
  return { name, troubles, infrastructure, wanted, apply, removeAll: () => infrastructure.apply(`default/${name}`, []) };
}
