// What GRPCRoutes promise: calls by service, method and headers, over HTTP/2 to backends that do not say they speak it.

import { freePorts } from "../testing/free-ports.ts";
import { ask, short } from "./support/client.ts";
import { call } from "./support/grpc.ts";
import { gateway, http, object, path, route, service, to } from "./support/objects.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
let port: number;
let named: number;

beforeAll(async () => {
  world = await startWorld();
  [port = 0, named = 0] = await freePorts(2);
  const one = await world.addBackend("g1", { protocol: "h2c" });
  const two = await world.addBackend("g2", { protocol: "h2c" });
  await world.apply("gateway", [gateway("eg", [http("grpc", port), http("named", named, "*.example.com")])]);
  await world.apply("services", [...service("g1", [one]), ...service("g2", [two])]);
}, 60_000);
afterAll(() => world.stop());
afterEach(() => world.apply("routes", []));

const grpcRoute = (name: string, rules: readonly object[], hostnames?: readonly string[]) =>
  object("gateway.networking.k8s.io/v1", "GRPCRoute", name, {
    spec: { parentRefs: [{ name: "eg" }], ...(hostnames && { hostnames }), rules },
  });
const rule = (backend: string, method?: object, headers?: readonly object[]) => ({
  matches: [{ ...(method && { method }), ...(headers && { headers }) }],
  backendRefs: to(backend),
});

async function calls(table: readonly (readonly [method: string, want: string])[]): Promise<(readonly [string, string])[]> {
  return Promise.all(table.map(async ([method]) => [method, await call(port, "a.example", method)] as const));
}

test("calls go by service and method, exact or by regular expression; others are unimplemented", async () => {
  await world.apply("routes", [
    grpcRoute("methods", [
      rule("g1", { service: "pkg.Echo", method: "Say" }),
      rule("g2", { service: "pkg.Whole" }),
      rule("g1", { method: "Anywhere" }),
      rule("g2", { type: "RegularExpression", service: "re[.].*", method: "Get|List" }),
    ]),
  ]);
  const table = [
    ["/pkg.Echo/Say", "g1"],
    ["/pkg.Echo/Says", "status 12"],
    ["/pkg.Whole/One", "g2"],
    ["/pkg.Whole/Two", "g2"],
    ["/pkg.WholeOther/One", "status 12"],
    ["/some.Service/Anywhere", "g1"],
    ["/re.A/List", "g2"],
    ["/re.A/ListAll", "status 12"],
    ["/re.A/Forget", "status 12"],
  ] as const;
  expect(await calls(table)).toEqual(table);
});

test("headers decide between rules of one method", async () => {
  await world.apply("routes", [
    grpcRoute("headers", [
      rule("g1", undefined, [{ name: "version", value: "one" }]),
      rule("g2", undefined, [{ name: "version", value: "t.o", type: "RegularExpression" }]),
    ]),
  ]);
  const version = (value: string) => call(port, "a.example", "/any.Service/Any", { version: value });
  expect([await version("one"), await version("two"), await version("three")]).toEqual(["g1", "g2", "status 12"]);
});

test("a route serves the hosts that it shares with its listener", async () => {
  await world.apply("routes", [grpcRoute("hosts", [rule("g1")], ["a.example.com", "a.example.org"])]);
  expect(await call(named, "a.example.com", "/s/M")).toBe("g1");
  expect(await call(named, "b.example.com", "/s/M")).toBe("status 12");
  expect(await call(port, "a.example.org", "/s/M")).toBe("g1");
});

test("a route without a valid backend is unavailable, and so is the share of an invalid one", async () => {
  await world.apply("routes", [
    grpcRoute("broken", [
      rule("missing", { service: "whole" }),
      { ...rule("g1", { service: "share" }), backendRefs: to("g1*0", "missing", "g2*0") },
      rule("g2", { service: "fine" }),
    ]),
  ]);
  const table = [
    ["/whole/M", "status 14"],
    ["/share/M", "status 14"],
    ["/fine/M", "g2"],
  ] as const;
  expect(await calls(table)).toEqual(table);
});

test("some calls of a rule with an invalid backend among its backends are unavailable, the others served", async () => {
  await world.apply("routes", [grpcRoute("mixed", [{ backendRefs: to("g1", "missing") }])]);
  const got = new Set<string>();
  for (let i = 0; i < 60 && got.size < 2; i++) got.add(await call(port, "a.example", "/s/M"));
  expect([...got].toSorted()).toEqual(["g1", "status 14"]);
});

test("an HTTPRoute and a GRPCRoute share a host and a Service that speaks both", async () => {
  await world.apply("routes", [
    grpcRoute("calls", [rule("g1", { service: "pkg.Echo" })]),
    route("pages", { rules: [{ matches: [path("PathPrefix", "/")], backendRefs: to("v1") }] }),
  ]);
  expect(await call(port, "a.example", "/pkg.Echo/Say")).toBe("g1");
  expect(short(await ask(port, "a.example/page"))).toBe("v1");
});

test("filters edit the headers of calls", async () => {
  await world.apply("routes", [
    grpcRoute("filters", [
      {
        ...rule("g1"),
        filters: [{ type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "x-set", value: "yes" }] } }],
      },
    ]),
  ]);
  expect(await call(port, "a.example", "/s/M")).toBe("g1");
  expect(world.backends["g1"]!.seen.at(-1)).toMatchObject({ version: "2.0", headers: { "x-set": "yes" } });
});

test("the deadline of a client goes on to the backend, which ends the call in time", async () => {
  await world.apply("routes", [grpcRoute("deadline", [rule("g1")])]);
  expect(await call(port, "a.example", "/s/M", { "grpc-timeout": "20S" })).toBe("g1");
  expect(world.backends["g1"]!.seen.at(-1)!.headers["grpc-timeout"]).toBe("20S");
});
