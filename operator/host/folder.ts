// Which files there are under some paths, and a hint when that may have changed. Reads names and signatures, never contents.

import { lstatSync, realpathSync, readdirSync, statSync, watch, type FSWatcher } from "node:fs";
import { dirname, join, resolve } from "node:path";

export interface Listing {
  /** Signature by path, in path order: a file whose signature is equal has not changed. */
  readonly files: ReadonlyMap<string, string>;
  /** Real folders whose entries matter, also those that only symbolic links lead to. */
  readonly folders: ReadonlySet<string>;
  /** A name was gone when we came to it: it may be there under another name that we did not see. */
  readonly raced: boolean;
  readonly troubles: readonly { readonly path: string; readonly message: string }[];
}

const wanted = /\.(ya?ml|json)$/i;

/** Every YAML and JSON file under the paths, dot entries skipped. A path that is a file counts whatever its name. */
export function list(paths: readonly string[]): Listing {
  const files = new Map<string, string>();
  const folders = new Set<string>();
  const troubles: { path: string; message: string }[] = [];
  const visited = new Set<string>();
  let raced = false;

  function visit(path: string, given: boolean): void {
    try {
      const stat = statSync(path);
      if (stat.isDirectory()) return visitFolder(path);
      if (!stat.isFile() || !(given || wanted.test(path))) return;
      const real = realpathSync(path);
      folders.add(dirname(real));
      files.set(path, `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}`);
    } catch (error) {
      // A file that went away while we looked, or a dangling link, is no trouble; a path that was asked for is.
      if (!given && isMissing(error) && lstatSync(path, { throwIfNoEntry: false }) === undefined) raced = true;
      if (given || !isMissing(error)) troubles.push({ path, message: messageOf(error) });
    }
  }

  function visitFolder(path: string): void {
    const real = realpathSync(path);
    if (visited.has(real)) return; // a link back to where we came from
    visited.add(real);
    folders.add(real);
    const names = readdirSync(path).filter((name) => !name.startsWith("."));
    for (const name of names.toSorted()) visit(join(path, name), false);
  }

  for (const path of paths) {
    const absolute = resolve(path);
    folders.add(dirname(absolute)); // the path itself may be replaced
    visit(absolute, true);
  }
  return { files: new Map([...files].toSorted(([a], [b]) => (a < b ? -1 : 1))), folders, raced, troubles };
}

export interface FolderWatch {
  follow(folders: ReadonlySet<string>): void;
  close(): void;
}

/** Calls `hint` whenever an entry of a followed folder may have changed. Hints may be missed by odd file systems: poll as well. */
export function watchFolders(hint: () => void): FolderWatch {
  const watchers = new Map<string, FSWatcher>();
  const drop = (folder: string): void => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };
  return {
    follow(folders) {
      for (const folder of watchers.keys()) if (!folders.has(folder)) drop(folder);
      for (const folder of folders) {
        if (watchers.has(folder)) continue;
        try {
          const watcher = watch(folder, { persistent: false }, hint);
          watcher.on("error", () => drop(folder));
          watchers.set(folder, watcher);
          hint(); // what happened between the listing and the watch
        } catch {
          // The folder went away, or the system has no more watches: polling finds the changes.
        }
      }
    },
    close: () => [...watchers.keys()].forEach(drop),
  };
}

export function isMissing(error: unknown): boolean {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ENOTDIR";
}

export function messageOf(error: unknown): string {
  return typeof error === "object" && error !== null && "message" in error ? String(error.message) : String(error);
}
