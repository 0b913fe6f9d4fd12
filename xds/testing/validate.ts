// Asks a real Envoy whether it would start with a configuration. Test code.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonValue } from "@bufbuild/protobuf";

/** Envoy's complaint, or undefined when it takes the configuration. `envoy` is the path of the binary. */
export function envoyComplaint(envoy: string, bootstrap: JsonValue): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "validate-"));
  try {
    const file = join(folder, "bootstrap.json");
    writeFileSync(file, JSON.stringify(bootstrap), { mode: 0o600 });
    const run = spawnSync(envoy, ["--mode", "validate", "-c", file, "--log-level", "error"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (run.error !== undefined) throw run.error;
    return run.status === 0 ? undefined : run.stderr.toString();
  } finally {
    rmSync(folder, { recursive: true });
  }
}
