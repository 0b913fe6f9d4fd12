// Pods of a proxy are replaced while clients use them: a real kubelet asks the sidecar, and nobody loses a request. The pod is the product's; only
// what its Envoy serves is fixed, so that nothing but the end of pods is tried.

import { Agent, get as httpGet } from "node:http";
import { infrastructureOf } from "../reconcilers/gateway/infrastructure.ts";
import { config, envoyProxy, gatewayWith, parametersRef } from "../reconcilers/testing/gateways.ts";
import { world } from "../reconcilers/testing/world.ts";
import { operatorReference } from "../image/operator.ts";
import { cluster } from "./support/cluster.ts";
import { until } from "./support/until.ts";

const { kubectl, apply, get } = cluster();
const namespace = "rollout-test";
const labels = { app: "drain" };

beforeAll(() => {
  kubectl("create", "namespace", namespace);
  const metadata = { name: "drain", namespace };
  const service = { selector: labels, ports: [{ port: 80, targetPort: 10080 }] };
  const deployment = {
    replicas: 2,
    strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: pod() },
  };
  const items = [
    { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: deployment },
    { apiVersion: "v1", kind: "Service", metadata, spec: service },
  ];
  apply(JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  rolledOut();
});
afterAll(() => {
  kubectl("delete", "namespace", namespace, "--wait=false");
});

function rolledOut(): void {
  kubectl("rollout", "status", "deployment/drain", "-n", namespace, "--timeout=120s");
}

type Fields = Readonly<Record<string, unknown>>;

/** The pod that a Gateway calls for, with a configuration in place of an xDS server. */
function pod(): Fields {
  const settings = { infrastructure: { parametersRef: parametersRef("settings") } };
  const store = world(
    config({ shutdownManagerImage: operatorReference }),
    envoyProxy("settings", { shutdown: { drainTimeout: "30s", minDrainDuration: "5s" } }),
    gatewayWith("drain", [{ name: "http" }], settings),
  );
  const workload = infrastructureOf(store, "default/drain")?.find(({ kind }) => kind === "Deployment");
  const { spec } = (workload as unknown as { spec: { template: { spec: Fields & { containers: readonly Fields[] } } } }).spec
    .template;
  const { containers, volumes: _, serviceAccountName: __, ...rest } = spec;
  const [envoy, ...others] = containers;
  const { volumeMounts: ___, ...bare } = envoy!;
  const args = ["--config-yaml", JSON.stringify(envoyConfig), "--drain-strategy", "immediate", "--concurrency", "1"];
  return { ...rest, containers: [{ ...bare, args, resources: {} }, ...others] };
}

const extension = (name: string, type: string, more: Fields = {}): Fields => ({
  name,
  typed_config: { "@type": `type.googleapis.com/envoy.extensions.filters.${type}`, ...more },
});

/** Answers at once, or after so many milliseconds as a header says. */
const envoyConfig = {
  admin: { address: { socket_address: { address: "127.0.0.1", port_value: 19000 } } },
  static_resources: {
    listeners: [
      listener(
        10080,
        extension("fault", "http.fault.v3.HTTPFault", { delay: { header_delay: {}, percentage: { numerator: 100 } } }),
      ),
      listener(
        19003,
        extension("health", "http.health_check.v3.HealthCheck", {
          pass_through_mode: false,
          headers: [{ name: ":path", string_match: { exact: "/ready" } }],
        }),
      ),
    ],
  },
};

function listener(port: number, filter: Fields): Fields {
  const manager = extension("manager", "network.http_connection_manager.v3.HttpConnectionManager", {
    stat_prefix: "web",
    route_config: {
      virtual_hosts: [{ name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, direct_response: { status: 200 } }] }],
    },
    http_filters: [filter, extension("router", "http.router.v3.Router")],
  });
  const address = { socket_address: { address: "0.0.0.0", port_value: port } };
  return { name: `at-${port}`, address, filter_chains: [{ filters: [manager] }] };
}

/** What became of one request: a status, or the code of an error. */
function ask(host: string, agent: Agent, delayMs: number): Promise<string> {
  return new Promise((resolve) => {
    const headers = delayMs > 0 ? { "x-envoy-fault-delay-request": String(delayMs) } : {};
    httpGet({ host, port: 80, agent, headers }, (response) => {
      response.resume();
      response.on("end", () => resolve(String(response.statusCode)));
      response.on("error", ({ message }) => resolve(message));
    }).on("error", ({ message }) => resolve(message));
  });
}

test("a rollout under load loses no request: of kept connections, of new ones, of slow ones", async () => {
  const { clusterIP } = (get("service/drain", "-n", namespace) as { spec: { clusterIP: string } }).spec;
  // kube-proxy is the last to know of a Service.
  const newcomer = new Agent({ keepAlive: false });
  await until(
    () => ask(clusterIP, newcomer, 0),
    (outcome) => outcome === "200",
    { limitMs: 60_000 },
  );
  const began = Date.now();
  let good = 0;
  /** When and how it went wrong. */
  const failures: string[] = [];
  let over = false;
  const client = async (keepAlive: boolean, delayMs: number): Promise<void> => {
    const agent = new Agent({ keepAlive, maxSockets: 1 });
    while (!over) {
      const outcome = await ask(clusterIP, agent, delayMs);
      if (outcome === "200") good++;
      else failures.push(`${Date.now() - began} ms: ${outcome}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    agent.destroy();
  };
  const kinds = [
    [true, 0],
    [false, 0],
    [true, 2000],
  ] as const;
  const clients = [...kinds, ...kinds].map(([keepAlive, delayMs]) => client(keepAlive, delayMs));
  const pods = (): readonly string[] =>
    (get("pods", "-n", namespace) as { items: readonly { metadata: { name: string } }[] }).items.map(
      ({ metadata }) => metadata.name,
    );
  const before = pods();
  kubectl("rollout", "restart", "deployment/drain", "-n", namespace);
  // Not `kubectl rollout status`, which would hold this thread, and with it the clients.
  while (pods().some((name) => before.includes(name))) await new Promise((resolve) => setTimeout(resolve, 500));
  over = true;
  await Promise.all(clients);
  expect(failures).toEqual([]);
  expect(good).toBeGreaterThan(100);
});
