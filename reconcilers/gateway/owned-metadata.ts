// Names, labels and owner of everything that is made to run a proxy. Objects live beside what owns them: in the Gateway's namespace
// (GEP-1762), or, for a class that merges its Gateways, in the controller's.

import { createHash } from "node:crypto";
import type { Db } from "../../store/db.ts";
import { nameOf, namespaceOf, objectKey } from "../../store/key.ts";
import { configKey } from "../envoyproxy.ts";
import { gatewayApi } from "./listener-spec.ts";
import { gatewaysOf } from "./proxies.ts";

export interface OwnedMetadata {
  readonly name: string;
  readonly namespace: string;
  /** Stable: never those a user adds, because a Deployment's selector cannot change. */
  readonly selector: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly ownerReferences: readonly unknown[];
}

/** Envoy Gateway's spelling: "envoy-", the name cut to 48 characters, and 8 hex digits of its SHA-256. */
export function infrastructureName(proxy: string): string {
  const readable = proxy.replaceAll("/", "-").slice(0, 48);
  return `envoy-${readable}-${createHash("sha256").update(proxy).digest("hex").slice(0, 8)}`;
}

/** Metadata of a proxy's objects; where merged Gateways disagree on a label the oldest wins. */
export function ownedMetadata(db: Db, proxy: string): OwnedMetadata {
  const merged = !proxy.includes("/");
  const gateways = gatewaysOf(db, proxy).flatMap((key) => db.get("Gateway", key) ?? []);
  const [first] = gateways;
  const gateway = objectKey(first?.metadata.namespace, first?.metadata.name ?? "");
  const selector: Readonly<Record<string, string>> = {
    "app.kubernetes.io/component": "proxy",
    "app.kubernetes.io/managed-by": "envoy-gateway",
    "app.kubernetes.io/name": "envoy",
    ...(merged
      ? { "gateway.envoyproxy.io/owning-gatewayclass": proxy }
      : {
          "gateway.envoyproxy.io/owning-gateway-name": nameOf(gateway),
          "gateway.envoyproxy.io/owning-gateway-namespace": namespaceOf(gateway),
        }),
  };
  const added = (field: "labels" | "annotations"): Readonly<Record<string, string>> =>
    Object.assign({}, ...gateways.toReversed().map(({ spec }) => spec.infrastructure?.[field] ?? {}));
  const wellKnown: Readonly<Record<string, string>> = merged ? {} : { [`${gatewayApi}/gateway-name`]: nameOf(gateway) };
  return {
    name: infrastructureName(proxy),
    namespace: merged ? (db.get("Config", configKey)?.namespace ?? "") : namespaceOf(gateway),
    selector,
    labels: { ...added("labels"), ...wellKnown, ...selector },
    annotations: added("annotations"),
    ownerReferences: owner(db, { proxy, merged }),
  };
}

/** Outside of a cluster objects have no uid, and so nothing is owned. */
function owner(db: Db, { proxy, merged }: { readonly proxy: string; readonly merged: boolean }): readonly unknown[] {
  const [namespace = "", name = ""] = proxy.split("/");
  const object = merged ? db.get("GatewayClass", objectKey("", proxy)) : db.get("Gateway", objectKey(namespace, name));
  if (object?.metadata.uid === undefined) return [];
  return [
    {
      apiVersion: `${gatewayApi}/v1`,
      kind: merged ? "GatewayClass" : "Gateway",
      name: object.metadata.name,
      uid: object.metadata.uid,
      controller: true,
      blockOwnerDeletion: true,
    },
  ];
}
