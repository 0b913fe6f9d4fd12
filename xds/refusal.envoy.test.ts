// What happens when a real Envoy refuses a resource that our checks let pass, for each type: it is found, named and withheld; everything
// else serves, and nothing is sent again and again.

import { config_cluster_v3, config_endpoint_v3, config_route_v3, extensions_transport_sockets_tls_v3, registry } from "#envoy";
import { fromJson, toBinary, type DescMessage, type JsonValue } from "@bufbuild/protobuf";
import type { Resource, Snapshot, TypeUrl } from "./resource.ts";
import { createXdsServer, type RefusedResponse } from "./server.ts";
import { assignmentOf, clusterOf, createClient, listenerOf, routesOf, startBackend, startEnvoy, until } from "./testing/envoy.ts";
import { someCertificate } from "./testing/models.ts";
import { realClock, resource, snapshotOf } from "./testing/snapshots.ts";
import { typeUrls } from "./type-urls.ts";

const { ClusterSchema } = config_cluster_v3;
const { ClusterLoadAssignmentSchema } = config_endpoint_v3;
const { RouteConfigurationSchema } = config_route_v3;
const { SecretSchema } = extensions_transport_sockets_tls_v3;

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const encoded = (name: string, schema: DescMessage, json: JsonValue): Resource =>
  resource(name, toBinary(schema, fromJson(schema, json, { registry })));
const endpointAt = (address: string) => ({ endpoint: { address: { socket_address: { address, port_value: 80 } } } });
const pair = someCertificate("a.example");
const secretOf = (name: string, key: string): Resource =>
  encoded(name, SecretSchema, {
    name,
    tls_certificate: { certificate_chain: { inline_string: pair.chainPem }, private_key: { inline_string: key } },
  });
const tls = (secret: string): JsonValue => ({
  name: "tls",
  typed_config: {
    "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
    common_tls_context: {
      tls_certificate_sds_secret_configs: [{ name: secret, sds_config: { ads: {}, resource_api_version: "V3" } }],
    },
  },
});

const names = ["a", "b", "c", "d"];

/** Four hosts, each with a listener, a route table and a cluster of its own; beside them four clusters whose secrets come by SDS. */
function sound(backendPort: number): Map<TypeUrl, readonly Resource[]> {
  const secured = names.map((name) => clusterOf(`tls-${name}`, { transport_socket: tls(`secret-${name}`) }));
  return new Map<TypeUrl, readonly Resource[]>([
    [typeUrls.secret, names.map((name) => secretOf(`secret-${name}`, pair.keyPem))],
    [typeUrls.cluster, [...names.map((name) => clusterOf(name)), ...secured]],
    [typeUrls.loadAssignment, [...names, ...names.map((name) => `tls-${name}`)].map((name) => assignmentOf(name, [backendPort]))],
    [typeUrls.listener, names.map((name) => listenerOf(name, name))],
    [typeUrls.routeConfiguration, names.map((name) => routesOf(name, [name]))],
  ]);
}

for (const [kind, typeUrl, bad, complaint] of [
  [
    "cluster",
    typeUrls.cluster,
    encoded("bad", ClusterSchema, {
      name: "bad",
      type: "STATIC",
      connect_timeout: "1s",
      load_assignment: { cluster_name: "bad", endpoints: [{ lb_endpoints: [endpointAt("nowhere")] }] },
    }),
    /malformed IP address: nowhere/,
  ],
  [
    "assignment",
    typeUrls.loadAssignment,
    encoded("b", ClusterLoadAssignmentSchema, { cluster_name: "b", endpoints: [{ lb_endpoints: [endpointAt("nowhere")] }] }),
    /malformed IP address: nowhere/,
  ],
  [
    "route table",
    typeUrls.routeConfiguration,
    encoded("b", RouteConfigurationSchema, { name: "b", virtual_hosts: ["x", "y"].map((name) => ({ name, domains: ["b"] })) }),
    /Only unique values for domains are permitted/,
  ],
  ["secret", typeUrls.secret, secretOf("secret-b", "no key"), /Failed to load private key/],
] as const)
  test(`a ${kind} that Envoy refuses is named and withheld, the others are served, and it is back when mended`, async () => {
    const refused: RefusedResponse[] = [];
    const server = createXdsServer({
      host: "127.0.0.1",
      port: 0,
      clock: realClock,
      timing: { repairMs: 5 },
      onRefused: (each) => refused.push(each),
    });
    const { port } = await server.listen();
    const backend = await startBackend();
    const envoy = await startEnvoy(port);
    undo.push(
      () => server.close(),
      () => backend.stop(),
      () => envoy.stop(),
    );
    const good = sound(backend.port);
    const spoilt = new Map(good).set(typeUrl, [...good.get(typeUrl)!.filter(({ name }) => name !== bad.name), bad]);
    const types = () => server.streams()[0]?.types ?? [];
    const withheld = () => types().flatMap((type) => type.refused.map(({ resource: name }) => name));
    const idle = () =>
      types().length > 0 && types().every(({ outstanding, repairs }) => outstanding.length === 0 && repairs === 0);
    const serve = async (hosts: readonly string[]): Promise<void> => {
      for (const host of hosts) {
        const client = createClient(await envoy.portOf(host));
        await until(async () => (await client.get(host)) === 200, `${host} is served`);
        client.close();
      }
    };

    let snapshot: Snapshot | undefined = snapshotOf(spoilt);
    server.publish(snapshot);
    await until(() => withheld().includes(bad.name), "the bad one stands alone");
    // A secret of nobody's traffic, a cluster of no route: all are served. The others take their own host with them.
    await serve(names.filter((name) => name !== bad.name));
    await until(idle, "nothing is on its way");
    const alone = refused.filter((each) => each.resource);
    expect(alone.map((each) => [each.typeUrl, each.names])).toEqual([[typeUrl, [bad.name]]]);
    expect(alone[0]!.message).toMatch(complaint);
    // Halving eight or fewer names to one takes at most four refusals; a loop would have made hundreds meanwhile.
    expect(refused.length).toBeLessThanOrEqual(4);

    const count = refused.length;
    snapshot = snapshotOf(good, snapshot);
    server.publish(snapshot);
    await serve(names);
    await until(() => idle() && withheld().length === 0, "the mended one is accepted");
    expect(refused.length).toBe(count);
  }, 60_000);
