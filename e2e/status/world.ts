// An API server with the kinds of Gateway API, and replicas of the operator on it as processes. No controller runs: Gateways get no address, but
// are accepted, and routes attach.

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createKubernetesClient, hasStatus, type KubernetesClient } from "../../operator/kubernetes/client.ts";
import { freePorts } from "../../operator/testing/free-ports.ts";
import { type ApiServer, startApiServer } from "../cluster/control-plane.ts";
import { crds } from "../crds/upstream.ts";
import { until as waitFor } from "../support/until.ts";

export const controllerName = "gateway.envoyproxy.io/gatewayclass-controller";
const namespace = "envoy-gateway-system";
const leasePath = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/envoy-gateway`;
const api = "/apis/gateway.networking.k8s.io/v1";

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  readonly lastTransitionTime: string;
}
export interface Parent {
  readonly controllerName: string;
  readonly parentRef: object;
  readonly conditions: readonly Condition[];
}
export interface Live {
  readonly metadata: { readonly name: string; readonly generation: number; readonly resourceVersion: string };
  readonly status?: {
    readonly parents?: readonly Parent[];
    readonly listeners?: readonly { readonly attachedRoutes: number }[];
    readonly conditions?: readonly Condition[];
  };
}

export interface Replica {
  readonly process: ChildProcess;
  /** The lines it logged. */
  readonly output: () => string;
  /** Resolves when the process is gone. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

export type World = Awaited<ReturnType<typeof startWorld>>;

/** With the CRDs of Gateway API's release v1.4.1, unless others are given. */
export async function startWorld(definitions: readonly object[] = crds()) {
  const server = await startApiServer();
  const client = createKubernetesClient({ kubeconfig: server.kubeconfigFile });
  const replicas: Replica[] = [];
  const create = async (path: string, body: object): Promise<void> => void (await client.call({ method: "POST", path, body }));
  for (const crd of definitions) await create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd);
  await create("/api/v1/namespaces", { metadata: { name: namespace } });
  await until(
    () => client.call({ path: `${api}/httproutes` }).catch(() => undefined),
    (list) => list !== undefined,
  );
  await create(`${api}/gatewayclasses`, { ...kind("GatewayClass", "eg"), spec: { controllerName } });
  return {
    server,
    client,
    ...objectsOn(client),
    lease: () => leaseOn(client),
    async replica(identity: string, more: object = {}): Promise<Replica> {
      const replica = await startReplica(server, identity, more);
      replicas.push(replica);
      return replica;
    },
    /** Between tests: no replica is left, and nobody's lease. */
    async endReplicas() {
      await Promise.all(replicas.splice(0).map((each) => each.end("SIGKILL")));
      await client.call({ method: "DELETE", path: leasePath }).catch(() => undefined); // there was none
    },
    async close() {
      await Promise.all(replicas.map((each) => each.end("SIGKILL")));
      client.close();
      await server.stop();
    },
  };
}

function objectsOn(client: KubernetesClient) {
  const inDefault = (plural: string): string => `${api}/namespaces/default/${plural}`;
  const routes = inDefault("httproutes");
  return {
    gateway: async (name: string) => (await client.call({ path: `${inDefault("gateways")}/${name}` })) as Live,
    route: async (name: string) => (await client.call({ path: `${routes}/${name}` })) as Live,
    routes: async (label: string) =>
      ((await client.call({ path: routes, query: { labelSelector: `test=${label}` } })) as { items: readonly Live[] }).items,
    async createGateway(name: string) {
      const spec = { gatewayClassName: "eg", listeners: [{ name: "http", port: 80, protocol: "HTTP" }] };
      await client.call({ method: "POST", path: inDefault("gateways"), body: { ...kind("Gateway", name), spec } });
    },
    /** Labelled with the name of its Gateway. */
    async createRoute(name: string, gateway: string) {
      const object = kind("HTTPRoute", name);
      const metadata = { ...object.metadata, labels: { test: gateway } };
      const body = { ...object, metadata, spec: { parentRefs: [{ name: gateway }], hostnames: [`${name}.example.com`] } };
      await client.call({ method: "POST", path: routes, body });
    },
    changeRoute: (name: string, spec: object) =>
      client.call({ method: "PATCH", patch: "merge", path: `${routes}/${name}`, body: { spec } }),
    /** Writes the status as another controller does: read, changed, and written over what was read, until that goes well. */
    async writeStatus(name: string, change: (parents: readonly Parent[]) => readonly Parent[]) {
      for (;;) {
        const { metadata, status } = (await client.call({ path: `${routes}/${name}` })) as Live;
        const body = {
          metadata: { resourceVersion: metadata.resourceVersion },
          status: { parents: change(status?.parents ?? []) },
        };
        try {
          return await client.call({ method: "PATCH", patch: "merge", path: `${routes}/${name}/status`, body });
        } catch (error) {
          if (!hasStatus(error, 409)) throw error;
        }
      }
    },
    /** How often a Gateway was written since this was called; the count is complete when the version is in it. */
    async countWrites(name: string) {
      const { metadata } = (await client.call({ path: `${inDefault("gateways")}/${name}` })) as Live;
      const versions = new Set<string>();
      const stop = new AbortController();
      void (async () => {
        let from = metadata.resourceVersion;
        while (!stop.signal.aborted) {
          const query = { watch: true, fieldSelector: `metadata.name=${name}`, resourceVersion: from };
          const stream = await client.stream({ path: inDefault("gateways"), query, signal: stop.signal });
          let text = "";
          for await (const chunk of stream) {
            const lines = (text + chunk.toString("utf8")).split("\n");
            text = lines.pop() ?? "";
            for (const line of lines)
              versions.add((from = (JSON.parse(line) as { object: Live }).object.metadata.resourceVersion));
          }
        }
      })().catch(() => undefined); // aborted
      return { versions, stop: () => stop.abort() };
    },
    events: async (name: string) => {
      const query = { fieldSelector: `involvedObject.name=${name}` };
      const list = (await client.call({ path: "/api/v1/namespaces/default/events", query })) as {
        items: readonly { readonly type: string; readonly reason: string; readonly message: string }[];
      };
      return list.items.map(({ type, reason, message }) => `${type} ${reason} ${message}`);
    },
  };
}

function kind(of: string, name: string) {
  return { apiVersion: "gateway.networking.k8s.io/v1", kind: of, metadata: { name } };
}

async function leaseOn(client: KubernetesClient): Promise<string | undefined> {
  try {
    return ((await client.call({ path: leasePath })) as { spec: { holderIdentity: string } }).spec.holderIdentity;
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

async function startReplica(server: ApiServer, identity: string, more: object): Promise<Replica> {
  const [xdsPort, adminPort, healthPort] = await freePorts(3);
  const options = {
    kubeconfig: server.kubeconfigFile,
    namespace,
    identity,
    xdsHost: "127.0.0.1",
    xdsPort,
    adminPort,
    metricsPort: "off",
    healthPort,
    leaderElection: { lease: 4000, renewDeadline: 3000, retryPeriod: 500 },
    ...more,
  };
  const child = spawn("node", [join(import.meta.dirname, "replica.ts"), JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => void (output += chunk.toString()));
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    process: child,
    output: () => output,
    async end(signal) {
      child.kill(signal);
      await gone;
    },
  };
}

export function until<Value>(
  look: () => Promise<Value> | Value,
  good: (value: Value) => boolean,
  limitMs = 60_000,
): Promise<Value> {
  return waitFor(look, good, { limitMs });
}
