// How traffic is spread and limited: weights, mirrors, timeouts, retries, sessions, upgrades, HTTP/2 backends.

import { ask, askHttp2, askWebSocket, shares, short } from "./support/client.ts";
import { backendObject, gateway, http, path, route, service, to, toBackend } from "./support/objects.ts";
import { freePorts } from "../testing/free-ports.ts";
import { startWorld, until, type World } from "./support/world.ts";

let world: World;
let port: number;

beforeAll(async () => {
  world = await startWorld();
  [port = 0] = await freePorts(1);
  await world.apply("gateway", [gateway("eg", [http("http", port)])]);
}, 60_000);
afterAll(() => world.stop());
afterEach(() => world.apply("routes", []));

test("backends get their share by weight, and none with weight 0", async () => {
  await world.apply("routes", [route("weights", { rules: [{ backendRefs: to("v1*70", "v2*30", "v3*0") }] })]);
  const counts = await shares(port, 1_000);
  expect(Object.keys(counts).toSorted()).toEqual(["v1", "v2"]);
  // Six standard deviations: a right split fails once in 500 million runs.
  expect(Math.abs((counts["v1"] ?? 0) - 700)).toBeLessThan(87);
});

test("weights may be large, and a rule whose weights are all 0 answers 500", async () => {
  await world.apply("routes", [
    route("weights", {
      rules: [
        { matches: [path("PathPrefix", "/large")], backendRefs: to("v1*1000000", "v2*1000000") },
        { matches: [path("PathPrefix", "/zero")], backendRefs: to("v1*0", "v2*0") },
      ],
    }),
  ]);
  const counts = await shares(port, 200, "a.example/large");
  expect(Object.keys(counts).toSorted()).toEqual(["v1", "v2"]);
  expect(short(await ask(port, "a.example/zero"))).toBe("500");
});

test("the headers that a backendRef sets go to its backend alone", async () => {
  const named = (name: string) => ({
    ...to(`${name}*50`)[0],
    filters: [
      { type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "Backend", value: name }] } },
      { type: "ResponseHeaderModifier", responseHeaderModifier: { set: [{ name: "Via-Backend", value: name }] } },
    ],
  });
  await world.apply("routes", [route("weights", { rules: [{ backendRefs: [named("v1"), named("v2")] }] })]);
  const all = await Promise.all(Array.from({ length: 100 }, () => ask(port, "a.example/")));
  for (const { seen, headers } of all) {
    expect([seen?.headers["backend"], headers["via-backend"]]).toEqual([seen?.backend, seen?.backend]);
  }
  expect(new Set(all.map(({ seen }) => seen?.backend))).toEqual(new Set(["v1", "v2"]));
});

const mirror = (name: string, rest: object = {}) => ({
  type: "RequestMirror",
  requestMirror: { backendRef: to(name)[0], ...rest },
});
const forget = (): void => Object.values(world.backends).forEach(({ seen }) => void seen.splice(0));
const seenAt = (name: string) => world.backends[name]!.seen;

test("a mirror sees the request with its edits; its answer goes nowhere", async () => {
  forget();
  const set = { type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "x-set", value: "1" }] } };
  await world.apply("routes", [
    route("mirrors", {
      rules: [
        { matches: [path("PathPrefix", "/one")], filters: [mirror("v2"), set], backendRefs: to("v1") },
        { matches: [path("PathPrefix", "/two")], filters: [mirror("v2"), mirror("v3")], backendRefs: to("v1") },
      ],
    }),
  ]);
  expect(short(await ask(port, "POST a.example/one?status=500", { body: "text" }))).toBe("500 v1");
  await until(async () => seenAt("v2")[0], "the mirror sees it");
  const { method, path: asked, host, headers, body } = seenAt("v2")[0]!;
  expect({ method, asked, host, body, set: headers["x-set"] }).toEqual({
    method: "POST",
    asked: "/one?status=500",
    host: "a.example",
    body: "text",
    set: "1",
  });
  forget();
  expect(short(await ask(port, "a.example/two"))).toBe("v1");
  await until(async () => seenAt("v2")[0] && seenAt("v3")[0], "both mirrors see it");
  expect(["v1", "v2", "v3"].map((name) => seenAt(name).length)).toEqual([1, 1, 1]);
});

test("a mirror gets the percentage or fraction of requests that it should", async () => {
  forget();
  await world.apply("routes", [
    route("mirrors", {
      rules: [
        {
          filters: [mirror("v2", { percent: 20 }), mirror("v3", { fraction: { numerator: 25, denominator: 50 } })],
          backendRefs: to("v1"),
        },
      ],
    }),
  ]);
  expect(await shares(port, 1_000)).toEqual({ v1: 1_000 });
  await ask(port, "a.example/last");
  // Six standard deviations.
  expect(Math.abs(seenAt("v2").length - 200)).toBeLessThan(76);
  expect(Math.abs(seenAt("v3").length - 500)).toBeLessThan(95);
});

test("a request that takes longer than its limit, or one try longer than its own, is answered 504", async () => {
  await world.apply("routes", [
    route("timeouts", {
      rules: [
        { matches: [path("PathPrefix", "/request")], timeouts: { request: "300ms" }, backendRefs: to("v1") },
        { matches: [path("PathPrefix", "/backend")], timeouts: { backendRequest: "300ms" }, backendRefs: to("v1") },
        { matches: [path("PathPrefix", "/both")], timeouts: { request: "5s", backendRequest: "300ms" }, backendRefs: to("v1") },
        { matches: [path("PathPrefix", "/none")], timeouts: { request: "0s" }, backendRefs: to("v1") },
      ],
    }),
  ]);
  const table = [
    ["/request?delay=900", "504"],
    ["/request", "v1"],
    ["/backend?delay=900", "504"],
    ["/backend", "v1"],
    ["/both?delay=900", "504"],
    ["/none?delay=900", "v1"],
  ];
  expect(await Promise.all(table.map(async ([asked]) => [asked, short(await ask(port, `a.example${asked}`))]))).toEqual(table);
});

test("failed tries are retried as often as asked, for the codes asked, within the request's limit", async () => {
  forget();
  const retry = (codes: readonly number[], attempts: number) => ({ retry: { codes, attempts, backoff: "10ms" } });
  await world.apply("routes", [
    route("retries", {
      rules: [
        { matches: [path("PathPrefix", "/retry")], ...retry([503], 3), backendRefs: to("v1") },
        { matches: [path("PathPrefix", "/other")], ...retry([500], 3), backendRefs: to("v1") },
        {
          matches: [path("PathPrefix", "/slow")],
          ...retry([500], 2),
          timeouts: { request: "3s", backendRequest: "200ms" },
          backendRefs: to("v1"),
        },
        { matches: [path("PathPrefix", "/plain")], backendRefs: to("v1") },
      ],
    }),
  ]);
  const tries = async (asked: string): Promise<[string, number]> => {
    forget();
    const answer = short(await ask(port, `a.example${asked}`));
    return [answer, seenAt("v1").length];
  };
  expect(await tries("/retry/two?fail=2")).toEqual(["v1", 3]);
  expect(await tries("/retry/all?fail=99")).toEqual(["503 v1", 4]);
  expect(await tries("/other?fail=99")).toEqual(["503 v1", 1]);
  expect(await tries("/other?status=500")).toEqual(["500 v1", 4]);
  expect(await tries("/plain?fail=99")).toEqual(["503 v1", 1]);
  expect(await tries("/slow?delay=900")).toEqual(["504", 3]);
});

const three = (): Parameters<typeof service>[1] => ["v1", "v2", "v3"].map((name) => world.backends[name]!);

test("a cookie keeps its client at one endpoint of several backends, and only its client", async () => {
  await world.apply("routes", [
    ...service("all", three()),
    route("sessions", {
      rules: [
        {
          matches: [path("PathPrefix", "/one")],
          sessionPersistence: { type: "Cookie", sessionName: "stick" },
          backendRefs: to("all"),
        },
        {
          matches: [path("PathPrefix", "/two")],
          sessionPersistence: {
            type: "Cookie",
            sessionName: "two",
            absoluteTimeout: "1h",
            cookieConfig: { lifetimeType: "Permanent" },
          },
          backendRefs: to("v1", "v2"),
        },
      ],
    }),
  ]);
  for (const [value, name, lifetime] of [
    ["/one", "stick", false],
    ["/two", "two", true],
  ] as const) {
    const first = await ask(port, `a.example${value}`);
    const [cookie = ""] = first.headers["set-cookie"] ?? [];
    expect([value, cookie.startsWith(`${name}=`), /max-age=3600/i.test(cookie), /path=\/(one|two)/i.test(cookie)]).toEqual([
      value,
      true,
      lifetime,
      true,
    ]);
    const pinned = await Promise.all(
      Array.from({ length: 30 }, () => ask(port, `a.example${value} | Cookie: ${cookie.split(";")[0]}`)),
    );
    expect(new Set(pinned.map(short))).toEqual(new Set([short(first)]));
    const free = await Promise.all(Array.from({ length: 60 }, () => ask(port, `a.example${value}`)));
    expect(new Set(free.map(short)).size).toBeGreaterThan(1);
  }
});

test("a header keeps its client at one endpoint", async () => {
  await world.apply("routes", [
    ...service("all", three()),
    route("sessions", { rules: [{ sessionPersistence: { type: "Header", sessionName: "x-session" }, backendRefs: to("all") }] }),
  ]);
  const first = await ask(port, "a.example/");
  const session = String(first.headers["x-session"]);
  const pinned = await Promise.all(Array.from({ length: 30 }, () => ask(port, `a.example/ | x-session: ${session}`)));
  expect(new Set(pinned.map(short))).toEqual(new Set([short(first)]));
});

test("a WebSocket passes through, by any backend, at once", async () => {
  await world.apply("routes", [
    ...service("ws", [world.backends["v2"]!], "kubernetes.io/ws"),
    route("sockets", { rules: [{ matches: [path("PathPrefix", "/ws")], backendRefs: to("ws") }, { backendRefs: to("v1") }] }),
  ]);
  expect(await askWebSocket(port, "a.example/ws", "hello")).toBe("v2: hello");
  expect(await askWebSocket(port, "a.example/other", "hello")).toBe("v1: hello");
});

test("HTTP/2 goes in without TLS, and out to a backend that says it speaks it", async () => {
  const h2c = world.backends["h2c"] ?? (await world.addBackend("h2c", { protocol: "h2c" }));
  await world.apply("routes", [
    ...service("h2c", [h2c], "kubernetes.io/h2c"),
    backendObject("h2c", [{ ip: { address: "127.0.0.1", port: h2c.port } }], { appProtocols: ["gateway.envoyproxy.io/h2c"] }),
    route("h2", {
      rules: [
        { matches: [path("PathPrefix", "/service")], backendRefs: to("h2c") },
        { matches: [path("PathPrefix", "/backend")], backendRefs: [toBackend("h2c")] },
        { backendRefs: to("v1") },
      ],
    }),
  ]);
  expect(await askHttp2(`http://127.0.0.1:${port}`, ["a.example/service", "a.example/", "a.example/backend"])).toEqual([
    "h2c",
    "v1",
    "h2c",
  ]);
  const { seen } = await ask(port, "a.example/service");
  expect([seen?.backend, seen?.version]).toEqual(["h2c", "2.0"]);
});
