// One Envoy on this machine for as long as it is wanted: started, started again when it dies, hot-restarted when its command line changes
// (the listening sockets are handed over), drained when it is no longer wanted. Knows no Kubernetes object.

import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startGuarded, type GuardedProcess } from "./guard.ts";

export interface EnvoyOptions {
  readonly binary: string;
  /** A folder of its own for this Envoy's small files. */
  readonly folder: string;
  /** Unique and short. */
  readonly name: string;
  readonly onState: (state: { readonly pid?: number; readonly admin?: string; readonly trouble?: string }) => void;
  /** Access logs and whatever else Envoy prints. */
  readonly onOutput: (line: string, stream: "stdout" | "stderr") => void;
}

export interface RunningEnvoy {
  /** Makes it run with this command line. */
  run(args: readonly string[]): void;
  /** "drain": requests may finish first; "now" after it cuts that short. */
  stop(how: "drain" | "now"): Promise<void>;
}

const firstRetryMs = 100;
const longestRetryMs = 10_000;
/** An Envoy that lived this long did not die of its command line. */
const healthyMs = 10_000;
const drainMs = 10_000;
const handoverSeconds = 5;

export function superviseEnvoy(options: EnvoyOptions): RunningEnvoy {
  return new Supervisor(options);
}

interface Child {
  readonly process: GuardedProcess;
  readonly args: string;
  readonly startedAt: number;
}

class Supervisor implements RunningEnvoy {
  readonly #options: EnvoyOptions;
  #args: readonly string[] = [];
  #current: Child | undefined;
  /** Every process that has not ended, also those that hand over. */
  readonly #alive = new Set<GuardedProcess>();
  #epoch = 0;
  #retryMs = firstRetryMs;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #hurried = false;
  /** Starts happen one after the other: two at once would both believe to be the first. */
  #starting: Promise<void> = Promise.resolve();
  #lastWords = "";

  constructor(options: EnvoyOptions) {
    this.#options = options;
  }

  run(args: readonly string[]): void {
    this.#args = args;
    clearTimeout(this.#timer);
    this.#retryMs = firstRetryMs;
    this.#begin();
  }

  /** Brings about what is wanted by the time that earlier starts are done. */
  #begin(): void {
    this.#starting = this.#starting.then(async () => {
      if (this.#stopped || JSON.stringify(this.#args) === this.#current?.args) return;
      await this.#start(this.#current === undefined ? "fresh" : "handover");
    });
  }

  async stop(how: "drain" | "now"): Promise<void> {
    this.#stopped = true;
    if (how === "now") this.#hurried = true;
    clearTimeout(this.#timer);
    await this.#starting;
    if (how === "drain") await this.#drain();
    const exits = [...this.#alive].map((process) => process.exited);
    for (const process of this.#alive) process.stop();
    await Promise.all(exits);
    await rm(this.#options.folder, { recursive: true, force: true });
  }

  async #start(mode: "fresh" | "handover"): Promise<void> {
    const { binary, folder } = this.#options;
    const baseIdFile = join(folder, "base-id");
    const adminFile = join(folder, "admin");
    if (mode === "handover") {
      const problem = await this.#check();
      // What runs is better than what cannot start.
      if (problem !== undefined) return this.#options.onState({ pid: this.#current?.process.pid, trouble: problem });
    }
    const baseId = mode === "handover" ? await readFile(baseIdFile, "utf8").catch(() => undefined) : undefined;
    if (this.#stopped) return;
    this.#epoch = baseId === undefined ? 0 : this.#epoch + 1;
    if (mode === "handover" && baseId === undefined) for (const process of this.#alive) process.stop();
    await rm(adminFile, { force: true });
    const identity =
      baseId === undefined
        ? ["--use-dynamic-base-id", "--base-id-path", baseIdFile]
        : ["--base-id", baseId.trim(), "--restart-epoch", String(this.#epoch)];
    const args = [
      ...this.#args,
      ...identity,
      "--admin-address-path",
      adminFile,
      "--parent-shutdown-time-s",
      String(handoverSeconds),
    ];
    const process = startGuarded(binary, args);
    const child: Child = { process, args: JSON.stringify(this.#args), startedAt: performance.now() };
    this.#current = child;
    this.#alive.add(process);
    this.#listen(process);
    void process.exited.then(({ reason }) => this.#ended(child, reason));
    void this.#adminAddress(adminFile, process).then((admin) => {
      if (admin !== undefined && this.#current === child) this.#options.onState({ pid: process.pid, admin });
    });
  }

  /** What Envoy says against its new command line, if anything. */
  async #check(): Promise<string | undefined> {
    const process = startGuarded(this.#options.binary, [...this.#args, "--mode", "validate", "--disable-hot-restart"]);
    let words = "";
    process.stderr.on("data", (chunk) => (words += String(chunk)));
    process.stdout.resume();
    const { code, reason } = await process.exited;
    return code === 0
      ? undefined
      : `the new settings are refused: ${
          words
            .trim()
            .split("\n")
            .at(-1)
            ?.replace(/^[:\s]+/, "") || reason
        }`;
  }

  #listen(process: GuardedProcess): void {
    createInterface({ input: process.stdout }).on("line", (line) => this.#options.onOutput(line, "stdout"));
    createInterface({ input: process.stderr }).on("line", (line) => {
      if (/\]\[(critical|error)\]/.test(line)) this.#lastWords = line.replace(/^(\[[^\]]*\])+ */, "");
      this.#options.onOutput(line, "stderr");
    });
  }

  #ended(child: Child, reason: string): void {
    this.#alive.delete(child.process);
    // The parent of a handover ends when it has handed over: as it should be.
    if (child !== this.#current || this.#stopped) return;
    this.#current = undefined;
    for (const process of this.#alive) process.stop();
    const lived = performance.now() - child.startedAt;
    this.#retryMs = lived > healthyMs ? firstRetryMs : Math.min(longestRetryMs, this.#retryMs * 2);
    const words = this.#lastWords === "" ? "" : `: ${this.#lastWords}`;
    this.#options.onState({ trouble: `Envoy ${reason}${words}; it is started again.` });
    this.#timer = setTimeout(() => this.#begin(), this.#retryMs);
  }

  async #adminAddress(file: string, process: GuardedProcess): Promise<string | undefined> {
    while (this.#alive.has(process) && !this.#stopped) {
      const address = await readFile(file, "utf8").catch(() => "");
      if (address !== "") return address.trim();
      await new Promise((resolve) => void setTimeout(resolve, 50));
    }
    return undefined;
  }

  /** Stops accepting, and waits until no request is left or the time is up. */
  async #drain(): Promise<void> {
    const admin = await readFile(join(this.#options.folder, "admin"), "utf8").catch(() => "");
    if (admin === "" || this.#current === undefined) return;
    const until = performance.now() + drainMs;
    try {
      await fetch(`http://${admin.trim()}/drain_listeners`, { method: "POST" });
      while (!this.#hurried && performance.now() < until && (await activeRequests(admin.trim())) > 0) {
        await new Promise((resolve) => void setTimeout(resolve, 100));
      }
    } catch {
      // It does not answer: there is nothing to wait for.
    }
  }
}

async function activeRequests(admin: string): Promise<number> {
  const response = await fetch(`http://${admin}/stats?filter=^http\\..*downstream_rq_active$`);
  return requestsIn(await response.text());
}

/** The requests that Envoy's statistics count as under way, without the one that asks for them. */
export function requestsIn(statistics: string): number {
  const counts = statistics.matchAll(/^(?!http\.admin\.).*: (\d+)$/gm);
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
