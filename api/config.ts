// The complete configuration of the process, every default filled in: what an EnvoyGateway config file plus flags mean. Types only.
// The file's schema is in envoygateway.ts; operator/config.ts makes this value; reconcilers read it as the object Config "/config".

export interface Config {
  readonly metadata: { readonly name: "config" };
  readonly controllerName: string;
  /** Namespace of the controller's own objects ("envoy-gateway-system"). */
  readonly namespace: string;
  /** "host": Envoy runs as a child process on this machine; ports are not shifted, loopback and single-label backends are allowed. */
  readonly infrastructure: "host" | "kubernetes";
  /** In a cluster: where the objects of a proxy live, beside its Gateway or beside the controller. Merged Gateways: always the controller. */
  readonly deployType: "ControllerNamespace" | "GatewayNamespace";
  readonly extensionApis: {
    readonly enableBackend: boolean;
    readonly enableEnvoyPatchPolicy: boolean;
    readonly disableLua: boolean;
  };
  /** How route tables are laid out for Envoy; absent: Plain. */
  readonly routeTables?: { readonly layout: "Plain" | "Bucketed" | "Auto" };
  /** Image of the sidecar that lets proxies in a cluster end gently, usually our own. Absent: they end at once. */
  readonly shutdownManagerImage?: string;
  /** How a proxy reaches the xDS server. */
  readonly xds: {
    readonly host: string;
    readonly port: number;
    /** Name the server's certificate must carry. */
    readonly serverName: string;
    readonly credentials: XdsFiles | XdsToken;
  };
  /** Default EnvoyProxySpec of the config file, lowest precedence. */
  readonly envoyProxy?: import("./envoyproxy.ts").EnvoyProxy["spec"];
}

/** On one machine: each side shows a certificate. */
export interface XdsFiles {
  readonly type: "files";
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Where the same are found as SDS files, read again when they are replaced; absent: the PEM files are read once. */
  readonly sdsFiles?: { readonly certificate: string; readonly trust: string };
}

/** In a cluster: the server shows a certificate, the proxy a token of its ServiceAccount. */
export interface XdsToken {
  readonly type: "token";
  /** PEM of the authorities that the server's certificate may come from; changes when they rotate. */
  readonly caBundle: string;
  /** Whom the token is for: no other service can use it, and no other token is taken. */
  readonly audience: string;
}
