// The door of the reading commands to operator/: texts in, objects and their meaning out, and the configuration they are read under.

import type { Config } from "../api/config.ts";
import { standaloneConfig, type StandaloneOptions } from "../operator/config.ts";
import { readObjects as read, translateOffline } from "../operator/offline.ts";
import type { ReadObjects, Translation } from "../operator/offline.ts";
import type { Problem } from "../operator/host/yaml.ts";
import type { InputFile } from "./input.ts";

/** Where the xDS server would be: nothing is asked of it when nothing runs. */
const unreached: Config["xds"] = {
  host: "127.0.0.1",
  port: 18000,
  serverName: "envoy-gateway",
  credentials: { type: "files", caFile: "/certs/ca.crt", certFile: "/certs/tls.crt", keyFile: "/certs/tls.key" },
};

export interface Translated {
  readonly translation: Translation;
  readonly problems: readonly Problem[];
  /** How many objects were read. */
  readonly count: number;
}

export interface ReadingOptions {
  readonly validate: boolean;
  /** RFC 3339; the present when absent. */
  readonly now?: string;
  /** Settings of a config file. */
  readonly gateway?: StandaloneOptions["gateway"];
}

/** The objects of some texts, and what is wrong with them. */
export function readObjects(inputs: readonly InputFile[], options: ReadingOptions): ReadObjects {
  return read(inputs, options.validate);
}

/** What the objects of some texts mean. */
export function translateInputs(inputs: readonly InputFile[], options: ReadingOptions): Translated {
  const objects = readObjects(inputs, options);
  const translation = translateOffline(
    objects,
    standaloneConfig(unreached, options.gateway),
    options.now ?? new Date().toISOString(),
  );
  return { translation, problems: objects.problems, count: objects.objects.length };
}
