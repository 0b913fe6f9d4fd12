// npm run bench -- change | cold | cluster   [--json] [--sizes 100,1000,10000] [--samples 50] [--only ours|peer] [--layout Plain|Bucketed]

import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { changeCosts } from "./change.ts";
import { clusterBench } from "./cluster/index.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    sizes: { type: "string" },
    samples: { type: "string", default: "50" },
    only: { type: "string" },
    layout: { type: "string", default: "Plain" },
  },
});
const asked = positionals[0] ?? "change";
const sizes = (values.sizes ?? (asked === "cluster" ? "0,1000,3000" : "100,1000,10000")).split(",").map(Number);

/** One row per size, each in a process of its own. */
function cold(): readonly object[] {
  const script = new URL("cold.ts", import.meta.url).pathname;
  return sizes.map((size) => JSON.parse(execFileSync(process.execPath, [script, String(size)], { encoding: "utf8" })) as object);
}

const subjects = (["peer", "ours"] as const).filter((name) => values.only === undefined || values.only === name);

const benches: Readonly<Record<string, () => Promise<readonly object[]> | readonly object[]>> = {
  change: () => changeCosts(sizes, ["Plain", "Bucketed"]),
  cold,
  cluster: () => clusterBench({ sizes, samples: Number(values.samples), subjects, layout: values.layout }),
};
const bench = benches[asked];
if (bench === undefined) {
  console.error(
    `npm run bench -- ${Object.keys(benches).join(" | ")}   [--json] [--sizes 100,1000,10000] [--samples 50] [--only ours|peer] [--layout Plain|Bucketed]`,
  );
  process.exit(2);
}
const rows = await bench();
if (values.json) console.log(JSON.stringify(rows));
else console.table(rows);
