// ClusterTrustBundles, which most API servers do not serve: read from one that does, and no hindrance where none does (the other tests of sources).

import { systemClock } from "../operator/clock.ts";
import { createKubernetesClient, type KubernetesClient } from "../operator/kubernetes/client.ts";
import { createReferences } from "../operator/kubernetes/references.ts";
import { watchCluster } from "../operator/kubernetes/source.ts";
import { makeAuthority } from "../operator/issue.ts";
import { type ApiServer, startApiServer } from "./cluster/control-plane.ts";

let server: ApiServer;
let client: KubernetesClient;
const path = "/apis/certificates.k8s.io/v1beta1/clustertrustbundles";

beforeAll(async () => {
  server = await startApiServer({
    flags: [
      "--disable-admission-plugins=ServiceAccount",
      "--endpoint-reconciler-type=none",
      "--feature-gates=ClusterTrustBundle=true",
      "--runtime-config=certificates.k8s.io/v1beta1/clustertrustbundles=true",
    ],
  });
  client = createKubernetesClient({ kubeconfig: server.kubeconfigFile });
}, 900_000);
afterAll(async () => {
  client?.close();
  await server?.stop();
});

test("a ClusterTrustBundle comes, is edited and goes", async () => {
  const stop = new AbortController();
  const { signal } = stop;
  const references = createReferences({ client, clock: systemClock, signal, push: () => undefined, log: () => undefined });
  const options = { client, scope: {}, references, clock: systemClock, log: () => undefined, states: new Map() };
  const life = { now: Date.now(), lifeMs: 86_400_000 };
  const [first, second] = await Promise.all(
    ["CN=one", "CN=two"].map(async (subject) => (await makeAuthority({ ...life, subject })).certificate.toString("pem")),
  );
  const name = "example.com:ours:ca";
  const body = (trustBundle: string | undefined) => ({
    apiVersion: "certificates.k8s.io/v1beta1",
    kind: "ClusterTrustBundle",
    metadata: { name },
    spec: { signerName: "example.com/ours", trustBundle },
  });
  const put = (trustBundle: string | undefined) =>
    client.call({
      method: "PATCH",
      patch: "apply",
      path: `${path}/${encodeURIComponent(name)}`,
      query: { fieldManager: "test", force: true },
      body: body(trustBundle),
    });
  const told: string[] = [];
  try {
    for await (const event of watchCluster(options, signal)) {
      if (event.type === "synced") await put(first);
      else if (event.kind === "ClusterTrustBundle") {
        const bundle = event.type === "applied" && "spec" in event.object ? event.object.spec : undefined;
        told.push(bundle === undefined ? event.type : bundle.trustBundle === first ? "the first" : "the second");
        if (told.length === 1) await put(second);
        if (told.length === 2) await client.call({ method: "DELETE", path: `${path}/${encodeURIComponent(name)}` });
        if (told.length === 3) stop.abort();
      }
    }
  } finally {
    stop.abort();
  }
  expect(told).toEqual(["the first", "the second", "deleted"]);
}, 60_000);
