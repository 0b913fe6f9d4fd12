// README.md's story in a cluster: install, apply the quickstart, and its address answers. Then two edits, and the end of a leader under requests.

import { once } from "node:events";
import http from "node:http";
import { join } from "node:path";
import { cluster } from "./support/cluster.ts";
import { installOperator } from "./support/operator.ts";
import { until as waitFor } from "./support/until.ts";

const here = cluster();
const { kubectl, apply, get } = here;
const quickstart = join(import.meta.dirname, "../manifests/examples/kubernetes/quickstart");

beforeAll(() => {
  installOperator(here);
  kubectl("apply", "-f", quickstart);
  kubectl("rollout", "status", "deployment/backend", "--timeout=120s");
  kubectl("wait", "gateway/eg", "--for=condition=Programmed", "--timeout=120s");
}, 600_000);
afterAll(() => {
  kubectl("delete", "-f", quickstart, "--ignore-not-found", "--timeout=60s");
});

interface Gateway {
  readonly status: { readonly addresses: readonly { readonly value: string }[] };
}

function address(): string {
  return (get("gateway", "eg") as Gateway).status.addresses[0]!.value;
}

/** The status of one request; the code of the error when there is no answer. */
async function ask(host: string, to: string): Promise<number | string> {
  const request = http.get({ host: to, port: 80, path: "/", headers: { host }, agent: false, timeout: 5_000 });
  request.on("timeout", () => request.destroy(new Error("timeout")));
  try {
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    await response.toArray();
    return response.statusCode!;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

async function until(what: string, condition: () => Promise<boolean> | boolean, limitMs = 30_000): Promise<void> {
  const because = (): string => `${what}: not after ${limitMs / 1000} s\n${kubectl("describe", "gateway,httproute")}`;
  await waitFor(condition, Boolean, { limitMs, because });
}

function route(...hostnames: readonly string[]): void {
  const spec = { parentRefs: [{ name: "eg" }], hostnames, rules: [{ backendRefs: [{ name: "backend", port: 3000 }] }] };
  const metadata = { name: "backend", namespace: "default" };
  apply(JSON.stringify({ apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute", metadata, spec }));
}

test("the quickstart answers at the address that its Gateway's status has", async () => {
  const to = address();
  await until("an answer", async () => (await ask("www.example.com", to)) === 200);
  expect(await ask("other.example.com", to)).toBe(404);
});

test("an edit of a route changes what is answered", async () => {
  const to = address();
  route("other.example.com");
  await until("the new hostname", async () => (await ask("other.example.com", to)) === 200);
  expect(await ask("www.example.com", to)).toBe(404);
  route("www.example.com");
  await until("the old hostname", async () => (await ask("www.example.com", to)) === 200);
});

test("a leader whose pod is deleted is followed by another replica, and no request fails meanwhile", async () => {
  const to = address();
  const leader = (): string =>
    kubectl("get", "lease", "-n", "envoy-gateway-system", "-o", "jsonpath={.items[0].spec.holderIdentity}");
  const first = leader();
  const answers = new Map<number | string, number>();
  let asking = true;
  const load = (async () => {
    while (asking) {
      const answer = await ask("www.example.com", to);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
  })();
  kubectl("delete", "pod", "-n", "envoy-gateway-system", first.split("_")[0]!, "--grace-period=0", "--force");
  await until("another leader", () => leader() !== first && leader() !== "", 60_000);
  route("www.example.com", "new.example.com");
  await until("an edit after the change", async () => (await ask("new.example.com", to)) === 200, 60_000);
  asking = false;
  await load;
  expect([...answers.keys()]).toEqual([200]);
}, 150_000);
