// Routes that look at no request: which backend a connection or a datagram meets, and that edits end no connection that they do not concern.

import { freePorts } from "../testing/free-ports.ts";
import { makeCertificate, type StoryCertificate } from "./support/certificates.ts";
import { ask, shares, short } from "./support/client.ts";
import { startLoad } from "./support/load.ts";
import {
  backendObject,
  envoyProxy,
  gateway,
  https,
  l4Route,
  route,
  tcp,
  tls,
  to,
  toBackend,
  udp,
  type ApiObject,
} from "./support/objects.ts";
import { askDatagram, askLine, openLine, startDatagramBackend, startLineBackend, type SocketBackend } from "./support/sockets.ts";
import { startWorld, until, type World } from "./support/world.ts";

const lines = ["a", "b"] as const;
let world: World;
let tlsPort: number;
let endedPort: number;
let port: number;
let own: StoryCertificate;
let foreign: StoryCertificate;
const started: SocketBackend[] = [];

const address = (name: string, { port: at }: SocketBackend): ApiObject =>
  backendObject(name, [{ ip: { address: "127.0.0.1", port: at } }]);

beforeAll(async () => {
  world = await startWorld();
  [tlsPort = 0, endedPort = 0, port = 0] = await freePorts(3);
  [own, foreign] = await Promise.all([makeCertificate("*.ended.example"), makeCertificate("backend.example")]);
  const backends = await Promise.all([
    ...lines.map((name) => startLineBackend(name)),
    ...lines.map((name) => startLineBackend(name, foreign)),
    ...lines.map((name) => startDatagramBackend(name)),
  ]);
  started.push(...backends);
  const kinds = ["line", "tls", "udp"];
  await world.apply("backends", [
    own.secret("own"),
    ...backends.map((backend, i) => address(`${kinds[Math.floor(i / 2)]}-${lines[i % 2]}`, backend)),
  ]);
  await world.apply("gateway", [
    gateway("eg", [
      https("https", tlsPort, "*.web.example", ["own"]),
      tls("passed", tlsPort, "*.passed.example", []),
      tls("any", tlsPort, undefined, []),
      tls("ended", endedPort, "*.ended.example", ["own"]),
      tcp("tcp", port),
      udp("udp", port),
    ]),
    route("web", { parents: [{ name: "eg", sectionName: "https" }], rules: [{ backendRefs: to("v1") }] }),
  ]);
}, 60_000);
afterAll(async () => {
  await world.stop();
  for (const backend of started) backend.close();
});
afterEach(() => world.apply("routes", []));

const passed = (name: string, hostnames: readonly string[], backend: string, listener = "passed"): ApiObject =>
  l4Route("TLSRoute", name, { listener, hostnames, backendRefs: [toBackend(`tls-${backend}`)] });
const ended = (name: string, hostnames: readonly string[], backend: string): ApiObject =>
  l4Route("TLSRoute", name, { listener: "ended", hostnames, backendRefs: [toBackend(`line-${backend}`)] });

const accepted = async (kind: string, name: string): Promise<string> => {
  const found = await world.object(kind, name);
  const { parents = [] } = (found?.status ?? {}) as {
    parents?: { conditions: { type: string; status: string; reason: string }[] }[];
  };
  const condition = parents[0]?.conditions.find(({ type }) => type === "Accepted");
  return `${condition?.status}/${condition?.reason}`;
};

test("TLS is passed through by server name, beside HTTPS on the same port; what no route has is closed", async () => {
  await world.apply("routes", [
    passed("one", ["one.passed.example"], "a"),
    passed("many", ["*.deep.passed.example"], "b"),
    passed("other", ["other.example"], "b", "any"),
  ]);
  const table = [
    ["one.passed.example", "a: hello"],
    ["ONE.passed.example", "a: hello"],
    ["x.deep.passed.example", "b: hello"],
    ["x.y.deep.passed.example", "b: hello"],
    ["other.example", "b: hello"],
    // The wildcard does not stand for itself, and the name is the listener's all the same: its neighbour does not get it.
    ["deep.passed.example", "closed"],
    ["two.passed.example", "closed"],
    ["unknown.example", "closed"],
    ["", "closed"],
  ] as const;
  expect(await Promise.all(table.map(async ([sni]) => [sni, await askLine(tlsPort, sni)]))).toEqual(table);
  const connection = openLine(tlsPort, "one.passed.example");
  await connection.say("hello");
  expect(connection.certificate()).toBe(foreign.fingerprint);
  connection.close();
  expect(await askLine(tlsPort)).toBe("closed"); // plain text
  const web = await ask(tlsPort, "a.web.example/", { sni: "a.web.example" });
  expect([short(web), web.certificate]).toEqual(["v1", own.fingerprint]);
});

test("TLS ends at the listener, and bytes go on by server name", async () => {
  await world.apply("routes", [
    ended("one", ["one.ended.example"], "a"),
    l4Route("TCPRoute", "rest", { listener: "ended", backendRefs: [toBackend("line-b")] }),
  ]);
  expect(await askLine(endedPort, "one.ended.example")).toBe("a: hello");
  expect(await askLine(endedPort, "two.ended.example")).toBe("b: hello");
  expect(await askLine(endedPort, "elsewhere.example")).toBe("closed");
  const connection = openLine(endedPort, "one.ended.example");
  await connection.say("hello");
  expect(connection.certificate()).toBe(own.fingerprint);
  connection.close();
});

test("TCP connections are shared by weight, and the share of a missing backend is closed, not given to others", async () => {
  await world.apply("routes", [
    l4Route("TCPRoute", "tcp", { listener: "tcp", backendRefs: to("v1*6", "v2*2", "missing*2", "v3*0") }),
  ]);
  const { v1 = 0, v2 = 0, v3 = 0, ...failed } = await shares(port, 1_000);
  expect(v3).toBe(0);
  expect(v1).toBeGreaterThan(500);
  expect(v2).toBeGreaterThan(120);
  const closed = Object.values(failed).reduce((sum, count) => sum + count, 0);
  expect(closed).toBeGreaterThan(120);
  expect(v1 + v2 + closed).toBe(1_000);
  expect(Object.keys(failed).filter((answer) => !answer.startsWith("failed"))).toEqual([]);
}, 30_000);

test("without a route, or with invalid backends only, a TCP connection is closed at once; a mended route serves", async () => {
  expect(await askLine(port)).toBe("closed");
  await world.apply("routes", [l4Route("TCPRoute", "tcp", { listener: "tcp", backendRefs: to("missing") })]);
  expect(await askLine(port)).toBe("closed");
  expect(await accepted("TCPRoute", "tcp")).toBe("True/Accepted");
  await world.apply("routes", [l4Route("TCPRoute", "tcp", { listener: "tcp", backendRefs: to("v1") })]);
  expect(short(await ask(port, "a.example/"))).toBe("v1");
});

test("of two TCPRoutes the older is served; when it goes, the other is", async () => {
  const tcpRoute = (name: string, backend: string, creationTimestamp: string): ApiObject => {
    const made = l4Route("TCPRoute", name, { listener: "tcp", backendRefs: to(backend) });
    return { ...made, metadata: { ...made.metadata, creationTimestamp } as ApiObject["metadata"] };
  };
  await world.apply("second", [tcpRoute("a-second", "v2", "2026-01-02T00:00:00Z")]);
  expect(short(await ask(port, "a.example/"))).toBe("v2");
  await world.apply("routes", [tcpRoute("z-first", "v1", "2026-01-01T00:00:00Z")]);
  expect(short(await ask(port, "a.example/"))).toBe("v1");
  expect(await accepted("TCPRoute", "a-second")).toBe("False/UnsupportedValue");
  await world.apply("routes", []);
  expect(short(await ask(port, "a.example/"))).toBe("v2");
  expect(await accepted("TCPRoute", "a-second")).toBe("True/Accepted");
  await world.remove("second");
});

test("datagrams and connections go their own ways under one port number", async () => {
  const udpRoute = (...names: readonly string[]): ApiObject =>
    l4Route("UDPRoute", "udp", { listener: "udp", backendRefs: names.map((name) => toBackend(`udp-${name}`)) });
  const tcpRoute = l4Route("TCPRoute", "tcp", { listener: "tcp", backendRefs: to("v1") });
  expect(await askDatagram(port, 300)).toBe("nothing");
  await world.apply("routes", [udpRoute("a"), tcpRoute]);
  expect(await askDatagram(port)).toBe("a: hello");
  expect(short(await ask(port, "a.example/"))).toBe("v1");
  await world.apply("routes", [udpRoute("b"), tcpRoute]);
  expect(await askDatagram(port)).toBe("b: hello");
  await world.apply("routes", [udpRoute("a", "b"), tcpRoute]);
  const answers = await Promise.all(Array.from({ length: 40 }, () => askDatagram(port)));
  expect([...new Set(answers)].toSorted()).toEqual(["a: hello", "b: hello"]);
  await world.apply("routes", [udpRoute("missing"), tcpRoute]);
  expect(await askDatagram(port, 300)).toBe("nothing");
});

test("a TCPRoute that changes under load fails no request", async () => {
  const tcpRoute = (...names: readonly string[]): ApiObject =>
    l4Route("TCPRoute", "tcp", { listener: "tcp", backendRefs: to(...names) });
  await world.apply("routes", [tcpRoute("v1")]);
  const load = startLoad({ port, lines: ["a.example/"] }, "v1");
  await load.served(50);
  for (let edit = 0; edit < 20; edit++) {
    await world.apply("routes", [edit % 2 === 0 ? tcpRoute("v1", "v1*2") : tcpRoute("v1")]);
    await load.served(20);
  }
  const { wrong, count } = await load.stop(1_000);
  expect(wrong).toEqual({});
  expect(count).toBeGreaterThanOrEqual(1_000);
}, 30_000);

test("an edited route ends its own connections when the time to drain is over, and routes beside it none", async () => {
  const hasty = await startWorld([]);
  const [at = 0] = await freePorts(1);
  const tlsRoute = (name: string, backend: string): ApiObject =>
    l4Route("TLSRoute", name, { listener: "ended", hostnames: [`${name}.example`], backendRefs: [toBackend(`line-${backend}`)] });
  try {
    await hasty.write("settings", [envoyProxy("quiet", { shutdown: { drainTimeout: "1s" } })]);
    await hasty.apply("backends", [own.secret("own"), ...lines.map((name, i) => address(`line-${name}`, started[i]!))]);
    await hasty.apply("gateway", [gateway("eg", [tls("ended", at, undefined, ["own"])])]);
    const mine = tlsRoute("mine", "a");
    const others = (edit: number): readonly ApiObject[] =>
      Array.from({ length: 1 + (edit % 3) }, (_, i) => tlsRoute(`other-${i}`, lines[edit % 2]!));
    await hasty.apply("routes", [mine, ...others(0)]);
    const [open, edited] = [openLine(at, "mine.example"), openLine(at, "other-0.example")];
    expect(await open.say("before")).toBe("a: before");
    expect(await edited.say("before")).toBe("a: before");
    for (let edit = 1; edit <= 10; edit++) {
      await hasty.apply("routes", [mine, ...others(edit)]);
      expect(await askLine(at, "other-0.example")).toBe(`${lines[edit % 2]}: hello`);
    }
    await until(async () => edited.ended || undefined, "the old chain is drained");
    expect(await open.say("after")).toBe("a: after");
    open.close();
  } finally {
    await hasty.stop();
  }
}, 60_000);
