// A backendRef of a route: to which cluster it leads, or why nowhere. The order of the checks is the order in which a user mends them:
// kind, permission, existence, port.

import type { Db } from "../../store/db.ts";
import { objectKey } from "../../store/key.ts";
import { referencePermitted } from "../references.ts";
import { backendUse } from "./backend.ts";
import { speaksHttp2 } from "./clusters.ts";
import { backendCluster, http2Cluster, serviceCluster } from "./names.ts";
import { fail, succeed } from "./problem.ts";
import type { Outcome } from "./problem.ts";
import { protocolProblem, serviceUse } from "./service.ts";

/** A BackendObjectReference of the Gateway API. */
export interface BackendReference {
  readonly group?: string;
  readonly kind?: string;
  readonly name: string;
  readonly namespace?: string;
  readonly port?: number;
}

/** The end of a backendRef. */
export interface ResolvedBackend {
  readonly cluster: string;
  readonly discovery: "eds" | "dns";
  /** Serves only when the others of its rule do not. */
  readonly fallback: boolean;
}

/** Who refers; its group is gateway.networking.k8s.io. */
interface Referrer {
  readonly kind: string;
  readonly namespace: string;
}

/** Resolves a reference made by an object of this kind and namespace. gRPC is spoken over HTTP/2, whatever the backend says of itself. */
export function resolveBackend(db: Db, from: Referrer, ref: BackendReference): Outcome<ResolvedBackend> {
  const found = resolve(db, from, ref);
  if (!found.ok || from.kind !== "GRPCRoute" || speaksHttp2(db, found.value.cluster)) return found;
  return succeed({ ...found.value, cluster: http2Cluster(found.value.cluster) });
}

function resolve(db: Db, from: Referrer, ref: BackendReference): Outcome<ResolvedBackend> {
  const group = ref.group ?? "";
  const kind = ref.kind ?? "Service";
  const isService = group === "" && kind === "Service";
  if (!isService && !(group === "gateway.envoyproxy.io" && kind === "Backend")) {
    const shown = group === "" ? kind : `${kind}.${group}`;
    return fail("InvalidKind", `Backend kind ${shown} of ${ref.name} is not supported, it must be Service or Backend.`);
  }
  const namespace = ref.namespace ?? from.namespace;
  const key = objectKey(namespace, ref.name);
  const source = { group: "gateway.networking.k8s.io", kind: from.kind, namespace: from.namespace };
  if (!referencePermitted(db, source, { group, kind, namespace, name: ref.name })) {
    return fail("RefNotPermitted", `No ReferenceGrant permits the reference to ${kind} ${key} from namespace ${from.namespace}.`);
  }
  if (!isService) {
    const use = backendUse(db, key);
    return use.ok ? succeed({ cluster: backendCluster(key), ...use.value }) : use;
  }
  if (ref.port === undefined) return fail("PortNotSpecified", `The reference to Service ${key} has no port.`);
  const transport = from.kind === "UDPRoute" ? "UDP" : "TCP";
  const port = serviceUse(db, key, String(ref.port), transport);
  if (!port.ok) return port;
  const problem = protocolProblem(from.kind, `${ref.port} of Service ${key}`, port.value);
  if (problem !== undefined) return { ok: false, problem };
  return succeed({ cluster: serviceCluster(key, ref.port, transport), discovery: "eds", fallback: false });
}
