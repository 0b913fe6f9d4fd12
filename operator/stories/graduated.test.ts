// Versions of objects: what has graduated to v1 is served, beside what is written in older versions, and a change of version disturbs nobody.

import { freePorts } from "../testing/free-ports.ts";
import { makeCertificate, type StoryCertificate } from "./support/certificates.ts";
import { ask, short } from "./support/client.ts";
import {
  type ApiObject,
  backendObject,
  gateway,
  http,
  https,
  l4Route,
  object,
  route,
  tcp,
  tls,
  to,
  toBackend,
  udp,
} from "./support/objects.ts";
import { askDatagram, askLine, openLine, type SocketBackend, startDatagramBackend, startLineBackend } from "./support/sockets.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
let ports: readonly number[];
let own: StoryCertificate;
const started: SocketBackend[] = [];

const written = (version: string, made: ApiObject): ApiObject => ({
  ...made,
  apiVersion: `gateway.networking.k8s.io/${version}`,
});

beforeAll(async () => {
  world = await startWorld();
  ports = await freePorts(3);
  own = await makeCertificate("*.team.example");
  started.push(await startLineBackend("line", own), await startDatagramBackend("datagram"));
  const [line, datagram] = started.map(({ port }) => ({ ip: { address: "127.0.0.1", port } }));
  await world.apply("backends", [backendObject("line", [line!]), backendObject("datagram", [datagram!])]);
  const { spec, ...eg } = gateway("eg", [
    http("http", ports[0]!),
    tls("tls", ports[1]!, "*.passed.example", []),
    tcp("tcp", ports[2]!),
    udp("udp", ports[2]!),
  ]);
  await world.apply("gateway", [{ ...eg, spec: { ...(spec as object), allowedListeners: { namespaces: { from: "All" } } } }]);
}, 60_000);
afterAll(async () => {
  await world.stop();
  for (const backend of started) backend.close();
});

const passed = (name: string): ApiObject =>
  l4Route("TLSRoute", name, { listener: "tls", hostnames: [`${name}.passed.example`], backendRefs: [toBackend("line")] });

test("a connection outlives that its TLSRoute is written as v1, and as v1alpha3 again", async () => {
  await world.apply("routes", [written("v1alpha3", passed("one"))]);
  const connection = openLine(ports[1]!, "one.passed.example");
  expect(await connection.say("old")).toBe("line: old");
  await world.apply("routes", [written("v1", passed("one")), written("v1", passed("two"))]);
  expect(await askLine(ports[1]!, "two.passed.example")).toBe("line: hello");
  expect(await connection.say("new")).toBe("line: new");
  await world.apply("routes", [written("v1alpha3", passed("one"))]);
  expect(await askLine(ports[1]!, "two.passed.example")).toBe("closed");
  expect(await connection.say("old again")).toBe("line: old again");
  connection.close();
});

test("TCPRoute and UDPRoute of v1 are served", async () => {
  await world.apply("routes", [
    written("v1", l4Route("TCPRoute", "tcp", { listener: "tcp", backendRefs: to("v1") })),
    written("v1", l4Route("UDPRoute", "udp", { listener: "udp", backendRefs: [toBackend("datagram")] })),
  ]);
  expect(short(await ask(ports[2]!, "a.example/"))).toBe("v1");
  expect(await askDatagram(ports[2]!)).toBe("datagram: hello");
});

test("a ListenerSet brings a host and a certificate, as far as a ReferenceGrant of v1 lets it", async () => {
  const [port = 0] = await freePorts(1);
  const name = "a.team.example";
  const listener = { ...https("web", port, "*.team.example", []) };
  const set = object("gateway.networking.k8s.io/v1", "ListenerSet", "team/team", {
    spec: {
      parentRef: { name: "eg", namespace: "default" },
      listeners: [{ ...listener, tls: { certificateRefs: [{ name: "own", namespace: "certs" }] } }],
    },
  });
  const grant = (kind: string): ApiObject =>
    object("gateway.networking.k8s.io/v1", "ReferenceGrant", "certs/grant", {
      spec: {
        from: [{ group: "gateway.networking.k8s.io", kind, namespace: "team" }],
        to: [{ group: "", kind: "Secret", name: "own" }],
      },
    });
  const parents = [{ kind: "ListenerSet", name: "team", namespace: "team" }];
  const attached = route("web", { parents, rules: [{ backendRefs: to("v2") }] });
  await world.apply("set", [set, own.secret("certs/own"), grant("Gateway"), attached]);
  expect(short(await ask(port, `${name}/`, { sni: name }))).toMatch(/^failed/);
  await world.apply("set", [set, own.secret("certs/own"), grant("ListenerSet"), attached]);
  const answer = await ask(port, `${name}/`, { sni: name });
  expect([short(answer), answer.certificate]).toEqual(["v2", own.fingerprint]);
  // The Gateway's own listeners are none of the route's business.
  expect(short(await ask(ports[0]!, `${name}/`))).toBe("404");
  await world.apply("set", [own.secret("certs/own"), grant("ListenerSet"), attached]);
  expect(short(await ask(port, `${name}/`, { sni: name }))).toMatch(/^failed/);
  await world.remove("set");
}, 30_000);

test("Gateways and HTTPRoutes of v1beta1 are served", async () => {
  const [port = 0] = await freePorts(1);
  await world.apply("beta", [
    written("v1beta1", gateway("beta", [http("http", port)])),
    written("v1beta1", route("beta", { parents: [{ name: "beta" }], rules: [{ backendRefs: to("v3") }] })),
  ]);
  expect(short(await ask(port, "a.example/"))).toBe("v3");
  await world.remove("beta");
});
