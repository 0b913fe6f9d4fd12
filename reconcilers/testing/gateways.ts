// Objects around Gateways for tests: configuration, classes, listeners with TLS, Secrets and grants. The store they go into is world.ts's.

import type { Config } from "../../api/config.ts";
import type { CertificatePair } from "./certificates.ts";
import type { TestObject } from "./object.ts";

type Fields = Readonly<Record<string, unknown>>;

const controllerName = "example.net/controller";

/** The configuration, with some fields other than in world.ts. */
export function config(fields: Partial<Config>): TestObject {
  return {
    kind: "Config",
    controllerName,
    namespace: "envoy-gateway-system",
    infrastructure: "kubernetes",
    deployType: "GatewayNamespace",
    extensionApis: { enableBackend: true, enableEnvoyPatchPolicy: false, disableLua: false },
    xds: {
      host: "envoy-gateway",
      port: 18000,
      serverName: "envoy-gateway",
      credentials: { type: "token", caBundle: "the authorities\n", audience: "envoy-gateway" },
    },
    ...fields,
    metadata: { name: "config" },
  };
}

/** A class of ours. */
export function gatewayClass(name: string, spec: Fields = {}): TestObject {
  return { kind: "GatewayClass", metadata: { name }, spec: { controllerName, ...spec } };
}

/** An EnvoyProxy in namespace default, and the reference to it. */
export function envoyProxy(name: string, spec: Fields): TestObject {
  return { kind: "EnvoyProxy", metadata: { namespace: "default", name }, spec };
}
export function parametersRef(name: string): Fields {
  return { group: "gateway.envoyproxy.io", kind: "EnvoyProxy", name };
}

/** A Gateway "default/<name>" of class eg; listeners are HTTP on port 80 for the same namespace unless they say otherwise. */
export function gatewayWith(name: string, listeners: readonly Fields[], more: Fields = {}): TestObject {
  const { created, uid, ...spec } = more;
  const complete = listeners.map((listener) => ({
    protocol: "HTTP",
    port: 80,
    allowedRoutes: { namespaces: { from: "Same" } },
    ...listener,
  }));
  const metadata = {
    name,
    namespace: "default",
    ...(created === undefined ? {} : { creationTimestamp: created }),
    ...(uid === undefined ? {} : { uid }),
  };
  return { kind: "Gateway", metadata, spec: { gatewayClassName: "eg", ...spec, listeners: complete } };
}

/** An HTTPS listener on port 443 that terminates with these Secrets. */
export function https(name: string, hostname: string | undefined, ...secrets: readonly string[]): Fields {
  return { name, protocol: "HTTPS", port: 443, tls: terminate(...secrets), ...(hostname === undefined ? {} : { hostname }) };
}

/** The tls field of a listener that terminates with these Secrets: "name" in the Gateway's namespace, or "namespace/name". */
export function terminate(...secrets: readonly string[]): Fields {
  return {
    mode: "Terminate",
    certificateRefs: secrets.map((secret) => {
      const [first = "", second] = secret.split("/");
      return { group: "", kind: "Secret", ...(second === undefined ? { name: first } : { namespace: first, name: second }) };
    }),
  };
}

/** A Secret of type kubernetes.io/tls, by "namespace/name". */
export function tlsSecret(key: string, pair: CertificatePair): TestObject {
  const [namespace = "", name = ""] = key.split("/");
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  return {
    kind: "Secret",
    metadata: { namespace, name },
    type: "kubernetes.io/tls",
    data: { "tls.crt": base64(pair.certificate), "tls.key": base64(pair.key) },
  };
}

/** A ReferenceGrant in namespace "other" that lets Gateways of "default" use any Secret; fields replace parts of it. */
export function grant(fields: { readonly namespace?: string; readonly from?: object; readonly to?: object }): TestObject {
  return {
    kind: "ReferenceGrant",
    metadata: { name: "grant", namespace: fields.namespace ?? "other" },
    spec: {
      from: [{ group: "gateway.networking.k8s.io", kind: "Gateway", namespace: "default", ...fields.from }],
      to: [{ group: "", kind: "Secret", ...fields.to }],
    },
  };
}
