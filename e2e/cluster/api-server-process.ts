// The process of the API server of a cluster on this machine, for tests that take it away. Whoever started the cluster need not be asked: the process
// is found by the cluster's folder, as in leftovers.ts, and what it was started with is read from it.

import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, readlinkSync } from "node:fs";
import { processes } from "./leftovers.ts";

export interface ApiServerProcess {
  /** Dies at once: connections are reset, new ones refused. Resolves when it has gone. */
  readonly crash: () => Promise<void>;
  /** Starts it as it was started before, unless it runs. */
  readonly start: () => void;
  /** Says nothing any more, and resets nothing. */
  readonly freeze: () => void;
  readonly thaw: () => void;
}

export function apiServerProcess(folder: string): ApiServerProcess {
  const find = () =>
    processes(({ program, args }) => program === "kube-apiserver" && args.some((arg) => arg.includes(`${folder}/`)))[0];
  const first = find();
  if (first === undefined) throw new Error(`no API server runs below ${folder}`);
  const program = readlinkSync(`/proc/${first.pid}/exe`);
  const args = first.args.filter((arg) => arg !== "");
  const logFile = readlinkSync(`/proc/${first.pid}/fd/1`);
  const env = Object.fromEntries(
    readFileSync(`/proc/${first.pid}/environ`, "utf8")
      .split("\0")
      .filter((line) => line.includes("="))
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );

  function signal(name: NodeJS.Signals): void {
    const running = find();
    if (running !== undefined) process.kill(running.pid, name);
  }

  return {
    async crash() {
      signal("SIGKILL");
      while (find() !== undefined) await new Promise((wake) => setTimeout(wake, 10));
    },
    start() {
      if (find() !== undefined) return;
      const log = openSync(logFile, "a");
      spawn(program, args, { detached: true, stdio: ["ignore", log, log], env }).unref();
      closeSync(log);
    },
    freeze: () => signal("SIGSTOP"),
    thaw: () => signal("SIGCONT"),
  };
}
