// An EnvoyGateway config file as options of a standalone process, and what of it does nothing here. Pure; every default is config.ts's.

import { envoyGatewaySchema, type EnvoyGateway } from "../api/envoygateway.ts";
import { jsonSchema } from "../api/schema.ts";
import { validate } from "../api/validate.ts";
import type { StandaloneOptions } from "./config.ts";
import { isRecord, spell } from "./host/yaml.ts";
import { components, type Component } from "./telemetry.ts";
import { readDocuments, type Path, type YamlDocument } from "./yaml.ts";

export interface ConfigFile {
  readonly options: Partial<StandaloneOptions>;
  /** "file:line: setting …": what Envoy Gateway has a meaning for and a standalone process of ours has none. */
  readonly warnings: readonly string[];
}

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
  if (given.provider?.type !== undefined && given.provider.type !== "Custom") {
    throw new Error(`${at(["provider", "type"])}: must be Custom: that is what runs without a cluster`);
  }
  return { options: toOptions(given), warnings: idle(document).map((path) => `${at(path)}: has no effect here yet`) };
}

// ── What the settings mean ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

function toOptions(given: EnvoyGateway): Partial<StandaloneOptions> {
  const { resource, infrastructure } = given.provider?.custom ?? {};
  const { configHome, dataHome, stateHome, runtimeDir } = infrastructure?.host ?? {};
  const { encoder } = given.logging ?? {};
  const address = given.admin?.address;
  return {
    ...(resource?.file && { paths: resource.file.paths }),
    ...(configHome && { certificatesFolder: `${configHome}/certs` }),
    ...(dataHome && { envoyFolder: dataHome }),
    ...(stateHome && { stateFolder: stateHome }),
    ...(runtimeDir && { runtimeFolder: runtimeDir }),
    ...levels(given.logging?.level ?? {}),
    ...(encoder && { logEncoder: encoder }),
    ...(address && { adminHost: address.host, adminPort: address.port }),
    ...(given.telemetry?.metrics?.prometheus?.disable === true && { metricsPort: "off" }),
    gateway: {
      ...(given.gateway?.controllerName && { controllerName: given.gateway.controllerName }),
      ...(given.extensionApis && { extensionApis: given.extensionApis }),
      ...(given.envoyProxy && { envoyProxy: given.envoyProxy }),
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

/** Settings that mean something here, with all below them. */
const effective = new Set([
  "apiVersion",
  "kind",
  "gateway.controllerName",
  "provider.type",
  "provider.custom.resource",
  "provider.custom.infrastructure",
  "logging.encoder",
  ...["default", ...Object.keys(componentNames)].map((name) => `logging.level.${name}`),
  "admin.address",
  "telemetry.metrics.prometheus",
  "extensionApis.enableBackend",
  "envoyProxy",
]);

/** Paths of what was given and is not in `effective`, each as short as can be. A switch that says what is so anyway is no matter. */
function idle({ value }: YamlDocument): readonly Path[] {
  const visit = (here: unknown, path: readonly string[]): readonly Path[] => {
    const name = path.join(".");
    if (effective.has(name) || here === false) return [];
    const leads = path.length === 0 || effective.values().some((known) => known.startsWith(`${name}.`));
    if (!leads) return [path];
    return isRecord(here) ? Object.entries(here).flatMap(([key, field]) => visit(field, [...path, key])) : [];
  };
  return visit(value, []);
}
