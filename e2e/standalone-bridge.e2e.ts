// What the conformance suite's run on standalone mode rests on: objects of an API server reach the process beside it, its statuses come back.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKubernetesClient, type KubernetesClient } from "../operator/kubernetes/client.ts";
import { type ApiServer, startApiServer } from "./cluster/control-plane.ts";
import { bridge } from "./conformance/standalone/bridge.ts";
import { type Standalone, startStandalone } from "./conformance/standalone/process.ts";
import { crds } from "./crds/upstream.ts";
import { until } from "./status/world.ts";
import { ask } from "./support/ask.ts";

const api = "/apis/gateway.networking.k8s.io/v1";
const gateways = `${api}/namespaces/default/gateways`;
const routes = `${api}/namespaces/default/httproutes`;
const controllerName = "example.com/standalone";
const place = mkdtempSync(join(tmpdir(), "standalone-bridge-"));
const stopping = new AbortController();
let server: ApiServer;
let client: KubernetesClient;
let standalone: Standalone;
let bridging: Promise<void>;

beforeAll(async () => {
  server = await startApiServer();
  client = createKubernetesClient({ kubeconfig: server.kubeconfigFile });
  for (const crd of crds()) await create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd);
  await until(
    () => client.call({ path: routes }).catch(() => undefined),
    (list) => list !== undefined,
  );
  standalone = await startStandalone(place, controllerName, join(place, "log"));
  const { folder, told } = standalone;
  bridging = bridge({ client, folder, controllerName, className: "here", told, log: () => undefined }, stopping.signal);
  await create(`${api}/gatewayclasses`, object("GatewayClass", "here", { controllerName }));
}, 900_000);

afterAll(async () => {
  stopping.abort();
  await bridging;
  await standalone?.stop();
  client?.close();
  await server?.stop();
  rmSync(place, { recursive: true, force: true });
});

const create = (path: string, body: object): Promise<unknown> => client.call({ method: "POST", path, body });
const object = (kind: string, name: string, spec: object) => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind,
  metadata: { name },
  spec,
});
const gateway = (name: string, className = "here") =>
  create(
    gateways,
    object("Gateway", name, { gatewayClassName: className, listeners: [{ name: "http", port: 80, protocol: "HTTP" }] }),
  );
const redirect = (statusCode: number) => [
  { filters: [{ type: "RequestRedirect", requestRedirect: { hostname: "example.com", statusCode } }] },
];

interface Live {
  readonly metadata: { readonly uid: string; readonly generation: number };
  readonly status?: {
    readonly addresses?: readonly { readonly value: string }[];
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly observedGeneration: number }[];
  };
}
const read = async (name: string): Promise<Live> => (await client.call({ path: `${gateways}/${name}` })) as Live;
const isProgrammed = ({ metadata, status }: Live): boolean =>
  status?.conditions?.some(
    ({ type, status: value, observedGeneration }) =>
      type === "Programmed" && value === "True" && observedGeneration === metadata.generation,
  ) === true;
const addressOf = ({ status }: Live): string => status?.addresses?.[0]?.value ?? "";

test("Gateways with one port get an address each, serve their routes, and say so in the API server", async () => {
  await Promise.all([gateway("one"), gateway("two"), gateway("theirs", "other")]);
  await create(routes, object("HTTPRoute", "route", { parentRefs: [{ name: "two" }], rules: redirect(301) }));
  const [one, two] = await Promise.all(["one", "two"].map((name) => until(() => read(name), isProgrammed)));
  expect(addressOf(one!)).not.toBe(addressOf(two!));
  const asked = (live: Live) => ask({ address: addressOf(live), host: "a.example.com", path: "/" });
  await until(
    () => asked(two!),
    (status) => status === 301,
  );
  expect(await asked(one!)).toBe(404);
  await client.call({ method: "PATCH", patch: "merge", path: `${routes}/route`, body: { spec: { rules: redirect(302) } } });
  await until(
    () => asked(two!),
    (status) => status === 302,
  );
  await client.call({ method: "DELETE", path: `${routes}/route` });
  await until(
    () => asked(two!),
    (status) => status === 404,
  );
  // Its conditions are those that the definition gives it: Unknown, and of no generation.
  expect((await read("theirs")).status?.conditions?.map(({ status }) => status)).toEqual(["Unknown", "Unknown"]);
});

test("a Gateway that takes the name of one that is gone has a status of its own", async () => {
  await gateway("again");
  const first = await until(() => read("again"), isProgrammed);
  const body = { spec: { listeners: [{ name: "other", port: 80, protocol: "HTTP" }] } };
  await client.call({ method: "PATCH", patch: "merge", path: `${gateways}/again`, body });
  await until(
    () => read("again"),
    (live) => live.metadata.generation === 2 && isProgrammed(live),
  );
  await client.call({ method: "DELETE", path: `${gateways}/again` });
  await gateway("again");
  const second = await until(() => read("again"), isProgrammed);
  expect(second.metadata.uid).not.toBe(first.metadata.uid);
  expect(addressOf(second)).not.toBe(addressOf(first));
});
