// What the objects of a proxy say of it: how many Envoys should run and do, where they are reached, and what is wrong. Pure.

import type { RunningProxy } from "../infrastructure.ts";
import { field, type LiveObject } from "./owned-object.ts";

/** Objects of one proxy, and the nodes of the cluster (needed for Services of type NodePort). */
export interface ProxyObjects {
  readonly workloads: readonly LiveObject[];
  readonly services: readonly LiveObject[];
  readonly pods: readonly LiveObject[];
  readonly nodes: readonly LiveObject[];
}

type Address = RunningProxy["addresses"][number];

export function runningProxy(objects: ProxyObjects): RunningProxy {
  const { workloads, services, nodes } = objects;
  const addresses = services
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .flatMap((service) => addressesOf(service, nodes));
  const trouble = troubleOf(objects);
  return {
    wanted: sum(workloads.map(wantedOf)),
    // A pod is ready when its Envoy has taken its first configuration (the readiness listener opens after it).
    ready: sum(workloads.map(readyOf)),
    addresses: unique(addresses),
    ...(trouble === undefined ? {} : { trouble }),
  };
}

// ── Numbers ───────────────────────────────────────────────────────────────────

function wantedOf(workload: LiveObject): number {
  return workload.kind === "DaemonSet"
    ? number(workload, "status", "desiredNumberScheduled")
    : Number(field(workload, "spec", "replicas") ?? 1);
}

function readyOf(workload: LiveObject): number {
  return number(workload, "status", workload.kind === "DaemonSet" ? "numberReady" : "readyReplicas");
}

function number(value: unknown, ...path: readonly string[]): number {
  return Number(field(value, ...path) ?? 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

// ── Addresses ─────────────────────────────────────────────────────────────────

/** Where a Service is reached from outside; externalIPs are those that a Gateway asked for. kube-proxy passes over those of other families. */
function addressesOf(service: LiveObject, nodes: readonly LiveObject[]): readonly Address[] {
  const asked = ips(list(service, "spec", "externalIPs").map(String).filter(familyFilter(service)));
  const type = field(service, "spec", "type");
  if (type === "LoadBalancer") return [...asked, ...list(service, "status", "loadBalancer", "ingress").flatMap(ingress)];
  if (type === "NodePort") return asked.length > 0 ? asked : nodes.flatMap((node) => nodeAddresses(node, service));
  if (asked.length > 0) return asked;
  const cluster = list(service, "spec", "clusterIPs").map(String);
  return ips(cluster.filter((ip) => ip !== "None"));
}

/** An entry of a load balancer's status; kind and others say "localhost", which is an address too. */
function ingress(entry: unknown): readonly Address[] {
  const ip = text(entry, "ip");
  const hostname = text(entry, "hostname");
  return [
    ...(ip === undefined ? [] : ips([ip])),
    ...(hostname === "localhost" ? ips(["127.0.0.1"]) : []),
    ...(hostname === undefined ? [] : [{ type: "Hostname" as const, value: hostname }]),
  ];
}

/** The outer addresses of a node, or else its inner ones, of the families that the Service has. */
function nodeAddresses(node: LiveObject, service: LiveObject): readonly Address[] {
  const fits = familyFilter(service);
  const ofType = (type: string): readonly string[] =>
    list(node, "status", "addresses").flatMap((entry) => {
      const address = String(field(entry, "address"));
      return field(entry, "type") === type && fits(address) ? [address] : [];
    });
  const outer = ofType("ExternalIP");
  return ips(outer.length > 0 ? outer : ofType("InternalIP"));
}

/** Is an address of a family that the Service has? */
function familyFilter(service: LiveObject): (address: string) => boolean {
  const families = list(service, "spec", "ipFamilies");
  return (address) => families.length === 0 || families.includes(address.includes(":") ? "IPv6" : "IPv4");
}

function ips(values: readonly string[]): readonly Address[] {
  return values.map((value) => ({ type: "IPAddress", value }));
}

function unique(addresses: readonly Address[]): readonly Address[] {
  return [...new Map(addresses.map((address) => [`${address.type} ${address.value}`, address])).values()];
}

function list(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = field(value, ...path);
  return Array.isArray(found) ? found : [];
}

// ── Trouble ───────────────────────────────────────────────────────────────────

/** The most telling thing that keeps pods from running. Names no times and counts: it goes into a status. */
function troubleOf({ workloads, pods }: ProxyObjects): string | undefined {
  const refused = workloads.flatMap((workload) => conditionMessage(workload, "ReplicaFailure", "True"));
  const stuck = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const late = workloads.flatMap((workload) => conditionMessage(workload, "Progressing", "False"));
  return [...refused, ...stuck.flatMap(containerTrouble), ...stuck.flatMap(unscheduled), ...late][0];
}

function containerTrouble(pod: LiveObject): readonly string[] {
  const containers = [...list(pod, "status", "initContainerStatuses"), ...list(pod, "status", "containerStatuses")];
  return containers.flatMap((container) => {
    const reason = text(container, "state", "waiting", "reason");
    if (reason === undefined || reason === "ContainerCreating" || reason === "PodInitializing") return [];
    const exit = field(container, "lastState", "terminated", "exitCode");
    // The message of a crash loop counts seconds.
    const crashed = typeof exit === "number" ? `exited with ${exit}` : undefined;
    const message = reason === "CrashLoopBackOff" ? crashed : text(container, "state", "waiting", "message");
    const detail = message === undefined ? "" : `, ${message}`;
    return [`Container ${text(container, "name") ?? ""} of pod ${pod.metadata.name}: ${reason}${detail}`];
  });
}

function unscheduled(pod: LiveObject): readonly string[] {
  return conditionMessage(pod, "PodScheduled", "False").map((message) => `Pod ${pod.metadata.name} is not scheduled: ${message}`);
}

function conditionMessage(object: LiveObject, type: string, status: "True" | "False"): readonly string[] {
  return list(object, "status", "conditions").flatMap((condition) =>
    field(condition, "type") === type && field(condition, "status") === status
      ? [text(condition, "message") ?? text(condition, "reason") ?? type]
      : [],
  );
}

/** A text that is there and not empty. */
function text(value: unknown, ...path: readonly string[]): string | undefined {
  const found = field(value, ...path);
  return typeof found === "string" && found !== "" ? found : undefined;
}
