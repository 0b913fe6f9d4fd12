// What an API server has, as a user would write it into a folder of YAML; and what standalone mode says of it, as a change of its status there.
// Pure.

import { isDeepStrictEqual } from "node:util";
import { kinds } from "../../../api/kinds.ts";
import type { ApiObject } from "../../../operator/kubernetes/api-object.ts";

/** An object as the admin server of a standalone process tells it. */
export interface Told {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly uid?: string; readonly generation?: number };
  readonly status?: Readonly<Record<string, unknown>>;
}

/** Whether the object is any business of standalone mode: a cluster's own parts are not, nor are classes of others and their Gateways. */
export function isMirrored({ kind, metadata, ...fields }: ApiObject, controllerName: string, className: string): boolean {
  const spec = (fields["spec"] ?? {}) as { readonly controllerName?: string; readonly gatewayClassName?: string };
  if (kind === "GatewayClass") return spec.controllerName === controllerName;
  if (kind === "Gateway" && spec.gatewayClassName !== className) return false;
  const namespace = kind === "Namespace" ? metadata.name : (metadata.namespace ?? "");
  return !/^(kube-|envoy-gateway-system$)/.test(namespace);
}

/** A name for its file: a namespace has no dots, so no two are equal. */
export function fileOf({ kind, metadata }: Pick<ApiObject, "kind" | "metadata">): string {
  return `${kind}.${metadata.namespace ?? ""}.${metadata.name}.yaml`;
}

const kept = ["name", "namespace", "labels", "annotations", "uid", "generation", "creationTimestamp"] as const;

/** The object without what an API server keeps of it for itself. A Gateway that asks for no address asks for this one. */
export function written(object: ApiObject, address: string | undefined): object {
  const { metadata, status: _, ...rest } = object;
  const all = metadata as Readonly<Record<string, unknown>>;
  const own = Object.fromEntries(kept.flatMap((field) => (all[field] === undefined ? [] : [[field, all[field]]])));
  const spec = rest["spec"] as { readonly addresses?: readonly unknown[] } | undefined;
  if (address === undefined || spec?.addresses?.length) return { ...rest, metadata: own };
  return { ...rest, metadata: own, spec: { ...spec, addresses: [{ type: "IPAddress", value: address }] } };
}

const withStatus = new Set(kinds.filter(({ hasStatus }) => hasStatus).map(({ kind }) => kind));

/**
 * A merge patch that makes what is told the status of what the API server has; undefined when it is, or when the two are not of the same object at
 * the same generation. The uid guards what is patched: an object that has meanwhile taken the name is left alone.
 */
export function statusPatch(told: Told, seen: ApiObject | undefined): object | undefined {
  if (seen === undefined || told.status === undefined || !withStatus.has(told.kind)) return undefined;
  const { uid, generation } = seen.metadata as Told["metadata"];
  if (told.metadata.uid !== uid || told.metadata.generation !== generation) return undefined;
  const before = (seen["status"] ?? {}) as Readonly<Record<string, unknown>>;
  if (isDeepStrictEqual(before, told.status)) return undefined;
  const gone = Object.keys(before).flatMap((field) => (field in (told.status ?? {}) ? [] : [[field, null]]));
  return { metadata: { uid }, status: { ...Object.fromEntries(gone), ...told.status } };
}

/** Addresses of the loopback network in turn, so that nobody gets one that was given back a moment ago. */
export function createAddresses(): { of(uid: string): string } {
  const given = new Map<string, string>();
  return {
    of(uid) {
      const known = given.get(uid);
      if (known !== undefined) return known;
      const turn = given.size % (250 * 250);
      const address = `127.1.${Math.floor(turn / 250) + 1}.${(turn % 250) + 1}`;
      given.set(uid, address);
      return address;
    },
  };
}
