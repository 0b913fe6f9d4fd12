// Names, labels and owner of everything that is made to run a proxy. Objects live beside their Gateway and are named after it (GEP-1762), or,
// when the configuration says so and always for a class that merges its Gateways, in the controller's namespace under a name of ours.

import { createHash } from "node:crypto";
import type { Db } from "../../store/db.ts";
import { nameOf, namespaceOf, objectKey } from "../../store/key.ts";
import { configKey } from "../envoyproxy.ts";
import { gatewayApi } from "./listener-spec.ts";
import { gatewaysOf } from "./proxies.ts";

/** On objects of a Gateway or class whose name is too long for a label: the proxy's name. */
export const proxyAnnotation = "gateway.envoyproxy.io/proxy";

/** "true" on an object that is made only if there is none of its name: another's is used as it is, neither changed nor removed. */
export const onlyIfAbsent = "gateway.envoyproxy.io/only-if-absent";

export interface OwnedMetadata {
  readonly name: string;
  readonly namespace: string;
  /** Stable: never those a user adds, because a Deployment's selector cannot change. Says whose an object is. */
  readonly selector: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly ownerReferences: readonly unknown[];
}

/** Envoy Gateway's spelling: "envoy-", the name cut to 48 characters, and 8 hex digits of its SHA-256. */
export function infrastructureName(proxy: string): string {
  // A Service's name has no dots; the hash keeps names apart.
  const readable = proxy.replaceAll(/[/.]/g, "-").slice(0, 48);
  return `envoy-${readable}-${hash(proxy)}`;
}

/** Metadata of a proxy's objects; where merged Gateways disagree on a label the oldest wins. */
export function ownedMetadata(db: Db, proxy: string): OwnedMetadata {
  const merged = !proxy.includes("/");
  const config = db.get("Config", configKey);
  const beside = !merged && config?.deployType !== "ControllerNamespace";
  const gateways = gatewaysOf(db, proxy).flatMap((key) => db.get("Gateway", key) ?? []);
  const [first] = gateways;
  const gateway = objectKey(first?.metadata.namespace, first?.metadata.name ?? "");
  const selector: Readonly<Record<string, string>> = {
    "app.kubernetes.io/component": "proxy",
    "app.kubernetes.io/managed-by": "envoy-gateway",
    "app.kubernetes.io/name": "envoy",
    ...(merged
      ? { "gateway.envoyproxy.io/owning-gatewayclass": labelValue(proxy) }
      : {
          "gateway.envoyproxy.io/owning-gateway-name": labelValue(nameOf(gateway)),
          "gateway.envoyproxy.io/owning-gateway-namespace": namespaceOf(gateway),
        }),
  };
  const added = (field: "labels" | "annotations"): Readonly<Record<string, string>> =>
    Object.assign({}, ...gateways.toReversed().map(({ spec }) => spec.infrastructure?.[field] ?? {}));
  const wellKnown: Readonly<Record<string, string>> = beside
    ? { [`${gatewayApi}/gateway-name`]: labelValue(nameOf(gateway)) }
    : {};
  return {
    name: beside && config?.infrastructure !== "host" ? gatewayName(proxy) : infrastructureName(proxy),
    namespace: beside ? namespaceOf(gateway) : (config?.namespace ?? ""),
    selector,
    labels: { ...added("labels"), ...wellKnown, ...selector },
    annotations: { ...added("annotations"), ...(nameIn(proxy).length > longestLabel ? { [proxyAnnotation]: proxy } : {}) },
    ownerReferences: owner(db, { proxy, beside }),
  };
}

/** The Gateway's own name, where that can be the name of a Service. */
function gatewayName(proxy: string): string {
  const name = nameIn(proxy);
  return /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name) ? name : infrastructureName(proxy);
}

/** The name of the Gateway or class that a proxy is called after. */
function nameIn(proxy: string): string {
  return proxy.slice(proxy.indexOf("/") + 1);
}

const longestLabel = 63;

/** A name as the value of a label. */
function labelValue(name: string): string {
  return name.length > longestLabel ? `${name.slice(0, longestLabel - 9)}-${hash(name)}` : name;
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

/** A Gateway cannot own what lives in another namespace: there its class does. Outside of a cluster nothing has a uid, and so no owner. */
function owner(db: Db, { proxy, beside }: { readonly proxy: string; readonly beside: boolean }): readonly unknown[] {
  const [namespace = "", name = ""] = proxy.split("/");
  const className = proxy.includes("/") ? (db.get("Gateway", objectKey(namespace, name))?.spec.gatewayClassName ?? "") : proxy;
  const object = beside ? db.get("Gateway", objectKey(namespace, name)) : db.get("GatewayClass", objectKey("", className));
  if (object?.metadata.uid === undefined) return [];
  return [
    {
      apiVersion: `${gatewayApi}/v1`,
      kind: beside ? "Gateway" : "GatewayClass",
      name: object.metadata.name,
      uid: object.metadata.uid,
      controller: true,
      blockOwnerDeletion: true,
    },
  ];
}
