// A config file that is followed while the process runs: each text that it has come to have, as options. What is wrong with a text is told, and
// changes nothing. Knows no settings but by name; what to do about a difference is for who asks.

import { readFileSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { OperatorOptions, StandaloneOptions } from "./config.ts";
import { messageOf, watchFolders } from "./host/folder.ts";

/** A config file as the command line sees it. */
export interface ConfigText<Options> {
  readonly file: string;
  /** What the file said when the process began. */
  readonly text: string;
  /** What a text means, with all that was given on the command line. Throws with one sentence for all that is wrong. */
  readonly read: (text: string) => Options;
}

export type Edit<Options> = { readonly options: Options } | { readonly problem: string };

export interface Edits<Options> {
  /** Until the signal aborts; goes on where the last one who asked has stopped. */
  follow(signal: AbortSignal): AsyncGenerator<Edit<Options>, void, void>;
}

/** Hints may be missed by odd file systems. */
const pollMs = 2000;
/** A text that stays for so long is meant: editors write in several steps. */
const settleMs = 50;

export function createEdits<Options>({ file, text: first, read }: ConfigText<Options>): Edits<Options> {
  let known = first;
  return {
    async *follow(signal) {
      const sleep = createSleep(signal);
      const folder = watchFolders(sleep.wake);
      try {
        for (; !signal.aborted; await sleep.wait(pollMs)) {
          folder.follow(foldersOf(file));
          const text = textOf(file);
          if (text === undefined || text === known) continue;
          await sleep.whole(settleMs);
          if (signal.aborted) return;
          if (textOf(file) !== text) {
            sleep.wake();
            continue;
          }
          known = text;
          yield editOf(read, text);
        }
      } finally {
        folder.close();
      }
    },
  };
}

function editOf<Options>(read: (text: string) => Options, text: string): Edit<Options> {
  try {
    return { options: read(text) };
  } catch (cause) {
    return { problem: messageOf(cause) };
  }
}

/** Where the name is, and where that leads: in a volume of a ConfigMap the file is a link, and kubelet turns another link beside it. */
function foldersOf(file: string): ReadonlySet<string> {
  try {
    return new Set([dirname(file), dirname(realpathSync(file))]);
  } catch {
    return new Set([dirname(file)]); // it is away
  }
}

/** Undefined: the file is away, or nothing is in it yet. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8") || undefined;
  } catch {
    return undefined;
  }
}

/** Pauses that end with the signal, and one of them also when woken; waking while nobody sleeps counts for the next. */
function createSleep(signal: AbortSignal) {
  let end = (): void => undefined;
  let woken = false;
  const begin = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      end = () => (clearTimeout(timer), resolve());
      if (signal.aborted) end();
    });
  signal.addEventListener("abort", () => end());
  return {
    wake(): void {
      woken = true;
      end();
    },
    async wait(ms: number): Promise<void> {
      if (!woken) await begin(ms);
      woken = false;
    },
    whole: (ms: number): Promise<unknown> => new Promise((resolve) => void setTimeout(resolve, ms)),
  };
}

type Options = Partial<OperatorOptions & StandaloneOptions>;

/** Which setting an option comes from, for those that a process takes up only when it begins. What is not here can be changed while it runs. */
const fixed: Readonly<Partial<Record<keyof Options, string>>> = {
  watch: "provider.kubernetes.watch",
  leaderElection: "provider.kubernetes.leaderElection",
  paths: "provider.custom.resource",
  stateFolder: "provider.custom.infrastructure.host.stateHome",
  certificatesFolder: "provider.custom.infrastructure.host.configHome",
  runtimeFolder: "provider.custom.infrastructure.host.runtimeDir",
  envoyFolder: "provider.custom.infrastructure.host.dataHome",
  adminHost: "admin.address.host",
  adminPort: "admin.address.port",
  metricsPort: "telemetry.metrics.prometheus",
};

/** Names of settings that differ and need a new beginning; nothing: all can be taken up at once. */
export function fixedDifferences(before: Options, after: Options): readonly string[] {
  const names = Object.keys(fixed) as (keyof Options)[];
  const differing = names.filter((name) => !isDeepStrictEqual(before[name], after[name])).flatMap((name) => fixed[name] ?? []);
  // Statuses that were written carry the name.
  const named = before.gateway?.controllerName === after.gateway?.controllerName;
  return named ? differing : ["gateway.controllerName", ...differing];
}
