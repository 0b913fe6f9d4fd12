// The Deployment or DaemonSet that runs a proxy, with the user's pod settings in it. The container itself is envoy-container.ts's.

import type { EnvoyProxySpec } from "../../api/envoyproxy.ts";
import type { Db } from "../../store/db.ts";
import { configKey, envoyProxyOfProxy } from "../envoyproxy.ts";
import type { OwnedObject } from "../reconciler.ts";
import { type ContainerSettings, envoyContainer } from "./envoy-container.ts";
import { type OwnedMetadata, ownedMetadata } from "./owned-metadata.ts";
import { type Patch, patched } from "./patch.ts";
import { scraped, tokenFile } from "./proxy-bootstrap.ts";
import { serviceAccountName } from "./service-account.ts";
import { drainSeconds, shutdownManager } from "./shutdown-manager.ts";

/** KubernetesDeploymentSpec and KubernetesDaemonSetSpec of EnvoyProxy. */
interface WorkloadSettings {
  readonly replicas?: number;
  readonly strategy?: unknown;
  readonly pod?: PodSettings;
  readonly container?: ContainerSettings;
  readonly initContainers?: readonly unknown[];
  readonly name?: string;
  readonly patch?: Patch;
}

interface PodSettings {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly volumes?: readonly unknown[];
  readonly [passedThrough: string]: unknown;
}

/**
 * A pod goes only when another is ready in its place. Every field is written down, so that nothing of it stays behind when the user changes
 * the type. Not for DaemonSets: their pods may have ports of the host, of which there is one.
 */
const surging = { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 } };

/** The workload that runs a proxy in a cluster. */
export function workload(db: Db, proxy: string): OwnedObject {
  const spec = envoyProxyOfProxy(db, proxy);
  const daemonSet: WorkloadSettings | undefined = spec.provider?.kubernetes?.envoyDaemonSet;
  const deployment: WorkloadSettings | undefined = spec.provider?.kubernetes?.envoyDeployment;
  const settings = daemonSet ?? deployment ?? {};
  const metadata = ownedMetadata(db, proxy);
  const rolling = settings.strategy ?? (daemonSet === undefined ? surging : { type: "RollingUpdate" });
  // An autoscaler owns the number of replicas; and without a wish of the user's nobody should reset it on each apply.
  const replicas = spec.provider?.kubernetes?.envoyHpa === undefined ? settings.replicas : undefined;
  const object: OwnedObject = {
    apiVersion: "apps/v1",
    kind: daemonSet === undefined ? "Deployment" : "DaemonSet",
    metadata: objectMetadata(metadata, settings.name),
    spec: {
      ...(daemonSet === undefined
        ? { ...(replicas === undefined ? {} : { replicas }), strategy: rolling, progressDeadlineSeconds: 600 }
        : { updateStrategy: rolling }),
      revisionHistoryLimit: 10,
      selector: { matchLabels: metadata.selector },
      template: podTemplate(db, proxy, settings),
    },
  };
  return patched(object, settings.patch);
}

/** The same for a machine: one process, so nothing but how it is started. */
export function hostWorkload(db: Db, proxy: string): OwnedObject {
  const metadata = ownedMetadata(db, proxy);
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: objectMetadata(metadata, undefined),
    spec: {
      replicas: 1,
      selector: { matchLabels: metadata.selector },
      template: {
        metadata: { labels: metadata.labels },
        spec: {
          containers: [envoyContainer(db, proxy, undefined)],
          terminationGracePeriodSeconds: drainSeconds(envoyProxyOfProxy(db, proxy)),
        },
      },
    },
  };
}

/** Metadata of an owned object under the proxy's name, or under the one the user chose. */
export function objectMetadata(metadata: OwnedMetadata, name: string | undefined): OwnedObject["metadata"] {
  const { labels, annotations, ownerReferences } = metadata;
  return {
    name: name ?? metadata.name,
    namespace: metadata.namespace,
    labels,
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    ...(ownerReferences.length === 0 ? {} : { ownerReferences }),
  };
}

function podTemplate(db: Db, proxy: string, settings: WorkloadSettings): unknown {
  const spec = envoyProxyOfProxy(db, proxy);
  const metadata = ownedMetadata(db, proxy);
  const { annotations, labels, volumes, ...pod } = settings.pod ?? {};
  return {
    metadata: {
      labels: { ...labels, ...metadata.labels },
      annotations: { ...scrapeAnnotations(spec), ...metadata.annotations, ...annotations },
    },
    spec: {
      ...pod, // affinity, tolerations, nodeSelector and the like: Kubernetes' own types
      serviceAccountName: serviceAccountName(db, proxy),
      automountServiceAccountToken: false,
      ...(settings.initContainers === undefined ? {} : { initContainers: settings.initContainers }),
      containers: [envoyContainer(db, proxy, settings.container), ...shutdownManager(db, spec)],
      volumes: [
        tokenVolume(db),
        { name: "sds", configMap: { name: metadata.name, defaultMode: 420, optional: false } },
        ...(volumes ?? []),
      ],
      terminationGracePeriodSeconds: drainSeconds(spec) + 300,
      dnsPolicy: "ClusterFirst",
      restartPolicy: "Always",
      schedulerName: "default-scheduler",
    },
  };
}

/** A token of the pod's ServiceAccount for us alone; kubelet renews it long before the hour is over, and Envoy reads it again. */
function tokenVolume(db: Db): unknown {
  const credentials = db.get("Config", configKey)?.xds.credentials;
  const audience = credentials?.type === "token" ? credentials.audience : "";
  const source = { serviceAccountToken: { audience, expirationSeconds: 3600, path: tokenFile.name } };
  return { name: "token", projected: { defaultMode: 420, sources: [source] } };
}

function scrapeAnnotations(spec: EnvoyProxySpec): Readonly<Record<string, string>> {
  if (!scraped(spec)) return {};
  return { "prometheus.io/path": "/stats/prometheus", "prometheus.io/port": "19001", "prometheus.io/scrape": "true" };
}
