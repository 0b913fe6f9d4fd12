// Asks a real Envoy whether it would start with a configuration. Test code.

import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonValue } from "@bufbuild/protobuf";

/** Envoy's complaint, or undefined when it takes the configuration. `envoy` is the path of the binary. */
export function envoyComplaint(envoy: string, bootstrap: JsonValue): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "validate-"));
  // A file: Node's own pipes are sockets, and an access log cannot open /dev/stdout when that is one.
  const output = openSync(join(folder, "output"), "w");
  try {
    const file = join(folder, "bootstrap.json");
    writeFileSync(file, JSON.stringify(bootstrap), { mode: 0o600 });
    const run = spawnSync(envoy, ["--mode", "validate", "-c", file, "--log-level", "error"], {
      stdio: ["ignore", output, "pipe"],
    });
    if (run.error !== undefined) throw run.error;
    return run.status === 0 ? undefined : run.stderr.toString();
  } finally {
    closeSync(output);
    rmSync(folder, { recursive: true });
  }
}
