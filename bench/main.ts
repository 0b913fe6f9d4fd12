// npm run bench -- change | cold   [--json] [--sizes 100,1000,10000]

import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { changeCosts } from "./change.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, sizes: { type: "string", default: "100,1000,10000" } },
});
const sizes = values.sizes.split(",").map(Number);

/** One row per size, each in a process of its own. */
function cold(): readonly object[] {
  const script = new URL("cold.ts", import.meta.url).pathname;
  return sizes.map((size) => JSON.parse(execFileSync(process.execPath, [script, String(size)], { encoding: "utf8" })) as object);
}

const benches: Readonly<Record<string, () => Promise<readonly object[]> | readonly object[]>> = {
  change: () => changeCosts(sizes),
  cold,
};
const bench = benches[positionals[0] ?? "change"];
if (bench === undefined) {
  console.error(`npm run bench -- ${Object.keys(benches).join(" | ")}   [--json] [--sizes 100,1000,10000]`);
  process.exit(2);
}
const rows = await bench();
if (values.json) console.log(JSON.stringify(rows));
else console.table(rows);
