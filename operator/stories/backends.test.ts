// What can stand behind a route: Services with their endpoints, Backends of every sort, across namespaces, and what is missing.

import { join } from "node:path";
import { ask, answers, shares, short } from "./support/client.ts";
import { backendObject, gateway, http, object, path, route, service, to, toBackend } from "./support/objects.ts";
import { freePorts } from "../testing/free-ports.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
let port: number;

beforeAll(async () => {
  world = await startWorld();
  [port = 0] = await freePorts(1);
  await world.apply("gateway", [gateway("eg", [http("http", port)])]);
}, 60_000);
afterAll(() => world.stop());
afterEach(() => world.apply("routes", []));

const rule = (value: string, backendRefs: readonly object[]) => ({ matches: [path("PathPrefix", value)], backendRefs });

test("Backends reach IP addresses, DNS names and Unix sockets", async () => {
  const socket = join(world.folder, "backend.sock");
  await world.addBackend("unix", { path: socket });
  await world.apply("routes", [
    backendObject("ip", [{ ip: { address: "127.0.0.1", port: world.backends["v1"]!.port } }]),
    backendObject("dns", [{ fqdn: { hostname: "localhost", port: world.backends["v2"]!.port } }]),
    backendObject("unix", [{ unix: { path: socket } }]),
    route("backends", { rules: ["ip", "dns", "unix"].map((name) => rule(`/${name}`, [toBackend(name)])) }),
  ]);
  const table = [
    ["a.example/ip", "v1"],
    ["a.example/dns", "v2"],
    ["a.example/unix", "unix"],
  ] as const;
  expect(await answers(port, table)).toEqual(table);
});

test("a Service without selector follows the EndpointSlices that people write", async () => {
  const rules = [{ backendRefs: to("manual") }];
  const [serviceObject, ...slices] = service("manual", [world.backends["v1"]!, world.backends["v2"]!]);
  const at = async (some: readonly (typeof slices)[number][]) => {
    await world.apply("routes", [serviceObject!, ...some, route("manual", { rules })]);
    return short(await ask(port, "a.example/"));
  };
  const empty = { ...slices[0]!, endpoints: [] };
  const unready = { ...slices[0]!, endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: false } }] };
  expect(await at([])).toBe("503");
  expect(await at([empty])).toBe("503");
  expect(await at([unready])).toBe("503");
  expect(await at([slices[0]!])).toBe("v1");
  expect(await at([slices[1]!])).toBe("v2");
  expect(await at([])).toBe("503");
});

const grant = (from: object, target: object) =>
  object("gateway.networking.k8s.io/v1beta1", "ReferenceGrant", "other/grant", { spec: { from: [from], to: [target] } });
const httpRoutes = { group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "default" };
const services = { group: "", kind: "Service" };

test("another namespace's Service answers 500 until a ReferenceGrant allows it, and again when that goes", async () => {
  await world.apply("routes", [
    ...service("other/private", [world.backends["v3"]!]),
    route("cross", { rules: [rule("/cross", [{ ...to("private")[0], namespace: "other" }]), rule("/own", to("v1"))] }),
  ]);
  const both = async () =>
    (
      await answers(port, [
        ["a.example/cross", ""],
        ["a.example/own", ""],
      ])
    ).map(([, answer]) => answer);
  expect(await both()).toEqual(["500", "v1"]);
  const status = (await world.object("HTTPRoute", "cross"))?.status;
  expect(status).toMatchObject({
    parents: [
      {
        conditions: [
          { type: "Accepted", status: "True" },
          { type: "ResolvedRefs", status: "False", reason: "RefNotPermitted" },
        ],
      },
    ],
  });
  const nearMisses = [
    grant({ ...httpRoutes, kind: "GRPCRoute" }, services),
    grant({ ...httpRoutes, namespace: "elsewhere" }, services),
    grant({ ...httpRoutes, group: "wrong.group" }, services),
    grant(httpRoutes, { ...services, kind: "Secret" }),
    grant(httpRoutes, { ...services, name: "another" }),
  ];
  for (const miss of nearMisses) {
    await world.apply("grant", [miss]);
    expect([miss["spec"], await both()]).toEqual([miss["spec"], ["500", "v1"]]);
  }
  await world.apply("grant", [grant(httpRoutes, { ...services, name: "private" })]);
  expect(await both()).toEqual(["v3", "v1"]);
  await world.apply("grant", [grant(httpRoutes, services)]);
  expect(await both()).toEqual(["v3", "v1"]);
  await world.remove("grant");
  expect(await both()).toEqual(["500", "v1"]);
});

test("what does not exist answers 500, what has no endpoints 503, and the other rules go on", async () => {
  await world.apply("routes", [
    ...service("empty", []),
    backendObject("elsewhere", [{ ip: { address: "127.0.0.1", port: world.backends["v1"]!.port } }]),
    route("broken", {
      rules: [
        rule("/missing", to("nothing")),
        rule("/no-port", [{ name: "v1", port: 81 }]),
        rule("/kind", [{ group: "example.com", kind: "Unknown", name: "v1", port: 80 }]),
        rule("/no-backend", [toBackend("nothing")]),
        rule("/namespace", [toBackend("elsewhere", { namespace: "other" })]),
        rule("/none", []),
        rule("/empty", to("empty")),
        rule("/good", to("v1")),
      ],
    }),
  ]);
  const table = [
    ["a.example/missing", "500"],
    ["a.example/no-port", "500"],
    ["a.example/kind", "500"],
    ["a.example/no-backend", "500"],
    ["a.example/namespace", "500"],
    ["a.example/none", "500"],
    ["a.example/empty", "503"],
    ["a.example/good", "v1"],
  ] as const;
  expect(await answers(port, table)).toEqual(table);
});

test("the share of an invalid backend answers 500, the rest is served", async () => {
  await world.apply("routes", [route("partly", { rules: [{ backendRefs: to("v1*50", "nothing*50") }] })]);
  const counts = await shares(port, 400);
  expect(Object.keys(counts).toSorted()).toEqual(["500", "v1"]);
  // Six standard deviations.
  expect(Math.abs((counts["500"] ?? 0) - 200)).toBeLessThan(60);
});

test("a backend that comes later is used without an edit of the route", async () => {
  await world.apply("routes", [route("early", { rules: [{ backendRefs: to("late") }] })]);
  expect(short(await ask(port, "a.example/"))).toBe("500");
  await world.apply("late", service("late", [world.backends["v2"]!]));
  expect(short(await ask(port, "a.example/"))).toBe("v2");
  await world.remove("late");
  expect(short(await ask(port, "a.example/"))).toBe("500");
});
