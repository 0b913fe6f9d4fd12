// The cluster that the other tests count on: pods run and find each other, load balancers have addresses, nobody else answers at them.

import { once } from "node:events";
import http from "node:http";
import { connect } from "node:net";
import { echoReference } from "./images/images.ts";
import { cluster } from "./support/cluster.ts";
import { ociArchive } from "../image/oci.ts";
import { operatorImage, operatorReference } from "../image/operator.ts";

const { kubectl, apply, get } = cluster();
const namespace = "cluster-test";

interface Service {
  readonly status: { readonly loadBalancer: { readonly ingress?: readonly { readonly ip: string }[] } };
}

beforeAll(() => {
  kubectl("create", "namespace", namespace);
  apply(JSON.stringify({ apiVersion: "v1", kind: "List", items: [deployment(), service()] }));
  kubectl("rollout", "status", "deployment/echo", "-n", namespace, "--timeout=120s");
});
afterAll(() => {
  kubectl("delete", "namespace", namespace, "--wait=true", "--timeout=60s");
});

function deployment(): object {
  const env = [
    { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
    { name: "NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
  ];
  const readinessProbe = { httpGet: { path: "/health", port: 3000 }, periodSeconds: 1 };
  const labels = { app: "echo" };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "echo", namespace },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "echo", image: echoReference, env, readinessProbe }] },
      },
    },
  };
}

function service(): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "echo", namespace },
    spec: { type: "LoadBalancer", selector: { app: "echo" }, ports: [{ port: 80, targetPort: 3000 }] },
  };
}

/** The name of the pod that answered; undefined when the connection was refused. */
async function podBehind(address: string): Promise<string | undefined> {
  const request = http.get({ host: address, port: 80, path: "/", agent: false, timeout: 5_000 });
  try {
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    return (JSON.parse((await response.setEncoding("utf8").toArray()).join("")) as { pod: string }).pod;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ECONNREFUSED") return undefined;
    throw error;
  }
}

async function until<T>(ask: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

function loadBalancerAddress(): Promise<string> {
  return until(() => (get("service", "echo", "-n", namespace) as Service).status.loadBalancer.ingress?.[0]?.ip);
}

test("both pods of a Deployment answer at the address of its load balancer", async () => {
  const address = await loadBalancerAddress();
  await until(() => podBehind(address));
  const answered = new Set<string | undefined>();
  await until(async () => (answered.add(await podBehind(address)).size === 2 ? answered : undefined));
  const pods = kubectl("get", "pods", "-n", namespace, "-o", "jsonpath={.items[*].metadata.name}").split(" ");
  expect(answered).toEqual(new Set(pods));
}, 60_000);

test("a port that nobody serves is refused at once", async () => {
  const began = Date.now();
  const socket = connect(81, await loadBalancerAddress());
  await expect(once(socket, "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  expect(Date.now() - began).toBeLessThan(2_000);
});

test("the operator's image runs without privileges, and finds Services by their names", async () => {
  const script = `
    const { lookup } = require("node:dns");
    const names = ["echo", "echo.${namespace}.svc.cluster.local", "kubernetes.default"];
    const addresses = names.map((name) => new Promise((resolve) => lookup(name, (error, address) => resolve(error?.code ?? address))));
    Promise.all(addresses).then((found) => console.log(JSON.stringify({ user: process.getuid(), found })));`;
  kubectl(
    "run",
    "names",
    "-n",
    namespace,
    "--restart=Never",
    `--image=${operatorReference}`,
    "--command",
    "--",
    "node",
    "-e",
    script,
  );
  kubectl("wait", "pod/names", "-n", namespace, "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s");
  const address = kubectl("get", "service", "echo", "-n", namespace, "-o", "jsonpath={.spec.clusterIP}");
  const kubernetes = kubectl("get", "service", "kubernetes", "-o", "jsonpath={.spec.clusterIP}");
  expect(JSON.parse(kubectl("logs", "names", "-n", namespace))).toEqual({
    user: 65_532,
    found: [address, address, kubernetes],
  });
});

test("the same files make the same image", () => {
  const [one, another] = [ociArchive(operatorImage()), ociArchive(operatorImage())];
  expect(one.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(another.digest).toBe(one.digest);
  expect(another.bytes.equals(one.bytes)).toBe(true);
});
