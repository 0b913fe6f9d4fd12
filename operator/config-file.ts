// An EnvoyGateway config file as options of a process, and what of it does nothing here. Pure; every default is config.ts's.

import { envoyGatewaySchema, type EnvoyGateway } from "../api/envoygateway.ts";
import { jsonSchema } from "../api/schema.ts";
import { validate } from "../api/validate.ts";
import type { OperatorOptions, StandaloneOptions } from "./config.ts";
import { milliseconds } from "../reconcilers/routes/durations.ts";
import { isRecord, spell } from "./host/yaml.ts";
import { components, type Component } from "./telemetry.ts";
import { readDocuments, type Path, type YamlDocument } from "./yaml.ts";

/** What a file says of a process of one kind. */
export type ConfigFile = (
  | { readonly provider: "Custom"; readonly options: Partial<StandaloneOptions> }
  | { readonly provider: "Kubernetes"; readonly options: Partial<OperatorOptions> }
) & {
  /** "file:line: setting …": what Envoy Gateway has a meaning for and we have none. */
  readonly warnings: readonly string[];
};

/** Throws one Error that names file, line and setting for everything that is wrong. */
export function readConfigFile(text: string, file: string): ConfigFile {
  const [document, second] = readDocuments(text);
  if (document === undefined) throw new Error(`${file}: no EnvoyGateway in it`);
  const at = (path: Path): string => `${file}:${document.place(path).line}: ${spell(path)}`;
  const wrong = document.errors.map(({ line, message }) => `${file}:${line}: not YAML: ${message}`);
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
  if (second !== undefined) throw new Error(`${file}:${second.start.line}: one EnvoyGateway is expected, not several documents`);
  if (!isRecord(document.value) || document.value["kind"] !== "EnvoyGateway") {
    throw new Error(`${file}:${document.start.line}: kind EnvoyGateway is expected`);
  }
  const { object, problems } = validate(jsonSchema(envoyGatewaySchema), document.value);
  if (problems.length > 0) throw new Error(problems.map((problem) => `${at(problem.at)}: ${problem.message}`).join("\n"));
  const given = object as EnvoyGateway; // it has just been checked
  const provider = given.provider?.type ?? "Kubernetes";
  const warnings = idle(document, provider).map((path) => `${at(path)}: has no effect here yet`);
  if (provider === "Custom") return { provider, options: toStandalone(given), warnings };
  const wrongThere = contradictions(given).map(([path, message]) => `${at(path)}: ${message}`);
  if (wrongThere.length > 0) throw new Error(wrongThere.join("\n"));
  return { provider, options: toOperator(given), warnings };
}

// ── What the settings mean ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

function toStandalone(given: EnvoyGateway): Partial<StandaloneOptions> {
  const { resource, infrastructure } = given.provider?.custom ?? {};
  const { configHome, dataHome, stateHome, runtimeDir } = infrastructure?.host ?? {};
  return {
    ...(resource?.file && { paths: resource.file.paths }),
    ...(configHome && { certificatesFolder: `${configHome}/certs` }),
    ...(dataHome && { envoyFolder: dataHome }),
    ...(stateHome && { stateFolder: stateHome }),
    ...(runtimeDir && { runtimeFolder: runtimeDir }),
    ...common(given),
  };
}

function toOperator(given: EnvoyGateway): Partial<OperatorOptions> {
  const { watch, deploy, leaderElection, shutdownManager } = given.provider?.kubernetes ?? {};
  return {
    ...(watch?.type === "Namespaces" && { watch: { namespaces: watch.namespaces ?? [] } }),
    ...(watch?.type === "NamespaceSelector" && watch.namespaceSelector && { watch: { selector: watch.namespaceSelector } }),
    // Said by name: a file of Envoy Gateway's that says nothing has no wish, and we have another default.
    ...(deploy && { deployType: deploy.type }),
    ...(leaderElection && { leaderElection: leaseTiming(leaderElection) }),
    ...(shutdownManager?.image && { shutdownManagerImage: shutdownManager.image }),
    ...common(given),
  };
}

type LeaderElection = NonNullable<NonNullable<NonNullable<EnvoyGateway["provider"]>["kubernetes"]>["leaderElection"]>;

function leaseTiming(given: LeaderElection): OperatorOptions["leaderElection"] {
  if (given.disable === true) return "off";
  return {
    lease: milliseconds(given.leaseDuration) ?? 15_000,
    renewDeadline: milliseconds(given.renewDeadline) ?? 10_000,
    retryPeriod: milliseconds(given.retryPeriod) ?? 2000,
  };
}

/** What the schema cannot say. */
function contradictions(given: EnvoyGateway): readonly (readonly [Path, string])[] {
  const { watch, leaderElection } = given.provider?.kubernetes ?? {};
  const at = (...path: readonly string[]): Path => ["provider", "kubernetes", ...path];
  const found: (readonly [Path, string])[] = [];
  if (watch?.type === "Namespaces" && (watch.namespaces ?? []).length === 0)
    found.push([at("watch"), "type Namespaces needs namespaces"]);
  if (watch?.type === "NamespaceSelector" && watch.namespaceSelector === undefined)
    found.push([at("watch"), "type NamespaceSelector needs a namespaceSelector"]);
  const timing = leaderElection === undefined ? "off" : leaseTiming(leaderElection);
  if (timing !== "off" && !(timing.retryPeriod < timing.renewDeadline && timing.renewDeadline < timing.lease))
    found.push([at("leaderElection"), "retryPeriod must be less than renewDeadline, and that less than leaseDuration"]);
  return found;
}

/** What means the same on a machine and in a cluster. */
function common(given: EnvoyGateway) {
  const { encoder } = given.logging ?? {};
  const address = given.admin?.address;
  return {
    ...levels(given.logging?.level ?? {}),
    ...(encoder && { logEncoder: encoder }),
    ...(address && { adminHost: address.host, adminPort: address.port }),
    ...(given.telemetry?.metrics?.prometheus?.disable === true && { metricsPort: "off" as const }),
    gateway: {
      ...(given.gateway?.controllerName && { controllerName: given.gateway.controllerName }),
      ...(given.extensionApis && { extensionApis: given.extensionApis }),
      ...(given.envoyProxy && { envoyProxy: given.envoyProxy }),
      ...(given.routeTables && { routeTables: given.routeTables }),
    },
  };
}

/** Envoy Gateway's names of parts that we have as one. */
const componentNames: Readonly<Record<string, Component>> = {
  ...Object.fromEntries(components.map((name) => [name, name])),
  "xds-server": "xds",
  "xds-translator": "xds",
};

function levels(given: Readonly<Record<string, string>>): Pick<Partial<StandaloneOptions>, "logLevel" | "componentLevels"> {
  const ofWinston = (level: string): string => (level === "trace" ? "silly" : level);
  const single = Object.entries(given).flatMap(([name, level]) => {
    const component = componentNames[name];
    return component === undefined ? [] : [[component, ofWinston(level)] as const];
  });
  return {
    ...(given["default"] && { logLevel: ofWinston(given["default"]) }),
    ...(single.length > 0 && { componentLevels: Object.fromEntries(single) }),
  };
}

// ── What has no effect ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Settings that mean something to both, with all below them. */
const effectiveEverywhere = [
  "apiVersion",
  "kind",
  "gateway.controllerName",
  "provider.type",
  "logging.encoder",
  ...["default", ...Object.keys(componentNames)].map((name) => `logging.level.${name}`),
  "admin.address",
  "telemetry.metrics.prometheus",
  "extensionApis.enableBackend",
  "envoyProxy",
  "routeTables",
];
const effective: Readonly<Record<ConfigFile["provider"], ReadonlySet<string>>> = {
  Custom: new Set([...effectiveEverywhere, "provider.custom.resource", "provider.custom.infrastructure"]),
  Kubernetes: new Set([
    ...effectiveEverywhere,
    ...["watch", "deploy", "leaderElection", "shutdownManager.image"].map((name) => `provider.kubernetes.${name}`),
    "gatewayAPI.enabled", // XListenerSets are always on
  ]),
};

/** Paths of what was given and is not in `effective`, each as short as can be. A switch that says what is so anyway is no matter. */
function idle({ value }: YamlDocument, provider: ConfigFile["provider"]): readonly Path[] {
  const known = effective[provider];
  const visit = (here: unknown, path: readonly string[]): readonly Path[] => {
    const name = path.join(".");
    if (known.has(name) || here === false) return [];
    const leads = path.length === 0 || known.values().some((one) => one.startsWith(`${name}.`));
    if (!leads) return [path];
    return isRecord(here) ? Object.entries(here).flatMap(([key, field]) => visit(field, [...path, key])) : [];
  };
  return visit(value, []);
}
