import type { Cluster, LoadAssignment } from "../../xds/model/backend.ts";
import { proxy } from "../proxy.ts";
import { backend, gateway, listener, ref, route, rule, service, slice } from "../testing/routes.ts";
import type { TestObject } from "../testing/object.ts";
import { world } from "../testing/world.ts";

const gw = gateway("gw", listener("http"));
const toBackend = (...names: readonly string[]) =>
  names.map((name) => ref(name, { group: "gateway.envoyproxy.io", kind: "Backend" }));
const socket = (host: string, port = 3000) => ({ address: { type: "socket", host, port }, health: "healthy" });

function reached(...objects: readonly TestObject[]): {
  readonly clusters: readonly Cluster[];
  readonly assignments: readonly LoadAssignment[];
} {
  const { clusters, assignments } = proxy(world(gw, ...objects), "default/gw");
  return { clusters: clusters.flat(), assignments: assignments.flat() };
}

test("a Service is one cluster for all rules, with every endpoint once: ready, then draining, none that is down", () => {
  const endpoints = {
    "10.0.0.3": { ready: false, serving: true },
    "10.0.0.2": {},
    "10.0.0.1": { ready: true },
    "10.0.0.4": { ready: false },
  };
  const got = reached(
    service("echo", { appProtocol: "kubernetes.io/h2c" }),
    slice("echo", endpoints),
    slice("echo", { "fd00::1": {} }, "IPv6"),
    route("a", { rules: [rule("/a", "echo")] }),
    route("b", { rules: [rule("/b", "echo"), rule("/c", "echo")] }),
  );
  const name = "service/default/echo/8080";
  const origin = { kind: "Service", namespace: "default", name: "echo", section: "8080" };
  expect(got).toEqual({
    clusters: [{ name, origin, discovery: { type: "eds" }, protocol: "http2" }],
    assignments: [
      {
        cluster: name,
        localities: [
          {
            priority: 0,
            endpoints: [socket("10.0.0.1"), socket("10.0.0.2"), { ...socket("10.0.0.3"), health: "draining" }, socket("fd00::1")],
          },
        ],
      },
    ],
  });
});

test("a Service without endpoints has an empty assignment", () => {
  expect(reached(service("echo"), route("a", { rules: [rule("/", "echo")] })).assignments).toEqual([
    { cluster: "service/default/echo/8080", localities: [] },
  ]);
});

test("a Backend of names is resolved by the proxy", () => {
  const endpoints = [{ fqdn: { hostname: "b.test", port: 443 } }, { fqdn: { hostname: "a.test", port: 443 } }];
  const got = reached(
    backend("ext", { endpoints, tls: { wellKnownCACertificates: "System", sni: "b.test" } }),
    route("a", { rules: [{ ...rule("/", ""), backendRefs: toBackend("ext") }] }),
  );
  const names = ["a.test", "b.test"].map((hostname) => ({ hostname, port: 443, priority: 0 }));
  expect(got).toEqual({
    clusters: [
      {
        name: "backend/default/ext",
        origin: { kind: "Backend", namespace: "default", name: "ext" },
        discovery: { type: "dns", endpoints: names, family: "v4preferred" },
        protocol: "http1",
        tls: { sni: "b.test", trust: { type: "system" }, subjectAltNames: [{ type: "dns", value: "b.test" }], alpn: [] },
      },
    ],
    assignments: [],
  });
});

test("a fallback Backend shares a cluster with the ones before it, one priority lower", () => {
  const at = (address: string) => ({ endpoints: [{ ip: { address, port: 3000 } }] });
  const got = reached(
    backend("main", at("10.0.0.1")),
    backend("spare", { ...at("10.0.0.2"), fallback: true }),
    route("a", { rules: [{ ...rule("/", ""), backendRefs: toBackend("spare", "main") }] }),
  );
  const cluster = "group/backend/default/main=1,backend/default/spare=1";
  expect(got.assignments).toEqual([
    {
      cluster,
      localities: [
        { zone: "backend/default/main", weight: 1, priority: 0, endpoints: [socket("10.0.0.1")] },
        { zone: "backend/default/spare", weight: 1, priority: 1, endpoints: [socket("10.0.0.2")] },
      ],
    },
  ]);
  expect(got.clusters.map(({ name, weightedLocalities }) => [name, weightedLocalities])).toEqual([[cluster, true]]);
});
