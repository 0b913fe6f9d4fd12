// The bootstrap of a proxy, from EnvoyProxy settings and the controller's configuration; xds/bootstrap.ts knows what it looks like.

import type { EnvoyProxySpec } from "../../api/envoyproxy.ts";
import type { Config, XdsFiles } from "../../api/config.ts";
import { bootstrap, type BootstrapOptions, type StatsMatch, type XdsCredentials } from "../../xds/bootstrap.ts";
import { customBootstrap } from "./bootstrap-value.ts";
import type { Outcome } from "./json-patch.ts";
import { units } from "../quantities.ts";

/** Where things are mounted in a proxy's pod. */
export const sdsPath = "/sds";
export const tokenFile = { folder: "/var/run/secrets/envoy-gateway", name: "token" } as const;

const certificateName = "xds_certificate";
const trustName = "xds_trusted_ca";
const tokenName = "xds_token";

export const metricsPort = 19001;
export const readinessPort = 19003;

/** The bootstrap of a proxy with these settings, or what is wrong with them, as a sentence. */
export function proxyBootstrap(config: Config, spec: EnvoyProxySpec): Outcome {
  return customBootstrap(
    bootstrap(config.infrastructure === "host" ? hostOptions(config, spec) : clusterOptions(config, spec)),
    spec,
  );
}

/** Many proxies share a machine, so their own endpoints take any free port of the loopback. */
function hostOptions({ xds }: Config, spec: EnvoyProxySpec): BootstrapOptions {
  const { host, port, serverName } = xds;
  const free = { host: "127.0.0.1", port: 0 };
  return {
    admin: free,
    readiness: free,
    xds: { host, port, serverName, credentials: xdsCredentials(xds) },
    ...selection(spec),
  };
}

function xdsCredentials({ credentials }: Config["xds"]): XdsCredentials {
  if (credentials.type === "token")
    return {
      type: "token",
      token: { name: tokenName, path: `${sdsPath}/xds-token.json` },
      trust: { name: trustName, path: `${sdsPath}/xds-trusted-ca.json` },
    };
  const { sdsFiles: files, ...pem } = credentials;
  if (files === undefined) return pem;
  return {
    type: "sdsFiles",
    certificate: { name: certificateName, path: files.certificate },
    trust: { name: trustName, path: files.trust },
  };
}

function clusterOptions({ xds }: Config, spec: EnvoyProxySpec): BootstrapOptions {
  const { host, port, serverName } = xds;
  const everywhere = spec.ipFamily === "IPv6" || spec.ipFamily === "DualStack" ? "::" : "0.0.0.0";
  const limit = memoryLimit(spec.provider?.kubernetes?.envoyDeployment?.container?.resources);
  return {
    zone: "$(ENVOY_SERVICE_ZONE)", // Kubernetes puts the variable's value in
    admin: { host: spec.ipFamily === "IPv6" ? "::1" : "127.0.0.1", port: 19000 },
    readiness: { host: everywhere, port: readinessPort },
    ...(scraped(spec) ? { metrics: { host: everywhere, port: metricsPort } } : {}),
    xds: { host, port, serverName, credentials: xdsCredentials(xds) },
    ...selection(spec),
    ...(limit === undefined ? {} : { maxHeapBytes: Math.floor(limit * 0.8) }),
  };
}

/** Files that hold a Secret each, which Envoy reads again when the certificates in `folder` are replaced. */
export function certificateFiles({ caFile, certFile, keyFile }: XdsFiles, folder: string): Readonly<Record<string, string>> {
  const certificate = { certificate_chain: { filename: certFile }, private_key: { filename: keyFile } };
  return {
    "xds-certificate.json": secretFile(certificateName, { tls_certificate: { ...certificate, ...watched(folder) } }),
    "xds-trusted-ca.json": trustFile(caFile, folder),
  };
}

/** Files of the ConfigMap mounted at sdsPath: whom to trust, and where the token is. Nothing in them is secret. */
export function tokenFiles(caBundle: string): Readonly<Record<string, string>> {
  const { folder, name } = tokenFile;
  return {
    "ca.crt": caBundle,
    "xds-token.json": secretFile(tokenName, {
      generic_secret: { secret: { filename: `${folder}/${name}`, ...watched(folder) } },
    }),
    "xds-trusted-ca.json": trustFile(`${sdsPath}/ca.crt`, sdsPath),
  };
}

function trustFile(caFile: string, folder: string): string {
  return secretFile(trustName, { validation_context: { trusted_ca: { filename: caFile }, ...watched(folder) } });
}

function watched(folder: string): object {
  return { watched_directory: { path: folder } };
}

function secretFile(name: string, secret: object): string {
  const type = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
  return JSON.stringify({ resources: [{ "@type": type, name, ...secret }] });
}

/** Is the Prometheus endpoint on? */
export function scraped(spec: EnvoyProxySpec): boolean {
  return spec.telemetry?.metrics?.prometheus?.disable !== true;
}

const matchTypes: Readonly<Record<string, StatsMatch["type"]>> = {
  Exact: "exact",
  Prefix: "prefix",
  Suffix: "suffix",
  RegularExpression: "regex",
};

function selection(spec: EnvoyProxySpec): Pick<BootstrapOptions, "stats"> {
  const matches = (spec.telemetry?.metrics?.matches ?? []).flatMap(({ type, value }): readonly StatsMatch[] => {
    const known = matchTypes[type ?? "Exact"];
    return known === undefined ? [] : [{ type: known, value }];
  });
  return matches.length === 0 ? {} : { stats: { type: "matching", matches } };
}

/** limits.memory of Kubernetes resources in bytes; undefined when there is none. */
function memoryLimit(resources: unknown): number | undefined {
  const memory = field(field(resources, "limits"), "memory");
  const [, count, unit] =
    /^(\d+(?:\.\d+)?)(|k|M|G|T|Ki|Mi|Gi|Ti)$/.exec(
      typeof memory === "number" ? String(memory) : typeof memory === "string" ? memory : "",
    ) ?? [];
  return count === undefined ? undefined : Number(count) * (units[unit ?? ""] ?? 1);
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
}
