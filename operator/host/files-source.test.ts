// A folder of YAML as a source like any other.

import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Change } from "../../store/db.ts";
import { schemaJudge } from "../admission.ts";
import { describeSource, routeNamed } from "../testing/source-suite.ts";
import { watchFiles } from "./files.ts";

describeSource("a folder", async () => {
  const folder = await mkdtemp(join(tmpdir(), "source-"));
  const file = (name: string): string => join(folder, `${name}.yaml`);
  return {
    async put(name, hostname) {
      await writeFile(`${file(name)}.new`, JSON.stringify(routeNamed(name, hostname)));
      await rename(`${file(name)}.new`, file(name));
    },
    remove: (name) => rm(file(name)),
    watch: (signal) =>
      watchFiles({ paths: [folder], judge: schemaJudge, onProblems: () => undefined }, signal) as AsyncIterable<
        Change | { readonly type: "synced" }
      >,
    close: () => rm(folder, { recursive: true }),
  };
});
