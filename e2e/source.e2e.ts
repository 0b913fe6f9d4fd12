// A cluster as a source like any other: the suite that a folder passes, with a real API server.

import { systemClock } from "../operator/clock.ts";
import { createKubernetesClient, hasStatus, type KubernetesClient } from "../operator/kubernetes/client.ts";
import { createReferences } from "../operator/kubernetes/references.ts";
import { watchCluster } from "../operator/kubernetes/source.ts";
import { describeSource, routeNamed } from "../operator/testing/source-suite.ts";
import { startApiServer, type ApiServer } from "./cluster/control-plane.ts";
import { crds } from "./crds/upstream.ts";

let server: ApiServer;
let client: KubernetesClient;
const routes = "/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes";

beforeAll(async () => {
  server = await startApiServer();
  client = createKubernetesClient({ kubeconfig: server.kubeconfigFile });
  for (const body of crds())
    await client.call({ method: "POST", path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body });
  // Served some moments after its definition is there.
  for (;;) {
    const served = await client.call({ path: routes }).then(
      () => true,
      () => false,
    );
    if (served) break;
    await new Promise((resolve) => void setTimeout(resolve, 100));
  }
}, 900_000);
afterAll(async () => {
  client?.close();
  await server?.stop();
});

describeSource("a cluster", async () => ({
  async put(name, hostname) {
    const query = { fieldManager: "test", force: true };
    await client.call({ method: "PATCH", patch: "apply", path: `${routes}/${name}`, query, body: routeNamed(name, hostname) });
  },
  async remove(name) {
    await client.call({ method: "DELETE", path: `${routes}/${name}` });
  },
  watch: (signal) =>
    watchCluster(
      {
        client,
        scope: {},
        references: createReferences({ client, clock: systemClock, signal, push: () => undefined, log: () => undefined }),
        clock: systemClock,
        log: () => undefined,
        states: new Map(),
      },
      signal,
    ),
  async close() {
    await client.call({ method: "DELETE", path: routes }).catch((error: unknown) => {
      if (!hasStatus(error, 404)) throw error;
    });
  },
}));
