// The Service through which clients reach a proxy in a cluster.

import type { EnvoyProxySpec } from "../../api/envoyproxy.ts";
import type { Db } from "../../store/db.ts";
import { envoyProxyOfProxy } from "../envoyproxy.ts";
import type { OwnedObject } from "../reconciler.ts";
import { serviceAddresses, serviceType } from "./addresses.ts";
import { readyListeners } from "./listeners.ts";
import { ownedMetadata } from "./owned-metadata.ts";
import { patched } from "./patch.ts";
import { proxyPorts } from "./proxy-listeners.ts";
import { objectMetadata } from "./workload.ts";

/** Fields of KubernetesServiceSpec that a Service has under the same name. */
const passedThrough = [
  "loadBalancerClass",
  "allocateLoadBalancerNodePorts",
  "loadBalancerSourceRanges",
  "loadBalancerIP",
] as const;

export function proxyService(db: Db, proxy: string): OwnedObject {
  const spec = envoyProxyOfProxy(db, proxy);
  const settings = spec.provider?.kubernetes?.envoyService;
  const metadata = ownedMetadata(db, proxy);
  const type = serviceType(db, proxy);
  const object: OwnedObject = {
    apiVersion: "v1",
    kind: "Service",
    metadata: objectMetadata(
      {
        ...metadata,
        labels: { ...settings?.labels, ...metadata.labels },
        annotations: { ...metadata.annotations, ...settings?.annotations },
      },
      settings?.name,
    ),
    spec: {
      type,
      selector: metadata.selector,
      sessionAffinity: "None",
      ports: servicePorts(db, proxy),
      ...(type === "ClusterIP" ? {} : { externalTrafficPolicy: settings?.externalTrafficPolicy ?? "Local" }),
      ...Object.fromEntries(
        passedThrough.flatMap((field) => (settings?.[field] === undefined ? [] : [[field, settings[field]]])),
      ),
      ...families(spec),
      ...addresses(db, proxy, type),
    },
  };
  return patched(object, settings?.patch);
}

function servicePorts(db: Db, proxy: string): readonly unknown[] {
  const listeners = readyListeners(db, proxy);
  return proxyPorts(db, proxy).map(({ port, containerPort, transport }) => {
    const last = listeners.findLast((one) => one.port === port && (one.protocol === "UDP") === (transport === "udp"));
    return {
      name: `${last?.protocol.toLowerCase() ?? transport}-${port}`,
      port,
      targetPort: containerPort,
      protocol: transport.toUpperCase(),
    };
  });
}

function families({ ipFamily }: EnvoyProxySpec): Readonly<Record<string, unknown>> {
  if (ipFamily === "IPv6") return { ipFamilies: ["IPv6"], ipFamilyPolicy: "SingleStack" };
  return ipFamily === "DualStack" ? { ipFamilies: ["IPv4", "IPv6"], ipFamilyPolicy: "RequireDualStack" } : {};
}

/** Addresses that Gateways ask for. */
function addresses(db: Db, proxy: string, type: string): Readonly<Record<string, unknown>> {
  const asked = serviceAddresses(db, proxy);
  if (asked.length === 0) return {};
  return type === "ClusterIP" ? { clusterIP: asked[0] } : { externalIPs: asked };
}
