// Golden files: every reconcilers/testdata/**/<case>.in.yaml is translated and compared with <case>.out.yaml: the status of each object, and
// what Envoy is told. UPDATE=1 rewrites the outputs; a diff is reviewed like code. A real Envoy then validates all of it.

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { translateInputs, type Translated } from "./cli/translation.ts";
import { envoyPath } from "./operator/host/envoy-binary.ts";
import { writeYaml } from "./operator/yaml.ts";
import { problemText } from "./cli/problems.ts";
import { staticBootstrap } from "./xds/testing/static-bootstrap.ts";
import { envoyComplaint } from "./xds/testing/validate.ts";

const folder = join(import.meta.dirname, "reconcilers/testdata");
const update = process.env.UPDATE === "1";
const constant = new Set(["supportedFeatures", "access_log", "load_balancing_policy", "circuit_breakers"]);
const longestInput = 80;
/** Certificates expire by this clock. */
const now = "2026-06-01T00:00:00.000Z";

const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
  .toSorted();
const cases = files.filter((file) => file.endsWith(".in.yaml")).map((file) => file.slice(0, -".in.yaml".length));

const inputs = new Map(cases.map((name) => [name, readFileSync(join(folder, `${name}.in.yaml`), "utf8")]));

function translated(name: string): Translated {
  return translateInputs([{ file: `${name}.in.yaml`, text: inputs.get(name)! }], { validate: true, now });
}

/** Status of each object that has one, resources of each proxy, and what was wrong with the input itself. */
function output(name: string): string {
  const { translation, problems } = translated(name);
  const status = translation.resources.flatMap(({ kind, metadata, status: value }) =>
    value === undefined ? [] : [{ kind, name: [metadata.namespace, metadata.name].filter(Boolean).join("/"), status: value }],
  );
  const wrong = problems.length > 0 && { problems: problemText(problems).trimEnd().split("\n") };
  return writeYaml(trimmed({ ...wrong, status, resources: translation.xds }));
}

/** Without what is the same everywhere and has tests of its own: it would bury what a fixture shows. */
function trimmed(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isIdleFilter(item)).map(trimmed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([key, item]) => (constant.has(key) ? [] : [[key, trimmed(item)]])));
}

/** Filters that routes switch on are in every listener; what a route says to them is in its own fixture. */
function isIdleFilter(item: unknown): boolean {
  return typeof item === "object" && item !== null && "disabled" in item && "typed_config" in item && item.disabled === true;
}

for (const name of cases) {
  test(`${name} is translated as its output says`, () => {
    const got = output(name);
    const file = join(folder, `${name}.out.yaml`);
    if (update) writeFileSync(file, got);
    expect(got).toBe(existsSync(file) ? readFileSync(file, "utf8") : "a missing file: UPDATE=1 writes it");
  });
}

test("every fixture opens with what it shows, and is short", () => {
  const wrong = [...inputs].filter(([, text]) => !/^# \S/.test(text) || text.trimEnd().split("\n").length > longestInput);
  expect(wrong.map(([name]) => name)).toEqual([]);
});

test("no output has lost its input", () => {
  const stale = files.filter((file) => file.endsWith(".out.yaml") && !inputs.has(file.slice(0, -".out.yaml".length)));
  if (update) for (const file of stale) rmSync(join(folder, file));
  expect(update ? [] : stale).toEqual([]);
});

test("a real Envoy takes what every fixture makes", async () => {
  const envoy = await envoyPath();
  const complaints: string[] = [];
  for (const name of cases) {
    const { translation } = translated(name);
    for (const snapshot of translation.snapshots) {
      const complaint = envoyComplaint(envoy, staticBootstrap(snapshot));
      if (complaint !== undefined) complaints.push(`${name}: ${complaint}`);
    }
  }
  expect(complaints).toEqual([]);
}, 120_000);
