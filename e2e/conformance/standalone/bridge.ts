// Between an API server and a standalone process: objects go into the folder that the process follows, statuses that it publishes come back. What is
// copied, and how, is decided in mirror.ts.

import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kinds, type KindDefinition } from "../../../api/kinds.ts";
import { systemClock } from "../../../operator/clock.ts";
import type { ApiObject } from "../../../operator/kubernetes/api-object.ts";
import { hasStatus, type KubernetesClient } from "../../../operator/kubernetes/client.ts";
import { reflect } from "../../../operator/kubernetes/reflector.ts";
import { apiResource, resourceOf, resourcePath } from "../../../operator/kubernetes/resources.ts";
import { writeYaml } from "../../../operator/yaml.ts";
import { createAddresses, fileOf, isMirrored, statusPatch, type Told, written } from "./mirror.ts";

export interface BridgeOptions {
  readonly client: KubernetesClient;
  /** What the process follows. */
  readonly folder: string;
  readonly controllerName: string;
  /** Of the Gateways that are its own. */
  readonly className: string;
  /** The objects of the process with their statuses, as it publishes them. */
  readonly told: () => Promise<readonly Told[]>;
  readonly log: (line: string) => void;
}

const lookMs = 200;

/** Until the signal aborts. */
export async function bridge(options: BridgeOptions, signal: AbortSignal): Promise<void> {
  const seen = new Map<string, ApiObject>();
  const addresses = createAddresses();
  const following = kinds.map((definition) => follow(definition));

  async function follow(definition: KindDefinition): Promise<void> {
    const resources = definition.versions.map((version) => resourceOf(definition, version));
    for await (const event of reflect({ client: options.client, clock: systemClock, log: options.log, resources }, signal)) {
      if (event.type === "synced") continue;
      const file = fileOf(event.object);
      if (event.type === "applied" && isMirrored(event.object, options.controllerName, options.className)) {
        const before = seen.get(file);
        seen.set(file, event.object);
        put(file, event.object, before);
      } else if (seen.delete(file)) rmSync(join(options.folder, file), { force: true });
    }
  }

  function put(file: string, object: ApiObject, before: ApiObject | undefined): void {
    const text = (one: ApiObject): string => {
      const address = one.kind === "Gateway" ? addresses.of(one.metadata.uid ?? "") : undefined;
      return writeYaml(written(one, address));
    };
    const now = text(object);
    if (before !== undefined && text(before) === now) return; // nothing but its status
    // Never half a file; a name that begins with a dot is not read.
    const unfinished = join(options.folder, `.${file}`);
    writeFileSync(unfinished, now);
    renameSync(unfinished, join(options.folder, file));
  }

  async function publish(one: Told): Promise<void> {
    const known = seen.get(fileOf(one));
    const body = statusPatch(one, known);
    const resource = known && apiResource(known.apiVersion, known.kind);
    if (body === undefined || resource === undefined) return;
    const { name, namespace } = one.metadata;
    const path = resourcePath(resource, { namespace, name, subresource: "status" });
    await options.client.call({ method: "PATCH", patch: "merge", path, body, signal }).catch((error: unknown) => {
      // Gone, or another one of that name: what comes next tells.
      if (!signal.aborted && !hasStatus(error, 404, 409)) options.log(`${path}: ${String(error)}`);
    });
  }

  while (!signal.aborted) {
    const told = await options.told().catch((error: unknown) => {
      options.log(`standalone does not answer: ${String(error)}`);
      return [];
    });
    await Promise.all(told.map(publish));
    await new Promise((wake) => setTimeout(wake, lookMs));
  }
  await Promise.all(following);
}
