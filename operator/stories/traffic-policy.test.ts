// What a BackendTrafficPolicy promises, seen at both ends of a real Envoy.

import { Agent } from "node:http";
import { freePorts } from "../testing/free-ports.ts";
import { ask } from "./support/client.ts";
import { gateway, http, object, path, route, service, to } from "./support/objects.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
let port: number;

beforeAll(async () => {
  world = await startWorld(["v1", "v2", "v3"]);
  [port = 0] = await freePorts(1);
  const { v1, v2, v3 } = world.backends;
  await world.apply("gateway", [gateway("eg", [http("http", port)]), ...service("all", [v1!, v2!, v3!])]);
}, 60_000);
afterAll(() => world.stop());

const policy = (name: string, routeName: string, spec: object) =>
  object("gateway.envoyproxy.io/v1alpha1", "BackendTrafficPolicy", name, {
    spec: { targetRefs: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", name: routeName }], ...spec },
  });

/** Routes "under" and "beside" at /under and /beside; the policy is for the first. */
const under = (spec: object, service = "v1") => [
  route("under", { rules: [{ matches: [path("PathPrefix", "/under")], backendRefs: to(service) }] }),
  route("beside", { rules: [{ matches: [path("PathPrefix", "/beside")], backendRefs: to(service) }] }),
  policy("policy", "under", spec),
];

const get = (line: string, agent?: Agent) => ask(port, `GET a.example${line}`, agent === undefined ? {} : { agent });

test("a request that takes too long is cut", async () => {
  await world.apply("routes", under({ timeout: { http: { requestTimeout: "200ms" } } }));
  expect([(await get("/under?delay=800")).status, (await get("/beside?delay=800")).status]).toEqual([504, 200]);
});

test("a request that fails is tried again, as often as the policy says", async () => {
  await world.apply(
    "routes",
    under({ retry: { numRetries: 3, perRetry: { backOff: { baseInterval: "1ms", maxInterval: "2ms" } } } }),
  );
  const answers = [await get("/under/1?fail=3"), await get("/under/2?fail=5"), await get("/beside/1?fail=1")];
  expect(answers.map(({ status }) => status)).toEqual([200, 503, 503]);
});

const sticky: readonly (readonly [name: string, hash: object, one: string])[] = [
  ["a header", { type: "Headers", headers: [{ name: "x-user" }] }, " | x-user: "],
  ["a parameter", { type: "QueryParams", queryParams: [{ name: "user" }] }, ""],
  ["a cookie", { type: "Cookie", cookie: { name: "user" } }, " | cookie: user="],
];
for (const [name, consistentHash, header] of sticky) {
  test(`requests of equal hash by ${name} go to one backend, others to others`, async () => {
    await world.apply("routes", under({ loadBalancer: { type: "ConsistentHash", consistentHash } }, "all"));
    const backends = new Map<string, Set<string>>();
    for (let round = 0; round < 3; round++) {
      for (let user = 0; user < 20; user++) {
        const { headers } = await get(header === "" ? `/under?user=u${user}` : `/under${header}u${user}`);
        const seen = backends.get(`u${user}`) ?? new Set();
        backends.set(`u${user}`, seen.add(String(headers["x-backend"])));
      }
    }
    expect([...backends.values()].every(({ size }) => size === 1)).toBe(true);
    expect(new Set([...backends.values()].flatMap((each) => [...each])).size).toBe(3);
  });
}

test("a client without the cookie of a hash is given one", async () => {
  const cookie = { name: "user", ttl: "60s", attributes: { SameSite: "Strict" } };
  const consistentHash = { type: "Cookie", cookie };
  await world.apply("routes", under({ loadBalancer: { type: "ConsistentHash", consistentHash } }, "all"));
  const { headers } = await get("/under");
  expect(String(headers["set-cookie"])).toMatch(/^user="[0-9a-f]+"; Max-Age=60; SameSite=Strict; HttpOnly$/);
});

test("requests beyond the limit of a circuit breaker are refused, those of other routes to the same backend are not", async () => {
  const circuitBreaker = { maxConnections: 1, maxPendingRequests: 1, maxParallelRequests: 1 };
  await world.apply("routes", under({ circuitBreaker }));
  const statuses = async (prefix: string) => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => get(`${prefix}?delay=500`)));
    return new Set(answers.map(({ status }) => status));
  };
  expect([await statuses("/under"), await statuses("/beside")]).toEqual([new Set([200, 503]), new Set([200])]);
});

test("a backend that only fails is ejected", async () => {
  const passive = { consecutive5XxErrors: 2, interval: "100ms", baseEjectionTime: "60s", maxEjectionPercent: 100 };
  await world.apply("routes", under({ healthCheck: { passive, panicThreshold: 0 } }));
  for (let i = 0; i < 3; i++) await get("/under?status=500");
  const ejected = await get("/under");
  expect([ejected.status, ejected.body, (await get("/beside")).status]).toEqual([503, "no healthy upstream", 200]);
});

test("a backend that does not pass its checks gets no requests; it is asked for the route's host", async () => {
  const check = (status: number) => ({
    type: "HTTP",
    interval: "50ms",
    timeout: "1s",
    http: { path: `/health?status=${status}` },
  });
  const spec = (status: number) => ({ healthCheck: { active: { ...check(status), unhealthyThreshold: 1 }, panicThreshold: 0 } });
  const hostnames = ["checked.example"];
  const rules = [{ matches: [path("PathPrefix", "/")], backendRefs: to("v2") }];
  await world.apply("routes", [route("under", { hostnames, rules }), policy("policy", "under", spec(204))]);
  const ill = () => ask(port, "GET checked.example/");
  await expect(eventually(async () => (await ill()).status)).resolves.toBe(503);
  await world.apply("routes", [route("under", { hostnames, rules }), policy("policy", "under", spec(200))]);
  expect((await ill()).status).toBe(200);
  const asked = world.backends["v2"]!.seen.filter(({ path: each }) => each.startsWith("/health"));
  expect(new Set(asked.map(({ host }) => host))).toEqual(new Set(["checked.example"]));
});

test("faults are made for the requests of the route, and for no others", async () => {
  await world.apply("routes", under({ faultInjection: { abort: { httpStatus: 418 }, delay: { fixedDelay: "100ms" } } }));
  const before = Date.now();
  expect((await get("/under")).status).toBe(418);
  expect(Date.now() - before).toBeGreaterThanOrEqual(100);
  expect((await get("/beside")).status).toBe(200);
});

test("answers are compressed as the client takes them", async () => {
  const compressor = [
    { type: "Gzip", gzip: {} },
    { type: "Brotli", brotli: {} },
    { type: "Zstd", zstd: {} },
  ];
  await world.apply("routes", under({ compressor }));
  const encodingOf = async (where: string, encoding: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${where}`, { headers: { "accept-encoding": encoding } });
    await answer.body?.cancel();
    return answer.headers.get("content-encoding");
  };
  const encodings: unknown[] = [];
  for (const encoding of ["gzip", "br", "zstd", "identity"]) encodings.push(await encodingOf("/under", encoding));
  encodings.push(await encodingOf("/beside", "gzip"));
  expect(encodings).toEqual(["gzip", "br", "zstd", null, null]);
});

test("a body beyond the buffer is refused", async () => {
  await world.apply("routes", under({ requestBuffer: { limit: "1Ki" } }));
  const post = (line: string, length: number) => ask(port, `POST a.example${line}`, { body: "x".repeat(length) });
  const answers = [await post("/under", 2000), await post("/under", 1000), await post("/beside", 2000)];
  expect(answers.map(({ status }) => status)).toEqual([413, 200, 200]);
});

test("a local limit lets through what it says: each user twice, of the others three", async () => {
  const rules = [
    { limit: { requests: 3, unit: "Minute" } },
    { clientSelectors: [{ headers: [{ name: "x-user", type: "Distinct" }] }], limit: { requests: 2, unit: "Hour" } },
  ];
  await world.apply("routes", under({ rateLimit: { local: { rules } } }));
  const statuses: number[] = [];
  for (const line of ["", "", "", "", ...Array<string>(3).fill(" | x-user: a"), ...Array<string>(3).fill(" | x-user: b")]) {
    statuses.push((await get(`/under${line}`)).status);
  }
  expect(statuses).toEqual([200, 200, 200, 429, 200, 200, 429, 200, 200, 429]);
  expect((await get("/beside")).status).toBe(200);
});

test("a local limit counts by method, path, parameter and address of the client", async () => {
  const once = { requests: 1, unit: "Hour" };
  const rules = [
    { clientSelectors: [{ methods: [{ value: "PUT" }, { value: "DELETE" }] }], limit: once },
    { clientSelectors: [{ path: { value: "/under/limited" } }], limit: once },
    { clientSelectors: [{ queryParams: [{ name: "q", value: "1" }] }], limit: once },
    { clientSelectors: [{ sourceCIDR: { value: "127.0.0.0/8" }, headers: [{ name: "x-local", value: "1" }] }], limit: once },
  ];
  await world.apply("routes", under({ rateLimit: { local: { rules } } }));
  const lines = [
    ["PUT a.example/under", "DELETE a.example/under", "a.example/under"],
    ["a.example/under/limited?a", "a.example/under/limited/b", "a.example/under/limitedness"],
    ["a.example/under?q=1", "a.example/under?q=1", "a.example/under?q=2"],
    ["a.example/under | x-local: 1", "a.example/under | x-local: 1", "a.example/under"],
  ];
  for (const three of lines) {
    const statuses: number[] = [];
    for (const line of three) statuses.push((await ask(port, line)).status);
    expect([three, statuses]).toEqual([three, [200, 429, 200]]);
  }
});

test("a backend's answers are replaced by status code", async () => {
  const responseOverride = [
    {
      match: { statusCodes: [{ value: 404 }, { type: "Range", range: { start: 410, end: 412 } }] },
      response: {
        statusCode: 200,
        contentType: "text/plain",
        body: { inline: "Nothing here." },
        header: { set: [{ name: "x-set", value: "1" }] },
      },
    },
    {
      match: { statusCodes: [{ value: 503 }] },
      redirect: { scheme: "http", hostname: "a.example", path: { type: "ReplaceFullPath", replaceFullPath: "/beside" } },
    },
  ];
  await world.apply("routes", under({ responseOverride }));
  const gone = await get("/under?status=411");
  expect([gone.status, gone.body, gone.headers["content-type"], gone.headers["x-set"]]).toEqual([
    200,
    "Nothing here.",
    "text/plain",
    "1",
  ]);
  await get("/beside?fail=1");
  const moved = await get("/under?fail=1");
  // As in Envoy Gateway it is the proxy that goes there, and the client sees what it found.
  expect([moved.status, moved.seen?.path]).toEqual([200, "/beside?fail=1"]);
  expect([(await get("/under?status=413")).status, (await get("/beside?status=411")).status]).toEqual([413, 411]);
});

test("a policy that cannot be honoured: its route answers 500, and no other", async () => {
  await world.apply(
    "routes",
    under({ loadBalancer: { type: "ConsistentHash", consistentHash: { type: "SourceIP", tableSize: 100 } } }),
  );
  expect([(await get("/under")).status, (await get("/beside")).status]).toEqual([500, 200]);
  expect(JSON.stringify((await world.object("BackendTrafficPolicy", "policy"))?.status)).toContain("must be a prime number");
});

test("an edit of a policy ends no connection of a client", async () => {
  await world.apply("routes", under({ timeout: { http: { requestTimeout: "5s" } } }));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const reused: boolean[] = [];
  const ports = new Set<number>();
  agent.on("free", (socket: { readonly localPort?: number }) => ports.add(socket.localPort ?? 0));
  reused.push((await get("/under", agent)).status === 200);
  await world.apply("routes", under({ circuitBreaker: { maxConnections: 10 }, retry: {} }));
  reused.push((await get("/under", agent)).status === 200);
  await world.apply("routes", under({}));
  reused.push((await get("/under", agent)).status === 200);
  agent.destroy();
  expect([reused, ports.size]).toEqual([[true, true, true], 1]);
});

/** Asks until the answer is not 200, for at most five seconds. */
async function eventually(status: () => Promise<number>): Promise<number> {
  const until = Date.now() + 5000;
  for (;;) {
    const found = await status();
    if (found !== 200 || Date.now() > until) return found;
  }
}
