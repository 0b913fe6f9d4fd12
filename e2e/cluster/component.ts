// A program that runs for as long as the cluster does: its log and its end.

import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Component {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly running: () => boolean;
  /** Asks it to end, insists after 10 s, resolves when it has gone. */
  readonly stop: () => Promise<void>;
  /** As a crash: it gets to do nothing more. */
  readonly kill: () => Promise<void>;
}

export interface ComponentOptions {
  /** Where logs/ is. */
  readonly folder: string;
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export function startComponent({ folder, name, program, args, env = {} }: ComponentOptions): Component {
  mkdirSync(join(folder, "logs"), { recursive: true });
  const logFile = join(folder, "logs", `${name}.log`);
  const log = openSync(logFile, "a");
  // No proxy stands between the parts of a cluster.
  const child = spawn(program, args, { stdio: ["ignore", log, log], env: { ...withoutProxies(process.env), ...env } });
  closeSync(log);
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  if (child.pid === undefined) throw new Error(`cannot start ${program}`);

  async function end(first: NodeJS.Signals): Promise<void> {
    if (running(child)) child.kill(first);
    const insist = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await exited;
    clearTimeout(insist);
  }

  return {
    name,
    pid: child.pid,
    logFile,
    running: () => running(child),
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
}

function running(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function withoutProxies(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(https?|all)_proxy$/i.test(name)));
}

/** Resolves when the condition holds; fails with the end of the logs when a component ends or the time is over. */
export async function ready(
  what: string,
  components: readonly Component[],
  condition: () => Promise<boolean> | boolean,
  limitMs = 90_000,
): Promise<void> {
  const began = Date.now();
  for (;;) {
    if (await condition()) return;
    const dead = components.find((each) => !each.running());
    if (dead !== undefined) throw new Error(`${dead.name} ended while waiting for ${what}\n${tail(dead)}`);
    if (Date.now() - began > limitMs)
      throw new Error(`${what}: not after ${limitMs / 1000} s\n${components.map(tail).join("\n")}`);
    await new Promise((wake) => setTimeout(wake, 100));
  }
}

/** The last lines of its log. */
function tail(component: Component): string {
  const lines = readFileSync(component.logFile, "utf8").trimEnd().split("\n").slice(-25);
  return [`── ${component.logFile}`, ...lines].join("\n");
}
