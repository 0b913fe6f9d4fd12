// A folder of YAML as a Source: reads, follows edits, tells what is wrong. What objects mean, and which one stands for a name, is decided
// in yaml.ts and claims.ts.

import { readFileSync, statSync } from "node:fs";
import { createClaims, type ObjectChange } from "./claims.ts";
import { isMissing, list, messageOf, watchFolders } from "./folder.ts";
import { parseObjects, type Judge, type Memory, type Parsed, type Problem } from "./yaml.ts";

export interface FilesOptions {
  readonly paths: readonly string[];
  readonly judge: Judge;
  /** All problems there are, whenever the list has changed. */
  readonly onProblems: (problems: readonly Problem[]) => void;
}

const maxBytes = 64 * 1024 * 1024;
/** Editors and copies write in several steps: several hints make one look. */
const settleMs = 5;
/** What would take objects away is believed when it is still so after this long: the file may be half written or about to be replaced. */
const confirmMs = 40;
/** A folder that never comes to rest is believed after so many looks. */
const mostDoubts = 10;
const pollMs = 1_000;

/** Every object, then `synced`, then every change, until the signal aborts. */
export async function* watchFiles(
  options: FilesOptions,
  signal: AbortSignal,
): AsyncGenerator<ObjectChange | { readonly type: "synced" }, void, void> {
  let wake = (): void => undefined;
  let hinted = false;
  const hint = (): void => {
    hinted = true;
    wake();
  };
  const folder = watchFolders(hint);
  signal.addEventListener("abort", hint);
  const reader = createReader(options, folder.follow);
  try {
    yield* reader.look("believe").changes;
    yield { type: "synced" };
    let lookMs = 0;
    while (!signal.aborted) {
      // Changes wake us at once; the poll is for file systems that give no hints, and never takes more than a twentieth of the time.
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, hinted ? 0 : Math.max(pollMs, lookMs * 20));
        wake = () => (clearTimeout(timer), resolve());
        if (hinted) wake();
      });
      if (hinted) await sleep(settleMs);
      hinted = false;
      if (signal.aborted) return;
      const start = performance.now();
      const seen = reader.look("doubt");
      lookMs = performance.now() - start;
      yield* seen.changes;
      // While files still change, they may be on their way from name to name: only what is safe is taken.
      for (let round = 1, { doubtful, files } = seen; doubtful && !signal.aborted; round++) {
        await sleep(confirmMs);
        const look = reader.look(round < mostDoubts ? files : "believe");
        yield* look.changes;
        ({ doubtful, files } = look);
      }
    }
  } finally {
    folder.close();
  }
}

interface Look {
  readonly changes: readonly ObjectChange[];
  /** Something was not believed yet. */
  readonly doubtful: boolean;
}

/** Signatures by path. */
type Files = ReadonlyMap<string, string>;

function createReader(options: FilesOptions, follow: (folders: ReadonlySet<string>) => void) {
  let started = false;
  const claims = createClaims(() => (started ? new Date().toISOString().replace(/\.\d+Z$/, "Z") : undefined));
  const signatures = new Map<string, string>();
  const memories = new Map<string, Memory>();
  let told = "[]";

  function read(file: string): Pick<Parsed, "objects" | "problems" | "blind"> | undefined {
    try {
      const { size } = statSync(file);
      if (size > maxBytes) return unreadable(file, `the file has ${size} bytes; at most ${maxBytes} are read`);
      const bytes = readFileSync(file);
      const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      const parsed = parseObjects(text, file, { judge: options.judge, memory: memories.get(file) });
      memories.set(file, parsed.memory);
      return parsed;
    } catch (error) {
      return isMissing(error) ? undefined : unreadable(file, `cannot be read: ${messageOf(error)}`);
    }
  }

  /** Takes what a file says now, unless that takes objects away and we are still in doubt. */
  function take(file: string, mode: "doubt" | "believe", listed: boolean): Look & { readonly gone: boolean } {
    const parsed = read(file);
    const gone = parsed === undefined;
    // Listed, and gone before it was read: perhaps renamed. The next list tells.
    if (gone && listed) return { changes: [], doubtful: true, gone };
    if (mode === "doubt" && claims.removes(file, parsed)) return { changes: [], doubtful: true, gone };
    if (gone) memories.delete(file);
    return { changes: claims.update(file, parsed), doubtful: false, gone };
  }

  function tell(troubles: readonly { path: string; message: string }[]): void {
    const places = troubles.map(({ path, message }) => ({ file: path, line: 1, column: 1, message }));
    const problems = [...places, ...claims.problems()];
    const now = JSON.stringify(problems);
    if (now !== told) options.onProblems(problems);
    told = now;
  }

  return {
    /** Believes also when the files are still those that it is given. */
    look(trust: "doubt" | "believe" | Files): Look & { readonly files: Files } {
      const { files, folders, raced, troubles } = list(options.paths);
      const mode = typeof trust === "string" ? trust : isSame(trust, files) ? "believe" : "doubt";
      follow(folders);
      const changes: ObjectChange[] = [];
      let doubtful = false;
      let moved = false;
      for (const file of new Set([...files.keys(), ...signatures.keys()])) {
        const signature = files.get(file);
        if (signature !== undefined && signature === signatures.get(file)) continue;
        const look = take(file, raced ? "doubt" : mode, signature !== undefined);
        doubtful ||= look.doubtful;
        moved = true;
        changes.push(...look.changes);
        if (look.doubtful) continue;
        // Not listed, and there when it was read: it came back in between. Kept in mind, or nobody would see it go.
        if (signature === undefined && look.gone) signatures.delete(file);
        else signatures.set(file, signature ?? "");
      }
      if (moved || troubles.length > 0 || told.includes('"line":1')) tell(troubles);
      started = true;
      return { changes: withoutFlicker(changes), doubtful, files };
    },
  };
}

function isSame(before: Files, now: Files): boolean {
  return before.size === now.size && [...now].every(([path, signature]) => before.get(path) === signature);
}

/** A rename moves objects from one file to another: the deletion that comes before the new object is no change to anyone. */
function withoutFlicker(changes: readonly ObjectChange[]): readonly ObjectChange[] {
  const last = new Map<string, ObjectChange>();
  for (const change of changes) {
    const id = change.type === "deleted" ? `${change.kind} ${change.key}` : idOf(change);
    last.delete(id);
    last.set(id, change);
  }
  return [...last.values()];
}

function idOf({ kind, object }: Extract<ObjectChange, { type: "applied" }>): string {
  return `${kind} ${object.metadata.namespace ?? ""}/${object.metadata.name}`;
}

function unreadable(file: string, message: string): Pick<Parsed, "objects" | "problems" | "blind"> {
  return { objects: [], problems: [{ file, line: 1, column: 1, message }], blind: true };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
