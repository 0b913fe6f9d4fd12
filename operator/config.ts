// The complete configuration of a process, on a single machine and in a cluster: every default lives here.

import { readFileSync } from "node:fs";
import { homedir, hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import type { Config } from "../api/config.ts";
import type { LabelSelector } from "../reconcilers/labels.ts";
import type { LeaseTiming } from "./leader.ts";
import type { Timing } from "./queue.ts";
import type { LogOptions } from "./telemetry.ts";

export interface StandaloneOptions extends LogOptions {
  /** Files and folders of YAML. */
  readonly paths: readonly string[];
  /** What a running process leaves for others to find. */
  readonly stateFolder: string;
  /** Default: "certs" in the state folder. */
  readonly certificatesFolder: string;
  /** Small files of running Envoys. Default: "run" in the state folder. */
  readonly runtimeFolder: string;
  /** Where a downloaded Envoy is kept; absent: the user's cache. */
  readonly envoyFolder?: string;
  /** 0: any free port. */
  readonly xdsPort: number;
  readonly adminHost: string;
  readonly adminPort: number;
  readonly metricsPort: number | "off";
  readonly debounce: Timing;
  /** What reconcilers are told beside the defaults. */
  readonly gateway: Partial<Pick<Config, "controllerName" | "extensionApis" | "envoyProxy" | "routeTables">>;
}

/** Fills every default. */
export function resolveOptions(given: Partial<StandaloneOptions> & Pick<StandaloneOptions, "paths">): StandaloneOptions {
  const state = process.env["XDG_STATE_HOME"] || join(homedir(), ".local", "state");
  const stateFolder = given.stateFolder ?? join(state, "envoy-gateway");
  return {
    stateFolder,
    certificatesFolder: join(stateFolder, "certs"),
    runtimeFolder: join(stateFolder, "run"),
    xdsPort: 0,
    adminHost: "127.0.0.1",
    adminPort: 19_000,
    metricsPort: 19_001,
    logLevel: "info",
    componentLevels: {},
    logEncoder: "JSON",
    gateway: {},
    debounce: { quietMs: 10, maxMs: 50 },
    ...given,
  };
}

/** Namespaces to read; all of them when neither is there. */
export interface WatchScope {
  readonly namespaces?: readonly string[];
  readonly selector?: LabelSelector;
}

export interface OperatorOptions extends LogOptions {
  /** Absent: KUBECONFIG, the pod's service account, or ~/.kube/config. */
  readonly kubeconfig?: string;
  readonly context?: string;
  /** Of the operator's own objects. */
  readonly namespace: string;
  /** Among replicas: the pod's name, or the machine and the process. */
  readonly identity: string;
  /** The pod we run in. */
  readonly pod?: { readonly name: string; readonly uid: string };
  readonly xdsHost: string;
  readonly xdsPort: number;
  /** Where proxies find the xDS server; its certificate carries `xdsServerName`. */
  readonly xdsAddress: string;
  readonly xdsServerName: string;
  readonly adminHost: string;
  readonly adminPort: number;
  readonly metricsPort: number | "off";
  /** /healthz and /readyz for kubelet. */
  readonly healthPort: number;
  readonly debounce: Timing;
  readonly watch: WatchScope;
  /** Where the objects of a proxy live: beside its Gateway, or beside the operator. */
  readonly deployType: "GatewayNamespace" | "ControllerNamespace";
  /** "off": this replica always writes. */
  readonly leaderElection: LeaseTiming | "off";
  /** Image of the shutdown manager beside each Envoy: the operator's own. */
  readonly shutdownManagerImage: string;
  readonly gateway: StandaloneOptions["gateway"];
}

/** Fills every default. */
export function resolveOperatorOptions(given: Partial<OperatorOptions>): OperatorOptions {
  const podName = process.env["POD_NAME"];
  const podUid = process.env["POD_UID"];
  const namespace = given.namespace ?? (process.env["ENVOY_GATEWAY_NAMESPACE"] || namespaceOfPod() || "envoy-gateway-system");
  return {
    namespace,
    identity: podName || `${hostname()}_${process.pid}`,
    ...(podName && podUid && { pod: { name: podName, uid: podUid } }),
    xdsHost: hasIpv6() ? "[::]" : "0.0.0.0",
    xdsPort: 18_000,
    xdsAddress: `envoy-gateway.${namespace}.svc.cluster.local`,
    xdsServerName: `envoy-gateway.${namespace}.svc.cluster.local`,
    adminHost: "127.0.0.1",
    adminPort: 19_000,
    metricsPort: 19_001,
    healthPort: 8081,
    logLevel: "info",
    componentLevels: {},
    logEncoder: "JSON",
    watch: {},
    deployType: "GatewayNamespace",
    leaderElection: { lease: 15_000, renewDeadline: 10_000, retryPeriod: 2000 },
    shutdownManagerImage: process.env["ENVOY_GATEWAY_IMAGE"] || "docker.io/library/envoy-gateway-operator:0.1.0",
    gateway: {},
    debounce: { quietMs: 10, maxMs: 50 },
    ...given,
  };
}

/** Where there is IPv6, one socket takes both families. */
function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((all) => all?.some(({ family }) => family === "IPv6") === true);
}

/** Kubernetes puts it there for every pod. */
function namespaceOfPod(): string | undefined {
  try {
    return readFileSync("/var/run/secrets/kubernetes.io/serviceaccount/namespace", "utf8").trim();
  } catch {
    return undefined; // not in a pod
  }
}

/** The same in a cluster; `caBundle` in PEM. */
export function operatorConfig(options: OperatorOptions, caBundle: string): Config {
  const { namespace, deployType, xdsAddress, xdsPort, xdsServerName, shutdownManagerImage, gateway } = options;
  return {
    metadata: { name: "config" },
    controllerName: "gateway.envoyproxy.io/gatewayclass-controller",
    namespace,
    infrastructure: "kubernetes",
    deployType,
    shutdownManagerImage,
    extensionApis: { enableBackend: false, enableEnvoyPatchPolicy: false, disableLua: false },
    xds: {
      host: xdsAddress,
      port: xdsPort,
      serverName: xdsServerName,
      credentials: { type: "token", caBundle, audience: xdsServerName },
    },
    ...gateway,
  };
}

/** What reconcilers read as the object Config "/config". */
export function standaloneConfig(xds: Config["xds"], given: StandaloneOptions["gateway"] = {}): Config {
  return {
    metadata: { name: "config" },
    controllerName: "gateway.envoyproxy.io/gatewayclass-controller",
    namespace: "envoy-gateway-system",
    infrastructure: "host",
    deployType: "GatewayNamespace",
    extensionApis: { enableBackend: true, enableEnvoyPatchPolicy: false, disableLua: false },
    xds,
    ...given,
  };
}
