// The life of a Gateway in a cluster, from `kubectl apply` to the death of what controls it: two replicas of the operator's image, real pods,
// requests that never stop.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { ask } from "./support/ask.ts";
import { cluster } from "./support/cluster.ts";
import { installOperator } from "./support/operator.ts";
import { startLoad } from "./support/load.ts";
import { until as waitFor } from "./support/until.ts";
import { redirectRoute } from "./support/redirect-route.ts";

const here = cluster();
const { kubectl, apply, get } = here;
// Of this run: a namespace with proxies in it takes minutes to go.
const namespace = `lifecycle-${process.pid}`;
const system = "envoy-gateway-system";
const host = "www.example.com";

interface Gateway {
  readonly status: {
    readonly addresses?: readonly { readonly value: string }[];
    readonly conditions: readonly { readonly type: string; readonly status: string; readonly message: string }[];
    readonly listeners: readonly { readonly attachedRoutes: number }[];
  };
}
interface Pods {
  readonly items: readonly { readonly metadata: { readonly name: string }; readonly status: { readonly podIP?: string } }[];
}

const quickstart = join(import.meta.dirname, "../manifests/examples/kubernetes/quickstart/all.yaml");

beforeAll(async () => {
  installOperator(here);
  kubectl("create", "namespace", namespace);
  const objects = kubectl("apply", "--dry-run=client", "-o", "json", "-f", quickstart).replaceAll(
    '"namespace": "default"',
    `"namespace": "${namespace}"`,
  );
  apply(objects);
  kubectl("wait", "gateway/eg", "-n", namespace, "--for=condition=Programmed", "--timeout=120s");
  kubectl("rollout", "status", "deployment/eg", "-n", namespace, "--timeout=120s");
  kubectl("rollout", "status", "deployment/backend", "-n", namespace, "--timeout=120s");
  // kube-proxy is the last to know of an address.
  await until(
    () => answers("/get"),
    (status) => status === 200,
  );
}, 600_000);
afterAll(() => {
  kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=false");
}, 180_000);

const gateway = (): Gateway => get("gateway/eg", "-n", namespace) as Gateway;
const address = (): string => gateway().status.addresses![0]!.value;
const operators = (): Pods["items"] => (get("pods", "-n", system, "-l", "control-plane=envoy-gateway") as Pods).items;
const holder = (): string => kubectl("get", "lease/envoy-gateway", "-n", system, "-o", "jsonpath={.spec.holderIdentity}");

function until<Value>(look: () => Value | Promise<Value>, good: (value: Value) => boolean, limitMs = 60_000): Promise<Value> {
  return waitFor(look, good, { limitMs, everyMs: 100 });
}

const answers = (path: string): Promise<number | string> => ask({ address: address(), host, path });

function route(name: string, path: string): object {
  return redirectRoute({ name, namespace, host, path });
}

/** Streams of proxies that are connected to some replica now, and what was sent on them. */
function streams(): { readonly count: number; readonly bytes: number } {
  const pages = operators().map(({ metadata: { name } }) =>
    kubectl("get", "--raw", `/api/v1/namespaces/${system}/pods/${name}:19001/proxy/metrics`),
  );
  const sum = (metric: string): number =>
    pages.reduce((total, page) => total + Number(new RegExp(`^envoy_gateway_${metric} (\\S+)$`, "m").exec(page)?.[1]), 0);
  return { count: sum("xds_streams"), bytes: sum("xds_sent_bytes") };
}

test("the quickstart answers, and kubectl and our own status say why", async () => {
  expect(await answers("/get")).toBe(200);
  const { addresses, conditions, listeners } = gateway().status;
  expect(addresses).toHaveLength(1);
  expect(conditions.map(({ type, status }) => `${type}=${status}`)).toEqual(["Accepted=True", "Programmed=True"]);
  expect(listeners[0]!.attachedRoutes).toBe(1);
  const described = kubectl("describe", "gateway,httproute", "-n", namespace);
  expect(described).toContain("Address assigned, 1 of 1 proxies run the current configuration.");
  expect(described).toMatch(/Normal +Accepted .*envoy-gateway-operator +Accepted: The route is accepted\./);
  const status = execFileSync(
    "node",
    ["dist/envoy-gateway.js", "status", "gateways", "-n", namespace, "--kubeconfig", here.kubeconfigFile],
    {
      encoding: "utf8",
    },
  );
  expect(status).toMatch(new RegExp(`gateway/${namespace}/eg +Programmed +True`));
});

test("operators that are killed under load are not missed, and what replaces them sends nothing that a proxy has already", async () => {
  const load = startLoad({ address: address(), host });
  await load.more(100);
  const before = operators().map(({ metadata }) => metadata.name);
  kubectl("delete", "pods", "-n", system, "-l", "control-plane=envoy-gateway", "--grace-period=0", "--force");
  await until(operators, (pods) => pods.length === 2 && pods.every(({ metadata }) => !before.includes(metadata.name)));
  kubectl("rollout", "status", "deployment/envoy-gateway", "-n", system, "--timeout=120s");
  // The proxy has found one of the new ones, and says what it has.
  const { bytes } = await until(streams, ({ count }) => count >= 1);
  apply(JSON.stringify(route("after-kill", "/after-kill")));
  await until(
    () => answers("/after-kill"),
    (status) => status === 302,
  );
  await load.more(100);
  expect(await load.stop()).toEqual({ good: expect.any(Number), bad: {} });
  expect(bytes).toBeLessThan(500);
});

test("when the replica that writes is killed the other writes, within the time of the lease", async () => {
  const leader = await until(holder, (name) => operators().some(({ metadata }) => metadata.name === name));
  const load = startLoad({ address: address(), host });
  kubectl("delete", "pod", leader, "-n", system, "--grace-period=0", "--force");
  apply(JSON.stringify(route("after-leader", "/after-leader")));
  await until(
    () => answers("/after-leader"),
    (status) => status === 302,
  );
  await until(holder, (name) => name !== leader && name !== "", 40_000);
  await until(
    () => get("httproute/after-leader", "-n", namespace) as { status?: { parents?: readonly unknown[] } },
    ({ status }) => status?.parents?.length === 1,
  );
  expect(await load.stop()).toEqual({ good: expect.any(Number), bad: {} });
});

test("a Gateway that is deleted takes its proxies along", async () => {
  kubectl("delete", "gateway/eg", "-n", namespace);
  await until(
    () => (get("deployments,services", "-n", namespace, "-l", "app.kubernetes.io/managed-by=envoy-gateway") as Pods).items.length,
    (count) => count === 0,
  );
});
