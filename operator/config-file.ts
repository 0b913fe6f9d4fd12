// An EnvoyGateway config file as options of a standalone process. Pure; every default is config.ts's.

import { envoyGatewaySchema, type EnvoyGateway } from "../api/envoygateway.ts";
import { jsonSchema } from "../api/schema.ts";
import { validate } from "../api/validate.ts";
import type { StandaloneOptions } from "./config.ts";
import { isRecord, spell } from "./host/yaml.ts";
import { readDocuments } from "./yaml.ts";

/** Throws one Error that names file, line and setting for everything that is wrong. */
export function readConfigFile(text: string, file: string): Partial<StandaloneOptions> {
  const [document] = readDocuments(text);
  if (document === undefined) throw new Error(`${file}: no EnvoyGateway in it`);
  const wrong = document.errors.map(({ line, message }) => `${file}:${line}: ${message}`);
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
  if (!isRecord(document.value) || document.value["kind"] !== "EnvoyGateway") {
    throw new Error(`${file}:${document.start.line}: kind EnvoyGateway is expected`);
  }
  const { object, problems } = validate(jsonSchema(envoyGatewaySchema), document.value);
  if (problems.length > 0) {
    throw new Error(problems.map(({ at, message }) => `${file}:${document.place(at).line}: ${spell(at)}: ${message}`).join("\n"));
  }
  return toOptions(object as EnvoyGateway); // it has just been checked
}

function toOptions(given: EnvoyGateway): Partial<StandaloneOptions> {
  const custom = given.provider?.custom;
  const level = given.logging?.level?.default;
  return {
    ...(custom?.resource?.file?.paths && { paths: custom.resource.file.paths }),
    ...(custom?.infrastructure?.host?.stateHome && { stateFolder: custom.infrastructure.host.stateHome }),
    ...(given.admin?.address?.port !== undefined && { adminPort: given.admin.address.port }),
    ...(level && { logLevel: level === "trace" ? "silly" : level }),
    gateway: {
      ...(given.gateway?.controllerName && { controllerName: given.gateway.controllerName }),
      ...(given.extensionApis && { extensionApis: given.extensionApis }),
      ...(given.envoyProxy && { envoyProxy: given.envoyProxy }),
    },
  };
}
