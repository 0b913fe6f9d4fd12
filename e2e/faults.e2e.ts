// What goes wrong around an operator that runs in a cluster: its API server crashes or falls silent, its replicas die meanwhile, definitions go and
// come back, others write beside it. Each time, requests through the proxies never stop and never fail, nothing that was written is lost, and no
// operator has to be started again. Over 300 lines: the faults share one install, one Gateway and what is known of it.

import { join } from "node:path";
import { createKubernetesClient, hasStatus, type Call } from "../operator/kubernetes/client.ts";
import { apiServerProcess } from "./cluster/api-server-process.ts";
import { clusterFolder } from "./cluster/cluster.ts";
import { processes } from "./cluster/leftovers.ts";
import { ask } from "./support/ask.ts";
import { cluster } from "./support/cluster.ts";
import { startLoad } from "./support/load.ts";
import { installOperator, stateOfOperators } from "./support/operator.ts";
import { until as waitFor } from "./support/until.ts";
import { redirectRoute } from "./support/redirect-route.ts";

const here = cluster();
const { kubectl, apply, get } = here;
const client = createKubernetesClient({ kubeconfig: here.kubeconfigFile });
const namespace = "faults";
const system = "envoy-gateway-system";
const host = "www.example.com";
const quickstart = join(import.meta.dirname, "../manifests/examples/kubernetes/quickstart/all.yaml");
/** Processes of a cluster elsewhere are out of reach. */
const onThisMachine = process.env["E2E_KUBECONFIG"] ? test.skip : test;
const server = process.env["E2E_KUBECONFIG"] ? undefined : apiServerProcess(clusterFolder);

let address = "";
beforeAll(async () => {
  installOperator(here);
  kubectl("delete", "namespace", namespace, "--ignore-not-found", "--timeout=120s");
  kubectl("create", "namespace", namespace);
  const objects = kubectl("apply", "--dry-run=client", "-o", "json", "-f", quickstart);
  apply(objects.replaceAll('"namespace": "default"', `"namespace": "${namespace}"`));
  kubectl("wait", "gateway/eg", "-n", namespace, "--for=condition=Programmed", "--timeout=120s");
  kubectl("rollout", "status", "deployment/backend", "-n", namespace, "--timeout=120s");
  address = kubectl("get", "gateway/eg", "-n", namespace, "-o", "jsonpath={.status.addresses[0].value}");
  // kube-proxy is the last to know of an address.
  await until("a first answer", async () => (await answerTo("")) === 200);
}, 600_000);
afterAll(() => {
  server?.thaw();
  server?.start();
  client.close();
  // A namespace with pods in it would be looked at again only after half the time that a proxy may take to drain.
  kubectl("delete", "gateways,deployments", "--all", "-n", namespace);
  kubectl("delete", "pods", "--all", "-n", namespace, "--grace-period=0", "--force");
  kubectl("delete", "namespace", namespace, "--wait=false");
}, 180_000);

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

async function until(what: string, condition: () => Promise<boolean> | boolean, limitMs = 90_000): Promise<void> {
  await waitFor(condition, Boolean, { limitMs, because: () => `${what}: not after ${limitMs / 1000} s` });
}

/** The answer, as soon as there is one that is not of an API server that is just starting. */
async function persist(call: Call): Promise<unknown> {
  let answer: unknown;
  await until(`${call.method ?? "GET"} ${call.path}`, async () => {
    try {
      answer = await client.call(call);
      return true;
    } catch (error) {
      if (hasStatus(error, 404, 409, 422)) throw error;
      return false;
    }
  });
  return answer;
}

/** Also when an answer was lost on the way. */
async function create(path: string, body: object): Promise<void> {
  await persist({ method: "POST", path, body }).catch((error: unknown) => {
    if (!hasStatus(error, 409)) throw error;
  });
}

async function remove(path: string): Promise<void> {
  await persist({ method: "DELETE", path, query: { gracePeriodSeconds: 0 } }).catch((error: unknown) => {
    if (!hasStatus(error, 404)) throw error;
  });
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly observedGeneration: number;
}
interface Parent {
  readonly controllerName: string;
  readonly parentRef: { readonly name: string };
  readonly conditions: readonly Condition[];
}
interface Route {
  readonly metadata: { readonly name: string; readonly generation: number; readonly resourceVersion: string };
  readonly spec: object;
  readonly status?: { readonly parents: readonly Parent[] };
}

const routes = `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes`;
const ours = "gateway.envoyproxy.io/gatewayclass-controller";

/** It answers requests below /NAME with a redirect. */
function route(name: string, statusCode = 302): object {
  return redirectRoute({ name, namespace, host, path: `/${name}`, statusCode });
}

function names(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}

function answerTo(name: string): Promise<number | string> {
  return ask({ address, host, path: `/${name}` });
}

/** What the operators say of themselves, for whoever reads why a test failed. */
function testimony(): string {
  const say = (...args: readonly string[]): string => {
    try {
      return kubectl("-n", system, ...args);
    } catch (error) {
      return String(error);
    }
  };
  const pods = say("get", "pods", "-o", "name").trim().split("\n");
  const logs = pods.flatMap((pod) => [pod, say("logs", pod, "--tail=60"), say("logs", pod, "--previous", "--tail=20")]);
  return [say("get", "pods,leases", "-o", "wide"), say("get", "events"), ...logs].join("\n");
}

/** Every one is answered by the proxy and has been told so. */
async function served(wanted: readonly string[], statusCode = 302): Promise<void> {
  try {
    for (const name of wanted) await until(`${name} answers ${statusCode}`, async () => (await answerTo(name)) === statusCode);
  } catch (error) {
    throw new Error(`${String(error)}\n${testimony()}`, { cause: error });
  }
  let untold: readonly string[] = wanted;
  await until("a status that is current", async () => {
    const { items } = (await persist({ path: routes })) as { readonly items: readonly Route[] };
    const told = new Set(items.filter(isTold).map(({ metadata }) => metadata.name));
    untold = wanted.filter((name) => !told.has(name));
    return untold.length === 0;
  }).catch((error: unknown) => {
    throw new Error(`no current status: ${untold.join(", ")}`, { cause: error });
  });
}

function isTold({ metadata, status }: Route): boolean {
  const parent = status?.parents.find(({ controllerName }) => controllerName === ours);
  return ["Accepted", "ResolvedRefs"].every((type) =>
    parent?.conditions.some(
      (condition) =>
        condition.type === type && condition.status === "True" && condition.observedGeneration === metadata.generation,
    ),
  );
}

interface Pods {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: { readonly containerStatuses?: readonly { readonly ready: boolean; readonly restartCount: number }[] };
  }[];
}

async function operators(): Promise<Pods["items"]> {
  const query = { labelSelector: "control-plane=envoy-gateway" };
  return ((await persist({ path: `/api/v1/namespaces/${system}/pods`, query })) as Pods).items;
}

async function restarts(): Promise<number> {
  const statuses = (await operators()).flatMap(({ status }) => status.containerStatuses ?? []);
  return statuses.reduce((sum, { restartCount }) => sum + restartCount, 0);
}

/** Nobody who asks a proxy notices what is done meanwhile. */
async function unnoticed(doing: () => Promise<void>): Promise<void> {
  const load = startLoad({ address, host });
  try {
    await load.more(20);
    await doing();
    await load.more(20);
  } catch (cause) {
    throw new Error(`${String(cause)}\n${stateOfOperators(here)}`, { cause });
  } finally {
    expect(await load.stop()).toEqual({ good: expect.any(Number), bad: {} });
  }
}

/** Creates routes one after the other, and lets something happen to the API server in the midst of it. */
async function creating(wanted: readonly string[], fault: () => Promise<void>): Promise<void> {
  let created = 0;
  const all = (async () => {
    for (const name of wanted) {
      await create(routes, route(name));
      created++;
    }
  })();
  await until("half of the routes", () => created >= wanted.length / 2);
  await fault();
  await all;
}

// Before the other outages: kubelet, too, asks less and less often after several in a row, up to once a minute.
onThisMachine("operators that are all killed while the API server is away come back with it", async () => {
  const wanted = names("orphans", 10);
  await unnoticed(async () => {
    await create(routes, route(wanted[0]!));
    const killed = (await operators()).map(({ metadata }) => metadata.name);
    await Promise.all(killed.map((name) => remove(`/api/v1/namespaces/${system}/pods/${name}`)));
    await server!.crash();
    for (const { pid } of operatorProcesses()) kill(pid);
    await pause(5_000);
    server!.start();
    for (const name of wanted) await create(routes, route(name));
    await served(wanted);
    await until("two replicas that are ready", async () => {
      const ready = (await operators()).filter(({ status }) => status.containerStatuses?.every((container) => container.ready));
      return ready.filter(({ metadata }) => !killed.includes(metadata.name)).length === 2;
    });
  });
});

/** Kubelet may have been faster. */
function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** As this machine sees them. */
function operatorProcesses(): readonly { readonly pid: number }[] {
  return processes(({ args, cgroup }) => cgroup.includes("kubepods") && args.includes("/config/envoy-gateway.yaml"));
}

for (const seconds of [1, 15]) {
  onThisMachine(`routes created around a crash of the API server that is away for ${seconds} s are served`, async () => {
    const wanted = names(`crash-${seconds}`, 40);
    const removed = `removed-${seconds}`;
    await create(routes, route(removed));
    await served([removed]);
    const before = await restarts();
    await unnoticed(async () => {
      await creating(wanted, async () => {
        await remove(`${routes}/${removed}`);
        await server!.crash();
        await pause(seconds * 1000);
        server!.start();
      });
      await served(wanted);
      await until("the route that was deleted is gone", async () => (await answerTo(removed)) === 200);
    });
    expect(await restarts()).toBe(before);
  });
}

onThisMachine("an API server that says nothing for 15 s is waited for, and nothing is lost", async () => {
  const wanted = names("frozen", 40);
  const before = await restarts();
  await unnoticed(async () => {
    await creating(wanted, async () => {
      server!.freeze();
      await pause(15_000);
      server!.thaw();
    });
    await served(wanted);
  });
  expect(await restarts()).toBe(before);
});

test("a definition that is deleted and made again is watched again, and nothing else is affected", async () => {
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const name = "backends.gateway.envoyproxy.io";
  const backends = `/apis/gateway.envoyproxy.io/v1alpha1/namespaces/${namespace}/backends`;
  const spec = { endpoints: [{ ip: { address: "10.0.0.1", port: 80 } }] };
  const backend = { apiVersion: "gateway.envoyproxy.io/v1alpha1", kind: "Backend", metadata: { name: "b", namespace }, spec };
  const told = (): Promise<void> =>
    until("the Backend has a status", async () => {
      const found = (await persist({ path: `${backends}/b` })) as { status?: { conditions?: readonly Condition[] } };
      return (found.status?.conditions?.length ?? 0) > 0;
    });
  const before = await restarts();
  await unnoticed(async () => {
    await create(backends, backend);
    await told();
    const { metadata, status: _, ...definition } = get("crd", name) as { readonly metadata: object; readonly status: object };
    await remove(`${path}/${name}`);
    await until(
      "the definition is gone",
      async () => (await client.call({ path: `${path}/${name}` }).catch(() => "gone")) === "gone",
    );
    await create(routes, route("without-backends"));
    await served(["without-backends"]);
    await create(path, { ...definition, metadata: { name, annotations: (metadata as { annotations: object }).annotations } });
    await until("the kind is served", () =>
      client.call({ path: backends }).then(
        () => true,
        () => false,
      ),
    );
    await create(backends, backend);
    await told();
    await create(routes, route("with-backends"));
    await served(["with-backends"]);
  });
  expect(await restarts()).toBe(before);
});

function reading(page: string, metric: RegExp): number {
  return page
    .split("\n")
    .filter((line) => metric.test(line))
    .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

test("2,000 Secrets that nobody refers to are not read and take little memory", async () => {
  const path = `/api/v1/namespaces/${namespace}/secrets`;
  const pods = (await operators()).map(({ metadata }) => metadata.name);
  const memory = (): readonly number[] =>
    pods.map((name) =>
      reading(
        kubectl("get", "--raw", `/api/v1/namespaces/${system}/pods/${name}:19001/proxy/metrics`),
        /^process_resident_memory_bytes /,
      ),
    );
  const reads = (): number =>
    reading(kubectl("get", "--raw", "/metrics"), /^apiserver_request_total\{.*resource="secrets".*verb="GET"/);
  const [memoryBefore, readsBefore] = [memory(), reads()];
  const data = { filler: Buffer.alloc(8_000, "x").toString("base64") };
  await unnoticed(async () => {
    await Promise.all(names("unrelated", 2_000).map((name) => create(path, { metadata: { name }, data })));
    await create(routes, route("after-secrets"));
    await served(["after-secrets"]);
  });
  expect(reads() - readsBefore).toBeLessThan(200);
  const grown = memory().map((now, index) => (now - memoryBefore[index]!) / 2 ** 20);
  expect(Math.max(...grown)).toBeLessThan(30);
});

test("a controller that writes its own entries to the same routes loses none, and takes none of ours", async () => {
  const wanted = names("shared", 5);
  const accepted = { type: "Accepted", status: "True", reason: "Accepted", observedGeneration: 1 };
  const lastTransitionTime = "2026-01-01T00:00:00Z";
  const theirs = (message: string): Parent => ({
    controllerName: "example.com/another",
    parentRef: { name: "another" },
    conditions: [{ ...accepted, lastTransitionTime, message } as Condition],
  });
  for (const name of wanted) await create(routes, route(name));
  await served(wanted);
  const lost: string[] = [];
  let written = 0;
  let working = true;

  /** As a controller does: reads it, puts its own entry beside those of others, writes the whole unless somebody else has meanwhile. */
  async function another(name: string): Promise<void> {
    for (let round = 0; working; round++) {
      const seen = (await client.call({ path: `${routes}/${name}` })) as Route;
      const parents = seen.status?.parents ?? [];
      const others = parents.filter(({ controllerName }) => controllerName !== "example.com/another");
      if (others.length !== 1) lost.push(`${name}: ours`);
      if (round > 0 && others.length !== parents.length - 1) lost.push(`${name}: theirs`);
      const body = { ...seen, status: { parents: [...others, theirs(`${name}, round ${round}`)] } };
      try {
        await client.call({ method: "PUT", path: `${routes}/${name}/status`, body });
        written++;
      } catch (error) {
        if (!hasStatus(error, 409)) throw error;
        round--;
      }
    }
  }

  await unnoticed(async () => {
    const others = Promise.all(wanted.map(another));
    const end = Date.now() + 10_000;
    let last = 302;
    while (Date.now() < end) {
      last = last === 302 ? 301 : 302;
      const changed = wanted.map((name) => ({ name, body: { spec: (route(name, last) as Route).spec } }));
      for (const { name, body } of changed)
        await client.call({ method: "PATCH", patch: "merge", path: `${routes}/${name}`, body });
    }
    await served(wanted, last);
    working = false;
    await others;
    await served(wanted, last);
  });
  expect(lost).toEqual([]);
  expect(written).toBeGreaterThan(wanted.length * 5);
  const { items } = get("httproutes", "-n", namespace) as { readonly items: readonly Route[] };
  const shared = items.filter(({ metadata }) => wanted.includes(metadata.name));
  expect(shared.map(({ status }) => status?.parents.map(({ controllerName }) => controllerName).toSorted())).toEqual(
    wanted.map(() => ["example.com/another", ours]),
  );
});
