// What GRPCRoutes promise to programs: a real client and real servers, unary calls and streams, in the clear, over TLS and from browsers.

import { readdir, readFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { freePorts } from "../testing/free-ports.ts";
import { type CallClient, callClient, type CallServer, startCallServer } from "./support/calls.ts";
import { makeCertificate, type StoryCertificate } from "./support/certificates.ts";
import { connect } from "./support/client.ts";
import { envoyProxy, extensionRef, gateway, http, https, object, route, routeFilter, service, to } from "./support/objects.ts";
import { startWorld, until, type World } from "./support/world.ts";

let world: World;
let port: number;
let secured: number;
let certificate: StoryCertificate;
const servers: Record<string, CallServer> = {};
const clients: CallClient[] = [];

beforeAll(async () => {
  world = await startWorld(["page"]);
  [port = 0, secured = 0] = await freePorts(2);
  certificate = await makeCertificate("calls.example");
  for (const name of ["s1", "s2", "s3"]) servers[name] = await startCallServer(name);
  servers["tls"] = await startCallServer("tls", certificate);
  const matches = [{ type: "RegularExpression", value: String.raw`cluster\..*\.grpc\..*` }];
  await world.write("settings", [envoyProxy("quiet", { telemetry: { accessLog: { disable: true }, metrics: { matches } } })]);
  await world.apply("gateway", [
    certificate.secret("certificate"),
    gateway("eg", [http("grpc", port), https("secured", secured, "calls.example", ["certificate"])]),
  ]);
  await world.apply(
    "services",
    Object.entries(servers).flatMap(([name, server]) => service(name, [server])),
  );
  await world.apply("more", service("empty", []));
}, 60_000);
afterAll(async () => {
  await world.stop();
  for (const server of Object.values(servers)) server.close();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await world.apply("routes", []);
});

function clientOf(toPort = port, host = "calls.example", trusted?: StoryCertificate): CallClient {
  const client = callClient(toPort, host, trusted);
  clients.push(client);
  return client;
}

const grpcRoute = (name: string, rules: readonly object[]) =>
  object("gateway.networking.k8s.io/v1", "GRPCRoute", name, { spec: { parentRefs: [{ name: "eg" }], rules } });
const rule = (backend: string, method?: object, headers?: readonly object[]) => ({
  matches: [{ ...(method && { method }), ...(headers && { headers }) }],
  backendRefs: to(backend),
});
const seen = (name: string) => servers[name]!.seen;

test("calls, streams and the errors of servers pass, in the clear and over TLS", async () => {
  await world.apply("routes", [grpcRoute("all", [{ backendRefs: to("s1") }])]);
  for (const client of [clientOf(), clientOf(secured, "calls.example", certificate)]) {
    expect(await client.say()).toBe("s1");
    expect(await client.call("/pkg.Echo/Fail")).toBe("NOT_FOUND: s1 has no such thing");
    expect(await client.count(3)).toEqual(["s1 1", "s1 2", "s1 3"]);
    const chat = client.chat();
    expect([await chat.say("one"), await chat.say("two"), await chat.end()]).toEqual(["one", "two", "OK"]);
  }
});

/** A page of the admin interface of the only Envoy. */
async function envoyPage(page: string): Promise<string> {
  const run = join(world.folder, ".state/run");
  const [instance = ""] = await readdir(run);
  return (await fetch(`http://${await readFile(join(run, instance, "admin"), "utf8")}${page}`)).text();
}

test("calls are counted by service and method, and no limit of time is set on them but the client's own", async () => {
  await world.apply("routes", [grpcRoute("counted", [rule("s2", { service: "pkg.Echo" })])]);
  const client = clientOf();
  await client.say();
  await client.say();
  await client.call("/pkg.Echo/Fail");
  const counted = async (name: string): Promise<number> => {
    const stats = await envoyPage(`/stats?filter=${encodeURIComponent(`s2.*grpc.pkg.Echo.${name}$`)}`);
    return Number(stats.split(": ")[1]);
  };
  expect([await counted("Say.success"), await counted("Fail.failure"), await counted("Fail.5")]).toEqual([2, 1, 1]);
  const routes = await envoyPage("/config_dump?resource=dynamic_route_configs");
  const [counting = ""] = /\{[^{}]*"cluster": "http2\/service\/default\/s2\/80"[^{}]*\}/.exec(routes) ?? [];
  expect(JSON.parse(counting)).toMatchObject({ timeout: "0s", idle_timeout: "0s" });
});

test("what the proxy itself answers has the status of gRPC", async () => {
  await world.apply("routes", [
    grpcRoute("answers", [
      rule("s1", { service: "pkg.Echo", method: "Say" }),
      rule("empty", { service: "pkg.Empty" }),
      rule("missing", { service: "pkg.Missing" }),
      { ...rule("s1", { service: "pkg.Extended" }), filters: [extensionRef("filter")] },
      rule("s1", { type: "RegularExpression", service: "pkg[.](Broken|Lost" }),
    ]),
    routeFilter("filter", { urlRewrite: { hostname: { type: "Backend" } } }),
  ]);
  const client = clientOf();
  const codes = ["Echo/Say", "Echo/Fail", "Empty/Any", "Missing/Any", "Extended/Any", "Lost/Any"].map(async (name) => {
    const answer = await client.call(`/pkg.${name}`);
    return answer.split(":")[0];
  });
  expect(await Promise.all(codes)).toEqual(["s1", "UNIMPLEMENTED", "UNAVAILABLE", "UNAVAILABLE", "UNAVAILABLE", "UNIMPLEMENTED"]);
});

test("a service ranks before a method, a method before headers, more headers before fewer, whatever their order", async () => {
  const a = { name: "a", value: "x" };
  const rules = [
    rule("s1"),
    rule("s2", undefined, [a]),
    rule("s3", undefined, [a, { name: "b", value: "y.*", type: "RegularExpression" }]),
    rule("s1", { method: "Say" }, [{ name: "c", value: "z" }]),
    rule("s2", { method: "Say" }),
    rule("s3", { service: "pkg.Echo" }, [{ name: "d", value: "z" }]),
  ];
  for (const order of [rules, rules.toReversed()]) {
    await world.apply("routes", [grpcRoute("ranks", order)]);
    const client = clientOf();
    expect([
      await client.say(),
      await client.say({ a: "x", b: "yes" }),
      await client.say({ c: "z" }),
      await client.say({ c: "z", d: "z" }),
    ]).toEqual(["s2", "s2", "s1", "s3"]);
    const others: readonly Record<string, string>[] = [
      {},
      { a: "x" },
      { a: "x", b: "yes" },
      { a: "x", b: "no" },
      { A: "x" },
      { a: "X" },
    ];
    const got = others.map(async (headers) =>
      (await client.call("/pkg.Echo/Fail", headers)).slice("NOT_FOUND: ".length, -" has no such thing".length),
    );
    expect(await Promise.all(got)).toEqual(["s1", "s2", "s3", "s2", "s2", "s1"]);
  }
});

test("calls are shared by weight, call by call on one connection, and none goes to weight 0", async () => {
  await world.apply("routes", [grpcRoute("weights", [{ backendRefs: to("s1*70", "s2*30", "s3*0") }])]);
  const client = clientOf();
  const counts: Record<string, number> = { s1: 0, s2: 0 };
  for (const name of await Promise.all(Array.from({ length: 600 }, () => client.say()))) counts[name] = (counts[name] ?? 0) + 1;
  expect(Object.keys(counts).toSorted()).toEqual(["s1", "s2"]);
  // Five standard deviations: wrong once in two million runs.
  expect(Math.abs(counts["s1"]! - 420)).toBeLessThan(57);
});

test("filters edit headers for a rule or for one backend, and answers' too", async () => {
  const set = (name: string) => ({ type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name, value: "yes" }] } });
  await world.apply("routes", [
    grpcRoute("filters", [
      {
        ...rule("s1", { method: "Say" }),
        filters: [
          { ...set("x-rule"), requestHeaderModifier: { set: [{ name: "x-rule", value: "yes" }], remove: ["X-Secret"] } },
          { type: "ResponseHeaderModifier", responseHeaderModifier: { add: [{ name: "x-answer", value: "yes" }] } },
        ],
        backendRefs: to("s1").map((ref) => ({ ...ref, filters: [set("x-backend-ref")] })),
      },
    ]),
  ]);
  const { answer, metadata: answered } = await clientOf().exchange("/pkg.Echo/Say", { "x-secret": "no", "x-rule": "no" });
  expect([answer, answered["x-answer"]]).toEqual(["s1", "yes"]);
  const { metadata } = seen("s1").at(-1)!;
  expect([metadata["x-rule"], metadata["x-backend-ref"], metadata["x-secret"]]).toEqual(["yes", "yes", undefined]);
});

test("a mirror gets all, a share or none of the calls, and its answers go nowhere", async () => {
  const mirror = (share: object) => {
    const filter = { type: "RequestMirror", requestMirror: { backendRef: to("s2")[0], ...share } };
    return world.apply("routes", [grpcRoute("mirror", [{ ...rule("s1"), filters: [filter] }])]);
  };
  const round = async (name: string, calls: number): Promise<void> => {
    const client = clientOf();
    const said = await Promise.all(Array.from({ length: calls }, () => client.say({ round: name })));
    expect(new Set(said)).toEqual(new Set(["s1"]));
  };
  const heard = (name: string) => seen("s2").filter(({ metadata }) => metadata["round"] === name).length;
  const hears = (name: string, least: number) =>
    until(async () => (heard(name) >= least ? true : undefined), `the mirror has heard ${least} of round ${name}`);

  await mirror({ percent: 0 });
  await round("none", 20);
  await mirror({ fraction: { numerator: 1, denominator: 2 } });
  await round("half", 100);
  await hears("half", 20);
  await mirror({});
  await round("all", 20);
  await hears("all", 20);
  expect(heard("none")).toBe(0);
  expect(heard("half")).toBeLessThan(80);
});

test("a header keeps its client at one of several servers", async () => {
  const sessionPersistence = { type: "Header", sessionName: "x-session" };
  await world.apply("routes", [grpcRoute("sticky", [{ backendRefs: to("s1", "s2"), sessionPersistence }])]);
  const client = clientOf();
  const found = new Map<string, string>();
  for (let calls = 0; calls < 60 && found.size < 2; calls++) {
    const { answer, metadata } = await client.exchange("/pkg.Echo/Say");
    found.set(answer, String(metadata["x-session"]));
  }
  expect([...found.keys()].toSorted()).toEqual(["s1", "s2"]);
  for (const [name, session] of found) {
    const again = Array.from({ length: 20 }, () => client.say({ "x-session": session }));
    expect(new Set(await Promise.all(again))).toEqual(new Set([name]));
  }
});

test("the first GRPCRoute of a listener, and the last that goes, end no connection and no stream beside them", async () => {
  await world.apply("pages", [route("page", { hostnames: ["page.example"], rules: [{ backendRefs: to("page") }] })]);
  const page = connect(`http://127.0.0.1:${port}`);
  expect(await page.ask("page.example/")).toBe("page");
  await world.apply("routes", [grpcRoute("first", [rule("s1")])]);
  const chat = clientOf().chat();
  expect(await chat.say("one")).toBe("one");
  await world.apply("routes", [grpcRoute("first", [rule("s1")]), grpcRoute("second", [rule("s2", { service: "pkg.Other" })])]);
  expect(await chat.say("two")).toBe("two");
  await world.apply("routes", []);
  expect(await chat.say("three")).toBe("three");
  expect(await page.ask("page.example/")).toBe("page");
  expect(page.ended()).toBe(false);
  expect(await chat.end()).toBe("OK");
  page.close();
  await world.apply("pages", []);
});

/** A call of a browser: gRPC-Web over HTTP/1.1. The parts of the body are frames: 0 a message, 128 the trailers. */
function webCall(host: string, path: string): Promise<{ readonly type: string; readonly frames: readonly string[] }> {
  const frame = Buffer.from([0, 0, 0, 0, 0]); // an empty message
  const headers = { host, "content-type": "application/grpc-web+proto", "x-grpc-web": "1" };
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port, path, method: "POST", headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        resolve({ type: String(response.headers["content-type"]), frames: framesOf(Buffer.concat(chunks)) });
      });
    });
    request.on("error", reject).end(frame);
  });
}

function framesOf(body: Buffer): readonly string[] {
  const frames: string[] = [];
  for (let at = 0; at < body.length; at += 5 + body.readUInt32BE(at + 1)) {
    frames.push(
      `${body[at]} ${body
        .subarray(at + 5, at + 5 + body.readUInt32BE(at + 1))
        .toString()
        .trim()}`,
    );
  }
  return frames;
}

test("browsers call by gRPC-Web over HTTP/1.1, on GRPCRoutes only", async () => {
  await world.apply("routes", [
    grpcRoute("web", [rule("s1", { service: "pkg.Echo" })]),
    route("page", { hostnames: ["page.example"], rules: [{ backendRefs: to("page") }] }),
  ]);
  const { type, frames } = await webCall("calls.example", "/pkg.Echo/Say");
  expect(type).toBe("application/grpc-web+proto");
  expect(frames[0]).toBe("0 s1");
  expect(frames[1]).toMatch(/^128 grpc-status:\s*0/);
  expect(seen("s1").at(-1)!.metadata["content-type"] ?? "").not.toMatch(/web/);
  const asked = await webCall("page.example", "/pkg.Echo/Say").catch(() => undefined);
  expect(asked?.type ?? "application/json").toBe("application/json");
  expect(world.backends["page"]!.seen.at(-1)!.headers["content-type"]).toBe("application/grpc-web+proto");
});

test("a server that speaks TLS is called over HTTP/2 by ALPN, with the checks of its policy", async () => {
  const policy = (hostname: string) =>
    object("gateway.networking.k8s.io/v1", "BackendTLSPolicy", "tls", {
      spec: {
        targetRefs: [{ group: "", kind: "Service", name: "tls" }],
        validation: { hostname, caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "ca" }] },
      },
    });
  const ca = object("v1", "ConfigMap", "ca", { data: { "ca.crt": certificate.pem.cert } });
  await world.apply("routes", [ca, policy("calls.example"), grpcRoute("tls", [rule("tls")])]);
  expect(await clientOf().say()).toBe("tls");
  await world.apply("routes", [ca, policy("other.example"), grpcRoute("tls", [rule("tls")])]);
  expect((await clientOf().say()).split(":")[0]).toBe("UNAVAILABLE");
});
