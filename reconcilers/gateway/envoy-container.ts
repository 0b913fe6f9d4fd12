// The Envoy of a proxy as a container: its image, its command line with the bootstrap in it, probes and resources. The host infrastructure
// runs the same command line as a child process. Does not know Deployments.

import type { EnvoyProxySpec } from "../../api/envoyproxy.ts";
import type { Db } from "../../store/db.ts";
import { configKey, envoyProxyOfProxy } from "../envoyproxy.ts";
import { drainSeconds, endingGently, restricted } from "./shutdown-manager.ts";
import { infrastructureName } from "./owned-metadata.ts";
import { metricsPort, proxyBootstrap, readinessPort, scraped, sdsPath, tokenFile } from "./proxy-bootstrap.ts";

/** KubernetesContainerSpec of EnvoyProxy; parts of Kubernetes' own types are passed through unseen. */
export interface ContainerSettings {
  readonly env?: readonly unknown[];
  readonly resources?: unknown;
  readonly securityContext?: unknown;
  readonly image?: string;
  readonly imageRepository?: string;
  readonly volumeMounts?: readonly unknown[];
}

const imageRepository = "docker.io/envoyproxy/envoy";
const imageTag = "distroless-v1.37.0";

/** The container "envoy", complete for a cluster; on a host only name, command and args matter. */
export function envoyContainer(db: Db, proxy: string, settings: ContainerSettings | undefined): unknown {
  const spec = envoyProxyOfProxy(db, proxy);
  const command = { name: "envoy", command: ["envoy"], args: envoyArgs(db, proxy, spec) };
  if (onHost(db)) return command;
  return {
    ...command,
    image: settings?.image ?? `${settings?.imageRepository ?? imageRepository}:${imageTag}`,
    imagePullPolicy: "IfNotPresent",
    env: withDefaults(settings?.env ?? [], defaultEnv),
    ports: containerPorts(spec),
    resources: settings?.resources ?? { requests: { cpu: "100m", memory: "512Mi" } },
    securityContext: settings?.securityContext ?? restricted,
    volumeMounts: [
      { name: "token", mountPath: tokenFile.folder, readOnly: true },
      { name: "sds", mountPath: sdsPath, readOnly: true },
      ...(settings?.volumeMounts ?? []),
    ],
    // Every second: a Gateway is programmed when its first Envoy is ready. As patient as 30 probes of 10 seconds.
    ...endingGently(db),
    startupProbe: probe({ periodSeconds: 1, failureThreshold: 300 }),
    // One slow answer of a busy machine takes no proxy out of service.
    readinessProbe: probe({ periodSeconds: 5, failureThreshold: 2 }),
    livenessProbe: probe({ periodSeconds: 10, failureThreshold: 3 }),
    terminationMessagePolicy: "File",
    terminationMessagePath: "/dev/termination-log",
  };
}

/** Envoy's whole command line; the host infrastructure adds only where the admin endpoint and shared memory are. */
function envoyArgs(db: Db, proxy: string, spec: EnvoyProxySpec): readonly string[] {
  const host = onHost(db);
  const levels = Object.entries(spec.logging?.level ?? {});
  const components = levels.filter(([name]) => name !== "default").map(([name, level]) => `${name}:${level}`);
  const options: readonly (readonly string[])[] = [
    ["--service-cluster", proxy],
    ["--service-node", host ? infrastructureName(proxy) : "$(ENVOY_POD_NAME)"],
    ["--config-yaml", bootstrapJson(db, spec)],
    ["--log-level", spec.logging?.level?.default ?? "warn"],
    host ? [] : ["--cpuset-threads"],
    // What we send is made from this Envoy's own schema. Looking for unknown fields costs a sixth of the time that a table of routes takes.
    ["--ignore-unknown-dynamic-fields"],
    ["--drain-strategy", "immediate"],
    spec.concurrency === undefined ? [] : ["--concurrency", String(spec.concurrency)],
    ["--component-log-level", ["misc:error", ...components.toSorted()].join(",")],
    ["--drain-time-s", String(drainSeconds(spec))],
    spec.extraArgs ?? [],
  ];
  return options.flat();
}

/** One line of JSON for --config-yaml; empty while there is no configuration (only in tests). */
function bootstrapJson(db: Db, spec: EnvoyProxySpec): string {
  const config = db.get("Config", configKey);
  if (config === undefined) return "";
  const made = proxyBootstrap(config, spec);
  if ("problem" in made)
    throw new Error(`settings that hold for a proxy were checked before (envoyproxy.ts), but ${made.problem}`);
  return JSON.stringify(made.value);
}

/** Ports of listeners are deliberately absent: they are for information only, and a new listener must not replace the pods. */
function containerPorts(spec: EnvoyProxySpec): readonly unknown[] {
  const metrics = { name: "metrics", containerPort: metricsPort, protocol: "TCP" };
  return [...(scraped(spec) ? [metrics] : []), { name: "readiness", containerPort: readinessPort, protocol: "TCP" }];
}

function probe(timing: { readonly periodSeconds: number; readonly failureThreshold: number }): unknown {
  return { httpGet: { path: "/ready", port: readinessPort, scheme: "HTTP" }, successThreshold: 1, timeoutSeconds: 1, ...timing };
}

const fieldEnv = (name: string, fieldPath: string): unknown => ({
  name,
  valueFrom: { fieldRef: { apiVersion: "v1", fieldPath } },
});
const defaultEnv = [
  fieldEnv("ENVOY_POD_NAMESPACE", "metadata.namespace"),
  fieldEnv("ENVOY_POD_NAME", "metadata.name"),
  fieldEnv("ENVOY_SERVICE_ZONE", "metadata.annotations['topology.kubernetes.io/zone']"),
];

/** Defaults that no entry of the user's has the name of, then the user's. */
function withDefaults(env: readonly unknown[], defaults: readonly unknown[]): readonly unknown[] {
  const named = new Set(env.map(nameIn));
  return [...defaults.filter((entry) => !named.has(nameIn(entry))), ...env];
}

function nameIn(entry: unknown): unknown {
  return typeof entry === "object" && entry !== null && "name" in entry ? entry.name : undefined;
}

function onHost(db: Db): boolean {
  return db.get("Config", configKey)?.infrastructure === "host";
}
