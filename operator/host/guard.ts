// Starts a program that never outlives us: a POSIX shell between the two watches a pipe that only we hold open. When it closes, because
// we let go or because we were killed (even by -9), the program is asked to end, then made to. Knows nothing of Envoy.

import { spawn } from "node:child_process";
import type { Readable } from "node:stream";

const guardScript = `
"$@" 3<&- &
program=$!
(
  read -r _ <&3
  kill -TERM $program
  tries=0
  while [ $tries -lt 20 ] && kill -0 $program; do sleep 0.25; tries=$((tries + 1)); done
  kill -KILL $program
) >/dev/null 2>&1 &
watcher=$!
wait $program
code=$?
kill $watcher 2>/dev/null
exit $code
`;

export interface GuardedProcess {
  /** Of the guard, which leads the process group of the program. */
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when nothing of the group is left; never rejects. */
  readonly exited: Promise<{ readonly code: number | null; readonly reason: string }>;
  /** Asks the program to end (SIGTERM); after 5 s it is killed. */
  stop(): void;
}

/** Starts `program`; a program that cannot be started exits with a reason like any other. */
export function startGuarded(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): GuardedProcess {
  // Detached: a group of its own, so that Ctrl-C in a terminal reaches us alone and we decide the order of ending.
  const child = spawn("/bin/sh", ["-c", guardScript, "envoy-guard", program, ...args], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const lifeline = child.stdio[3];
  // The lifeline may break under us when the guard is killed; its exit tells us.
  lifeline?.on("error", () => {});
  const exited = new Promise<{ readonly code: number | null; readonly reason: string }>((resolve) => {
    child.once("error", (cause) => resolve({ code: null, reason: `cannot start: ${cause.message}` }));
    child.once("exit", (code, signal) => {
      if (child.pid !== undefined) killGroup(child.pid);
      lifeline?.destroy();
      resolve({ code, reason: signal === null ? describeExit(code ?? 0) : `guard ended by ${signal}` });
    });
  });
  return { pid: child.pid ?? 0, stdout: child.stdout!, stderr: child.stderr!, exited, stop: () => void lifeline?.destroy() };
}

/** What a shell's exit code says of the program it waited for. */
function describeExit(code: number): string {
  return code > 128 ? `ended by signal ${code - 128}` : `exited with code ${code}`;
}

/** When the guard itself was killed, its program is still there: end the rest of the group. */
function killGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // Nothing left of the group: as it should be.
  }
}
