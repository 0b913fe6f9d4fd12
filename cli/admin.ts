// Finds the admin server of a running standalone instance by the file it leaves in its state folder.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { resolveOptions } from "../operator/config.ts";

/** The URL of the admin server of the instance with this state folder, or with the usual one. Throws when none runs. */
export async function adminAddress(stateDir: string | undefined): Promise<string> {
  const folder = stateDir ?? resolveOptions({ paths: [] }).stateFolder;
  const text = await readFile(join(folder, "running.json"), "utf8").catch((cause: unknown) => {
    throw new Error(`no instance runs with the state folder ${folder}: start one with \`envoy-gateway standalone\``, { cause });
  });
  const { admin } = JSON.parse(text) as { readonly admin: string };
  return `http://${admin}`;
}
