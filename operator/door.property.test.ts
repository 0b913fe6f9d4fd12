// Whatever a user writes: objects of every kind, changed at random, go through both doors (as an API server judges, and for their shape
// only) and then through status, proxies and encoding. Nothing may throw, and a real Envoy must take whatever is published.

import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import type { Snapshot } from "../xds/resource.ts";
import { staticBootstrap } from "../xds/testing/static-bootstrap.ts";
import { envoyComplaint } from "../xds/testing/validate.ts";
import { standaloneConfig } from "./config.ts";
import { envoyPath } from "./host/envoy-binary.ts";
import { readObjects, translateOffline } from "./offline.ts";
import { readDocuments, writeYaml } from "./yaml.ts";

const credentials = { type: "files", caFile: "a", certFile: "b", keyFile: "c" } as const;
const config = standaloneConfig({ host: "h", port: 1, serverName: "d", credentials });
const fixtures = new URL("../reconcilers/testdata/", import.meta.url);
/** Bootstraps that Envoy is asked about; each takes it a tenth of a second. */
const envoyRuns = Number(process.env["ENVOY_RUNS"] ?? 80);
const runs = Number(process.env["RUNS"] ?? 2000);

interface World {
  readonly name: string;
  readonly objects: readonly unknown[];
}

/** The inputs of the golden tests: every kind, every feature. */
const worlds: readonly World[] = readdirSync(fixtures, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".in.yaml"))
  .toSorted()
  .map((name) => ({
    name,
    objects: readDocuments(readFileSync(new URL(name, fixtures), "utf8")).map(({ value }) => value),
  }));

const odd: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  65_535,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  Number.NaN,
  [],
  {},
  [null],
  [[]],
  { a: { b: null } },
  "",
  " ",
  "x",
  "*",
  "*.a.com",
  "a.*.com",
  "-a",
  "A_b",
  "/",
  "//",
  "/a/../b",
  "a\nb",
  "a\u0000b",
  "é",
  "😀",
  "\ud800",
  ":path",
  "host",
  "%FOO%",
  "%REQ%",
  "%REQ(:x)%",
  "100%",
  "(?!a)",
  "(a",
  "[",
  "\\9",
  "a{1000}",
  "(a{100}){100}",
  ".*",
  "http://x",

  "a".repeat(64),
  "a".repeat(300),
  "a".repeat(5_000),
  "10s",
  "0s",
  "99999h",
  "1d",
  "::1",
  "10.0.0.1",
  "127.0.0.1",
  "1/2",
  "tls",
  "0",
];

type Step = string | number;

/** Every place in a value below its apiVersion and kind. */
function places(value: unknown, path: readonly Step[] = []): readonly (readonly Step[])[] {
  const inner = Array.isArray(value)
    ? value.flatMap((item: unknown, i) => places(item, [...path, i]))
    : typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([name, field]) => places(field, [...path, name]))
      : [];
  return path.length === 0 || path[0] === "apiVersion" || path[0] === "kind" ? inner : [path, ...inner];
}

type Edit =
  | { readonly type: "set"; readonly value: unknown }
  | { readonly type: "vary"; readonly seed: number }
  | { readonly type: "remove" }
  | { readonly type: "repeat" };

/** Odd values of the same type, so that most of them get past the first look. */
function varied(value: unknown, seed: number): unknown {
  const same = odd.filter((other) => typeof other === typeof value && Array.isArray(other) === Array.isArray(value));
  return same.length === 0 ? value : same[seed % same.length];
}

function edited(value: unknown, [step, ...rest]: readonly Step[], edit: Edit): unknown {
  if (step === undefined) return edit.type === "set" ? edit.value : edit.type === "vary" ? varied(value, edit.seed) : value;
  const last = rest.length === 0;
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, i) => {
      if (i !== step) return [item];
      if (last && edit.type === "remove") return [];
      return last && edit.type === "repeat" ? [item, item] : [edited(item, rest, edit)];
    });
  }
  const entries = Object.entries(value as object).flatMap(([name, field]): [string, unknown][] =>
    name !== step ? [[name, field]] : last && edit.type === "remove" ? [] : [[name, edited(field, rest, edit)]],
  );
  return Object.fromEntries(entries);
}

interface Mutation {
  readonly world: number;
  readonly edits: readonly { readonly object: number; readonly place: number; readonly edit: Edit }[];
}

const anyEdit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 12, arbitrary: fc.nat().map((seed): Edit => ({ type: "vary", seed })) },
  { weight: 4, arbitrary: fc.constantFrom(...odd).map((value): Edit => ({ type: "set", value })) },
  { weight: 1, arbitrary: fc.constant<Edit>({ type: "remove" }) },
  { weight: 1, arbitrary: fc.constant<Edit>({ type: "repeat" }) },
);
const mutations: fc.Arbitrary<Mutation> = fc.record({
  world: fc.nat(worlds.length - 1),
  edits: fc.array(fc.record({ object: fc.nat(), place: fc.nat(), edit: anyEdit }), { minLength: 1, maxLength: 2 }),
});

function mutated({ world, edits }: Mutation): string {
  const objects = [...worlds[world]!.objects];
  for (const { object, place, edit } of edits) {
    const at = object % objects.length;
    const all = places(objects[at]);
    if (all.length > 0) objects[at] = edited(objects[at], all[place % all.length]!, edit);
  }
  return objects.map((object) => `---\n${writeYaml(object)}`).join("");
}

function translated(text: string, checked: boolean) {
  return translateOffline(readObjects([{ file: "a.yaml", text }], checked), config, "2026-01-01T00:00:00.000Z");
}

/** With the runtime settings of our Envoys (xds/bootstrap.ts) that decide what is refused. */
function bootstrapOf(snapshot: Snapshot): string {
  const layer = { name: "as ours", static_layer: { "re2.max_program_size.error_level": 4_294_967_295 } };
  const bootstrap = staticBootstrap(snapshot);
  if (typeof bootstrap !== "object" || Array.isArray(bootstrap)) throw new Error("a bootstrap is an object");
  return JSON.stringify({ ...bootstrap, layered_runtime: { layers: [layer] } });
}

test("nothing that passes a door makes status, proxies or encoding throw, and Envoy takes what is published", async () => {
  const published = new Map<string, string>();
  fc.assert(
    fc.property(mutations, (mutation) => {
      const text = mutated(mutation);
      translated(text, false);
      for (const snapshot of translated(text, true).snapshots) published.set(bootstrapOf(snapshot), text);
    }),
    { numRuns: runs, seed: Number(process.env["SEED"] ?? 7), endOnFailure: true },
  );
  const original = new Set(
    worlds.flatMap(({ objects }) => {
      const text = objects.map((object) => `---\n${writeYaml(object)}`).join("");
      return translated(text, true).snapshots.map(bootstrapOf);
    }),
  );
  const changed = [...published].filter(([bootstrap]) => !original.has(bootstrap));
  expect(changed.length).toBeGreaterThan(40);
  const envoy = await envoyPath();
  for (const [bootstrap, text] of changed.slice(0, envoyRuns)) {
    const complaint = envoyComplaint(envoy, JSON.parse(bootstrap));
    if (complaint !== undefined) throw new Error(`Envoy says: ${complaint}\n${text}`);
  }
}, 300_000);
