// Where built programs are kept: outside the checkout, so that the next clone finds them, and by the hash of what they are made from.

import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The folder for what is made from exactly these inputs; made if missing. */
export function cacheFolder(...inputs: readonly (string | Buffer)[]): string {
  const hash = createHash("sha256");
  for (const input of inputs) hash.update(`${input.length}\n`).update(input);
  const base = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const folder = join(base, "envoy-gateway-operator", "e2e", hash.digest("hex").slice(0, 16));
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** One line for who waits. */
export function progress(line: string): void {
  process.stderr.write(`e2e: ${line}\n`);
}
