// Asks a real Envoy whether it would start with a configuration. Test code.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonValue } from "@bufbuild/protobuf";

/** Envoy's complaint, or undefined when it takes the configuration. */
export function envoyComplaint(envoy: string, bootstrap: JsonValue): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "validate-"));
  try {
    const file = join(folder, "bootstrap.json");
    writeFileSync(file, JSON.stringify(bootstrap), { mode: 0o600 });
    execFileSync(envoy, ["--mode", "validate", "-c", file, "--log-level", "error"], { stdio: "pipe" });
    return undefined;
  } catch (error) {
    if (error instanceof Error && "stderr" in error) return String(error.stderr);
    throw error;
  } finally {
    if (existsSync(folder)) rmSync(folder, { recursive: true });
  }
}
