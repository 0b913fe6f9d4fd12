// Reads the files a command was given: -f FILE, DIR or -. It knows their text, not what is in them.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** The text of one file; `file` is as the user wrote it, "-" for standard input. */
export interface InputFile {
  readonly file: string;
  readonly text: string;
}

const yamlFile = /\.(ya?ml|json)$/i;

/** Every file, directories read recursively in order of names. Throws with the path when one cannot be read. */
export function readInputs(paths: readonly string[]): readonly InputFile[] {
  return paths.flatMap((path) => {
    try {
      if (path === "-") return [{ file: path, text: readFileSync(0, "utf8") }];
      if (!statSync(path).isDirectory()) return [{ file: path, text: readFileSync(path, "utf8") }];
      return readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && yamlFile.test(entry.name))
        .map((entry) => join(entry.parentPath, entry.name))
        .toSorted()
        .map((file) => ({ file, text: readFileSync(file, "utf8") }));
    } catch (cause) {
      throw new Error(`cannot read ${path}`, { cause });
    }
  });
}
