// Which EnvoyProxy settings hold for a class, a Gateway and a proxy: the nearest one wins whole, nothing is merged (Envoy Gateway v1.7).
// A parametersRef that cannot be used is reported, and the next lower level holds, so that a proxy that runs keeps its shape and its traffic.
// Does not know what the settings mean to listeners (gateway/proxy-listeners.ts) or to Deployments (gateway/infrastructure.ts).

import type { Config } from "../api/config.ts";
import type { EnvoyProxySpec } from "../api/envoyproxy.ts";
import type { Db } from "../store/db.ts";
import { type ObjectKey, nameOf, namespaceOf, objectKey } from "../store/key.ts";
import { memo } from "../store/memo.ts";
import { gatewayInvalidParameters } from "./conditions.ts";
import { accessLogProblem } from "./gateway/access-log.ts";
import { filterOrderProblem } from "./gateway/effects.ts";
import { proxyBootstrap } from "./gateway/proxy-bootstrap.ts";
import type { Verdict } from "./reconciler.ts";

/** Key of the one Config object. */
export const configKey: ObjectKey = "/config";

/** Settings, and why a nearer reference is not followed. */
interface Resolution {
  readonly spec: EnvoyProxySpec;
  readonly problem?: string;
}

interface ParametersRef {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

/** Settings of a GatewayClass: its parametersRef, else those of the controller's configuration. */
export const classEnvoyProxy = memo("classEnvoyProxy", (db: Db, className: string): Resolution => {
  const configured = configuredEnvoyProxy(db);
  const fallback = configured.spec;
  const ref = db.get("GatewayClass", objectKey("", className))?.spec.parametersRef;
  // v1.7: a reference without namespace means the namespace "default".
  return ref === undefined ? configured : follow(db, { ref, namespace: ref.namespace ?? "default", fallback });
});

/** Settings of the controller's configuration; none when they contradict each other. */
const configuredEnvoyProxy = memo("configuredEnvoyProxy", (db: Db): Resolution => {
  const config = db.get("Config", configKey);
  const spec = config?.envoyProxy ?? ({} as EnvoyProxySpec);
  const problem = problemOf(spec, config);
  return problem === undefined
    ? { spec }
    : { spec: {} as EnvoyProxySpec, problem: `envoyProxy of the configuration: ${problem}` };
});

/** Do all Gateways of the class share one proxy? Read from what the class refers to, also when other settings there are wrong. */
export const mergesGateways = memo("mergesGateways", (db: Db, className: string): boolean => {
  const ref = db.get("GatewayClass", objectKey("", className))?.spec.parametersRef;
  const named = ref && db.get("EnvoyProxy", objectKey(ref.namespace ?? "default", ref.name))?.spec;
  return (named ?? classEnvoyProxy(db, className).spec).mergeGateways === true;
});

/** Settings of a Gateway; conditions say what is wrong with its own reference or that of its class (Accepted=False). */
export const envoyProxyOf = memo("envoyProxyOf", (db: Db, gateway: ObjectKey): Verdict<EnvoyProxySpec> => {
  const { spec, problem } = resolve(db, gateway);
  return { value: spec, conditions: problem === undefined ? [] : [gatewayInvalidParameters(problem)] };
});

/** The EnvoyProxy that is named nearest to a proxy, whether or not it can be used: pods that run are of its making. */
export function namedEnvoyProxy(db: Db, proxy: string): EnvoyProxySpec | undefined {
  const gateway = isObjectKey(proxy) ? db.get("Gateway", proxy)?.spec : undefined;
  const own = gateway?.infrastructure?.parametersRef;
  if (own !== undefined) return db.get("EnvoyProxy", objectKey(namespaceOf(proxy as ObjectKey), own.name))?.spec;
  const ref = db.get("GatewayClass", objectKey("", gateway?.gatewayClassName ?? proxy))?.spec.parametersRef;
  return ref && db.get("EnvoyProxy", objectKey(ref.namespace ?? "default", ref.name))?.spec;
}

/** Settings of a proxy: those of its Gateway, or of its class when the name is a class's (merged Gateways). */
export function envoyProxyOfProxy(db: Db, proxy: string): EnvoyProxySpec {
  return isObjectKey(proxy) ? envoyProxyOf(db, proxy).value : classEnvoyProxy(db, proxy).spec;
}

/** Class names have no slash. */
function isObjectKey(proxy: string): proxy is ObjectKey {
  return proxy.includes("/");
}

function resolve(db: Db, gateway: ObjectKey): Resolution {
  const spec = db.get("Gateway", gateway)?.spec;
  if (spec === undefined) return { spec: {} as EnvoyProxySpec };
  const ofClass = classEnvoyProxy(db, spec.gatewayClassName);
  const ref = spec.infrastructure?.parametersRef;
  if (ref === undefined) {
    const { problem } = ofClass;
    return problem === undefined ? ofClass : { ...ofClass, problem: `GatewayClass ${spec.gatewayClassName}: ${problem}` };
  }
  if (mergesGateways(db, spec.gatewayClassName)) {
    const problem = `Class ${spec.gatewayClassName} merges its Gateways, so ${nameOf(gateway)} cannot have an infrastructure.parametersRef.`;
    return { spec: ofClass.spec, problem };
  }
  return follow(db, { ref, namespace: namespaceOf(gateway), fallback: ofClass.spec });
}

function follow(
  db: Db,
  { ref, namespace, fallback }: { readonly ref: ParametersRef; readonly namespace: string; readonly fallback: EnvoyProxySpec },
): Resolution {
  if (ref.group !== "gateway.envoyproxy.io" || ref.kind !== "EnvoyProxy")
    return { spec: fallback, problem: `${ref.group}/${ref.kind} is not supported, it must be gateway.envoyproxy.io/EnvoyProxy.` };
  const found = db.get("EnvoyProxy", objectKey(namespace, ref.name));
  if (found === undefined) return { spec: fallback, problem: `EnvoyProxy ${namespace}/${ref.name} not found.` };
  const problem = problemOf(found.spec, db.get("Config", configKey));
  return problem === undefined
    ? { spec: found.spec }
    : { spec: fallback, problem: `EnvoyProxy ${namespace}/${ref.name}: ${problem}` };
}

/** The first contradiction between settings, for objects that no schema has seen (CEL rules of the CRD say the same). */
function problemOf(spec: EnvoyProxySpec, config: Config | undefined): string | undefined {
  const provider = spec.provider;
  if (provider?.type === "Host" && config?.infrastructure !== "host") return "provider Host is only for standalone use.";
  const kubernetes = provider?.kubernetes;
  if (kubernetes?.envoyDeployment !== undefined && kubernetes.envoyDaemonSet !== undefined)
    return "only one of envoyDeployment and envoyDaemonSet can be set.";
  if (kubernetes?.envoyHpa !== undefined && kubernetes.envoyDaemonSet !== undefined)
    return "envoyHpa cannot be used with envoyDaemonSet.";
  if (kubernetes?.envoyPDB?.minAvailable !== undefined && kubernetes.envoyPDB.maxUnavailable !== undefined)
    return "only one of minAvailable and maxUnavailable of envoyPDB can be set.";
  return filterOrderProblem(spec) ?? accessLogProblem(spec) ?? (config && bootstrapProblem(config, spec));
}

function bootstrapProblem(config: Config, spec: EnvoyProxySpec): string | undefined {
  const made = proxyBootstrap(config, spec);
  return "problem" in made ? made.problem : undefined;
}
