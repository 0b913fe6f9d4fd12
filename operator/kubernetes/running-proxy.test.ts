// What the objects of a proxy say of it, in tables: numbers, addresses by type of Service, and the most telling trouble.

import type { LiveObject } from "./owned-object.ts";
import { type ProxyObjects, runningProxy } from "./running-proxy.ts";

type Fields = Readonly<Record<string, unknown>>;

const named = (kind: string, fields: Fields, name = "gw"): LiveObject => ({
  apiVersion: "v1",
  kind,
  metadata: { name, namespace: "default" },
  ...fields,
});
const deployment = (status: Fields, spec: Fields = {}): LiveObject => named("Deployment", { spec, status });
const service = (spec: Fields, status: Fields = {}): LiveObject => named("Service", { spec, status });
const pod = (status: Fields, name = "gw-1"): LiveObject => named("Pod", { status }, name);
const node = (name: string, ...addresses: readonly (readonly [string, string])[]): LiveObject =>
  named("Node", { status: { addresses: addresses.map(([type, address]) => ({ type, address })) } }, name);

function proxy(objects: Partial<ProxyObjects>) {
  return runningProxy({ workloads: [], services: [], pods: [], nodes: [], ...objects });
}

test.each([
  ["a Deployment that says nothing wants one", deployment({}), { wanted: 1, ready: 0 }],
  ["a Deployment says how many", deployment({ readyReplicas: 2 }, { replicas: 3 }), { wanted: 3, ready: 2 }],
  [
    "a DaemonSet wants what the nodes call for",
    named("DaemonSet", { status: { desiredNumberScheduled: 4, numberReady: 3 } }),
    { wanted: 4, ready: 3 },
  ],
])("%s", (_, workload, want) => {
  expect(proxy({ workloads: [workload] })).toEqual({ ...want, addresses: [] });
});

test("while one workload takes over from another both count", () => {
  const workloads = [
    deployment({ readyReplicas: 1 }),
    named("DaemonSet", { status: { desiredNumberScheduled: 2, numberReady: 1 } }),
  ];
  expect(proxy({ workloads })).toEqual({ wanted: 3, ready: 2, addresses: [] });
});

const balanced = (...ingress: readonly Fields[]): Fields => ({ loadBalancer: { ingress } });
const nodes = [
  node("a", ["InternalIP", "10.0.0.1"], ["ExternalIP", "192.0.2.1"], ["ExternalIP", "2001:db8::1"]),
  node("b", ["Hostname", "b"], ["InternalIP", "10.0.0.2"]),
];

test.each([
  ["a load balancer without an address has none", service({ type: "LoadBalancer", clusterIPs: ["10.96.0.9"] }), []],
  [
    "a load balancer has what its status says, addresses and hostnames",
    service({ type: "LoadBalancer" }, balanced({ ip: "192.0.2.9" }, { hostname: "lb.example.com" })),
    ["192.0.2.9", "lb.example.com"],
  ],
  [
    "localhost is an address too",
    service({ type: "LoadBalancer" }, balanced({ hostname: "localhost" })),
    ["127.0.0.1", "localhost"],
  ],
  [
    "addresses that a Gateway asked for come first",
    service({ type: "LoadBalancer", externalIPs: ["192.0.2.7"] }, balanced({ ip: "192.0.2.9" }, { ip: "192.0.2.7" })),
    ["192.0.2.7", "192.0.2.9"],
  ],
  [
    "an address of a family that the Service does not have is nobody's: kube-proxy passes it over",
    service({ type: "LoadBalancer", ipFamilies: ["IPv4"], externalIPs: ["192.0.2.7", "2001:db8::7"] }),
    ["192.0.2.7"],
  ],
  [
    "a ClusterIP Service has its own",
    service({ type: "ClusterIP", clusterIPs: ["10.96.0.9", "fd00::9"] }),
    ["10.96.0.9", "fd00::9"],
  ],
  ["a headless Service has none", service({ type: "ClusterIP", clusterIPs: ["None"] }), []],
  [
    "node ports are reached at the outer address of a node, or else the inner one, in the families of the Service",
    service({ type: "NodePort", ipFamilies: ["IPv4"] }),
    ["192.0.2.1", "10.0.0.2"],
  ],
  ["without families all addresses count", service({ type: "NodePort" }), ["192.0.2.1", "2001:db8::1", "10.0.0.2"]],
])("%s", (_, one, want) => {
  expect(proxy({ services: [one], nodes }).addresses.map(({ value }) => value)).toEqual(want);
});

test("the addresses of a Service on its way out are not told", () => {
  const { metadata, ...rest } = service({ type: "ClusterIP", clusterIPs: ["10.96.0.9"] });
  const leaving = { ...rest, metadata: { ...metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } } as LiveObject;
  expect(proxy({ services: [leaving] }).addresses).toEqual([]);
});

const condition = (type: string, status: string, message: string): Fields => ({ conditions: [{ type, status, message }] });
const waiting = (reason: string, message: string, more: Fields = {}): Fields => ({
  containerStatuses: [{ name: "envoy", state: { waiting: { reason, message } }, ...more }],
});

test.each([
  [
    "pods that are refused",
    { workloads: [deployment(condition("ReplicaFailure", "True", 'pods "gw-1" is forbidden: exceeded quota: q'))] },
    'pods "gw-1" is forbidden: exceeded quota: q',
  ],
  [
    "an image that is not there",
    { pods: [pod(waiting("ErrImagePull", "not found"))] },
    "Container envoy of pod gw-1: ErrImagePull, not found",
  ],
  [
    "a crash loop, without its seconds",
    { pods: [pod(waiting("CrashLoopBackOff", "back-off 40s", { lastState: { terminated: { exitCode: 1 } } }))] },
    "Container envoy of pod gw-1: CrashLoopBackOff, exited with 1",
  ],
  [
    "no node that takes the pod",
    { pods: [pod(condition("PodScheduled", "False", "0/1 nodes are available"))] },
    "Pod gw-1 is not scheduled: 0/1 nodes are available",
  ],
  [
    "a rollout that is late",
    { workloads: [deployment(condition("Progressing", "False", "has timed out progressing."))] },
    "has timed out progressing.",
  ],
  ["a container that is being made is no trouble", { pods: [pod(waiting("ContainerCreating", ""))] }, undefined],
  ["a rollout under way is no trouble", { workloads: [deployment(condition("Progressing", "True", "x"))] }, undefined],
])("trouble: %s", (_, objects, want) => {
  expect(proxy(objects).trouble).toBe(want);
});
