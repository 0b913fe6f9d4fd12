// The cluster that a test runs on: the one that `npm run e2e` was pointed at, else one on this machine, started by the first test that asks.

import { execFileSync, spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubernetesProgram } from "../cluster/programs.ts";

export interface Cluster {
  readonly kubeconfigFile: string;
  /** The standard output; throws with the error output when kubectl fails. */
  readonly kubectl: (...args: readonly string[]) => string;
  /** `kubectl apply -f -` of YAML or JSON, with these flags. */
  readonly apply: (manifests: string, ...flags: readonly string[]) => void;
  /** One object or list as JSON: `get("deployment/echo", "-n", "default")`. */
  readonly get: (...args: readonly string[]) => unknown;
}

/**
 * Call it at the top of a test file, outside of any hook: starting a cluster takes seconds when its programs are built, minutes when not, and no
 * hook waits that long. run.sh takes it down.
 */
export function cluster(): Cluster {
  const kubeconfigFile = process.env["E2E_KUBECONFIG"] || startedHere();

  function kubectl(args: readonly string[], input?: string): string {
    const run = spawnSync(kubernetesProgram("kubectl"), ["--kubeconfig", kubeconfigFile, ...args], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
      ...(input !== undefined && { input }),
    });
    if (run.status !== 0) throw new Error(`kubectl ${args.join(" ")}\n${run.stderr}`);
    return run.stdout;
  }

  return {
    kubeconfigFile,
    kubectl: (...args) => kubectl(args),
    apply: (manifests, ...flags) => void kubectl(["apply", ...flags, "-f", "-"], manifests),
    get: (...args) => JSON.parse(kubectl(["get", "-o", "json", ...args])),
  };
}

function startedHere(): string {
  const main = join(import.meta.dirname, "../cluster/main.ts");
  const lock = join(tmpdir(), "envoy-gateway-e2e-start.lock");
  const args = ["--close", lock, "node", main, "up", "--for-tests"];
  return execFileSync("flock", args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
}
