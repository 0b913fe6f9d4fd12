// The file that a running process leaves in its state folder, so that others find it: running.json.

import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** "host:port" each. */
export interface Addresses {
  readonly admin: string;
  readonly xds: string;
  readonly metrics?: string;
}

/** Writes it; the returned function takes it away. Rejects with one sentence when the folder cannot be written. */
export async function announce(stateFolder: string, addresses: Addresses): Promise<() => Promise<void>> {
  const file = join(stateFolder, "running.json");
  try {
    await mkdir(stateFolder, { recursive: true });
    await writeFile(file, JSON.stringify({ pid: process.pid, ...addresses }));
  } catch (cause) {
    throw new Error(`cannot write to the state directory ${stateFolder}`, { cause });
  }
  return () => rm(file, { force: true });
}
