// Everything that must exist for a proxy to run: in a cluster a ServiceAccount, ConfigMap, workload, Service and, when asked for, an
// autoscaler and a disruption budget; on a single machine the one process. Where an object's contents are long they have a file of their own.

import type { Db } from "../../store/db.ts";
import { type ObjectKey } from "../../store/key.ts";
import { memo } from "../../store/memo.ts";
import { classEnvoyProxy, configKey, envoyProxyOf, envoyProxyOfProxy } from "../envoyproxy.ts";
import type { OwnedObject } from "../reconciler.ts";
import { unsupportedAddressType } from "./addresses.ts";
import { onlyIfAbsent, type OwnedMetadata, ownedMetadata } from "./owned-metadata.ts";
import { patched } from "./patch.ts";
import { gatewaysOf } from "./proxies.ts";
import { proxyPorts } from "./proxy-listeners.ts";
import { tokenFiles } from "./proxy-bootstrap.ts";
import { serviceAccountName } from "./service-account.ts";
import { proxyService } from "./service.ts";
import { hostWorkload, objectMetadata, workload } from "./workload.ts";

/**
 * Objects that a proxy calls for. Empty: the proxy should not exist. Undefined: leave what there is, because the EnvoyProxy settings
 * cannot be used, an address is of no known type or no listener is valid; a proxy that runs keeps running, a new one is not started.
 */
export const infrastructureOf = memo("infrastructure", (db: Db, proxy: string): readonly OwnedObject[] | undefined => {
  if (gatewaysOf(db, proxy).length === 0) return [];
  if (proxyPorts(db, proxy).length === 0 || hasUnusableSettings(db, proxy)) return undefined;
  if (db.get("Config", configKey)?.infrastructure === "host") return [hostWorkload(db, proxy)];
  const metadata = ownedMetadata(db, proxy);
  // In the order in which they must exist: pods wait for their files.
  return [
    serviceAccount(db, proxy),
    ...configMap(db, proxy),
    workload(db, proxy),
    proxyService(db, proxy),
    ...autoscaler(db, proxy),
    ...disruptionBudget(db, proxy),
  ].map((object) => belonging(object, metadata));
});

/** A patch may change everything but whose an object is: by these labels and this owner it is found when it must go. */
function belonging(object: OwnedObject, { selector, ownerReferences }: OwnedMetadata): OwnedObject {
  const { ownerReferences: _, ...metadata } = object.metadata;
  const labels = { ...metadata.labels, ...selector };
  return { ...object, metadata: { ...metadata, labels, ...(ownerReferences.length === 0 ? {} : { ownerReferences }) } };
}

function hasUnusableSettings(db: Db, proxy: string): boolean {
  if (!proxy.includes("/")) return classEnvoyProxy(db, proxy).problem !== undefined;
  return gatewaysOf(db, proxy).some(
    (gateway: ObjectKey) => envoyProxyOf(db, gateway).conditions.length > 0 || unsupportedAddressType(db, gateway) !== undefined,
  );
}

/** One that an EnvoyProxy names may be there already, with what its owner has bound to it. */
function serviceAccount(db: Db, proxy: string): OwnedObject {
  const name = serviceAccountName(db, proxy);
  const own = ownedMetadata(db, proxy);
  const annotations = name === own.name ? own.annotations : { ...own.annotations, [onlyIfAbsent]: "true" };
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: objectMetadata({ ...own, annotations }, name),
    automountServiceAccountToken: false,
  };
}

function configMap(db: Db, proxy: string): readonly OwnedObject[] {
  const credentials = db.get("Config", configKey)?.xds.credentials;
  if (credentials?.type !== "token") return [];
  const metadata = objectMetadata(ownedMetadata(db, proxy), undefined);
  return [{ apiVersion: "v1", kind: "ConfigMap", metadata, data: tokenFiles(credentials.caBundle) }];
}

function autoscaler(db: Db, proxy: string): readonly OwnedObject[] {
  const kubernetes = envoyProxyOfProxy(db, proxy).provider?.kubernetes;
  const settings = kubernetes?.envoyHpa;
  if (settings === undefined) return [];
  const metadata = ownedMetadata(db, proxy);
  const cpu = { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } };
  const object: OwnedObject = {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: objectMetadata(metadata, settings.name),
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: kubernetes?.envoyDeployment?.name ?? metadata.name },
      ...(settings.minReplicas === undefined ? {} : { minReplicas: settings.minReplicas }),
      maxReplicas: settings.maxReplicas,
      metrics: settings.metrics ?? [cpu],
      ...(settings.behavior === undefined ? {} : { behavior: settings.behavior }),
    },
  };
  return [patched(object, settings.patch)];
}

function disruptionBudget(db: Db, proxy: string): readonly OwnedObject[] {
  const settings = envoyProxyOfProxy(db, proxy).provider?.kubernetes?.envoyPDB;
  if (settings === undefined) return [];
  const metadata = ownedMetadata(db, proxy);
  const { minAvailable, maxUnavailable } = settings;
  const object: OwnedObject = {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: objectMetadata(metadata, settings.name),
    spec: {
      ...(minAvailable === undefined ? {} : { minAvailable }),
      ...(maxUnavailable === undefined ? {} : { maxUnavailable }),
      selector: { matchLabels: metadata.selector },
    },
  };
  return [patched(object, settings.patch)];
}
