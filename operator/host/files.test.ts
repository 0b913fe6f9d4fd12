import { rmSync, writeFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { watchFiles } from "./files.ts";
import type { Judge, Problem } from "./yaml.ts";

/** Every kind is namespaced; `spec.bad` is a mistake. The real judge has its own tests. */
const judge: Judge = {
  unread: (apiVersion, kind) => `${kind} of ${apiVersion} is not a kind that is read here`,
  scope: (_, kind) => (kind === "Unknown" ? undefined : kind === "Namespace" ? "cluster" : "namespaced"),
  judge(_, __, value) {
    whileReading?.(value);
    const bad = (value as { spec?: { bad?: unknown } }).spec?.bad !== undefined;
    return bad ? { problems: [{ path: ["spec", "bad"], message: "unknown field" }] } : { object: value, problems: [] };
  },
};

/** Called in the middle of a look, with each object that is read. */
let whileReading: ((value: unknown) => void) | undefined;
let folder: string;
let stop: AbortController;
let events: string[];
let problems: readonly Problem[];
let running: Promise<void>;

beforeEach(async () => {
  whileReading = undefined;
  folder = await mkdtemp(join(tmpdir(), "files-"));
  stop = new AbortController();
  events = [];
  problems = [];
});
afterEach(async () => {
  stop.abort();
  await running;
  await rm(folder, { recursive: true });
});

async function start(): Promise<void> {
  const source = watchFiles({ paths: [folder], judge, onProblems: (all) => (problems = all) }, stop.signal);
  running = (async () => {
    for await (const event of source) {
      if (event.type === "synced") events.push("synced");
      else if (event.type === "deleted") events.push(`- ${event.kind} ${event.key}`);
      else {
        const { namespace, name, generation } = event.object.metadata;
        const colour = (event.object["spec"] as { colour?: string } | undefined)?.colour;
        events.push(`+ ${event.kind} ${namespace ?? ""}/${name}${colour ? ` ${colour} ${generation}` : ""}`);
      }
    }
  })();
  await until(() => events.includes("synced"));
}

async function until(condition: () => boolean, withinMs = 2_000): Promise<number> {
  const begin = performance.now();
  while (!condition()) {
    if (performance.now() - begin > withinMs) throw new Error(`not within ${withinMs} ms; events: ${JSON.stringify(events)}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return performance.now() - begin;
}

const thing = (name: string, colour: string, namespace?: string) =>
  `apiVersion: x/v1\nkind: Thing\nmetadata:\n  name: ${name}\n${namespace ? `  namespace: ${namespace}\n` : ""}spec:\n  colour: ${colour}\n`;
const at = (name: string) => join(folder, name);
const write = (name: string, text: string) => writeFile(at(name), text);
const since = () => events.slice(events.indexOf("synced") + 1);

test("every object of every document and List, with the namespaces that they imply, comes before synced", async () => {
  await mkdir(at("deep/er"), { recursive: true });
  await write("a.yaml", `# first\n---\n${thing("a", "red")}---\n${thing("b", "blue", "other")}`);
  await write(
    "deep/er/list.json",
    JSON.stringify({ apiVersion: "v1", kind: "List", items: [{ apiVersion: "x/v1", kind: "Thing", metadata: { name: "c" } }] }),
  );
  await write(".hidden.yaml", thing("hidden", "grey"));
  await write("notes.txt", "not ours");
  await start();
  expect(events).toEqual([
    "+ Namespace /default",
    "+ Thing default/a red 1",
    "+ Namespace /other",
    "+ Thing other/b blue 1",
    "+ Thing default/c",
    "synced",
  ]);
  expect(problems).toEqual([]);
});

test("an edit, an atomic replacement, a new folder and a deletion are seen within 100 ms", async () => {
  await write("a.yaml", thing("a", "red"));
  await start();
  await write("a.yaml", thing("a", "green"));
  expect(await until(() => since().includes("+ Thing default/a green 2"))).toBeLessThan(100);
  await write("a.tmp", thing("a", "blue"));
  await rename(at("a.tmp"), at("a.yaml"));
  expect(await until(() => since().includes("+ Thing default/a blue 3"))).toBeLessThan(100);
  await mkdir(at("new/folder"), { recursive: true });
  await write("new/folder/b.yaml", thing("b", "red"));
  expect(await until(() => since().includes("+ Thing default/b red 1"))).toBeLessThan(100);
  await unlink(at("a.yaml"));
  expect(await until(() => since().includes("- Thing default/a"))).toBeLessThan(100);
});

test("a broken edit keeps the last good object, names the line, and is forgotten when mended", async () => {
  await write("a.yaml", thing("a", "red"));
  await start();
  await write("a.yaml", `${thing("a", "green")}  bad: true\n`);
  await until(() => problems.length > 0);
  expect(problems).toEqual([
    { file: at("a.yaml"), line: 7, column: 3, kind: "Thing", key: "default/a", path: "spec.bad", message: "unknown field" },
  ]);
  await write("a.yaml", `${thing("a", "green")} : [`);
  await until(() => problems[0]?.path === undefined);
  expect(problems[0]).toMatchObject({ file: at("a.yaml"), line: 7 });
  expect(since()).toEqual([]);
  await write("a.yaml", thing("a", "green"));
  await until(() => problems.length === 0 && since().length > 0);
  expect(since()).toEqual(["+ Thing default/a green 2"]);
});

test("of two objects with one name the first file's wins, and the second takes over when it goes", async () => {
  await write("a.yaml", thing("a", "red"));
  await write("b.yaml", thing("a", "blue"));
  await start();
  expect(problems).toMatchObject([
    { file: at("b.yaml"), line: 1, message: `Thing default/a is given before at ${at("a.yaml")}:1; this one is not used` },
  ]);
  await unlink(at("a.yaml"));
  await until(() => since().length > 0 && problems.length === 0);
  expect(since()).toEqual(["+ Thing default/a blue 2"]);
});

test("a file that is truncated and then written, or removed and made again, never takes its objects away", async () => {
  await write("a.yaml", thing("a", "red"));
  await start();
  await write("a.yaml", "");
  await new Promise((resolve) => setTimeout(resolve, 15));
  await write("a.yaml", thing("a", "green"));
  await until(() => since().length > 0);
  await unlink(at("a.yaml"));
  await new Promise((resolve) => setTimeout(resolve, 15));
  await write("a.yaml", thing("a", "blue"));
  await until(() => since().length > 1);
  expect(since()).toEqual(["+ Thing default/a green 2", "+ Thing default/a blue 3"]);
});

test("files that change names all the time never lose their objects", async () => {
  await write("a.yaml", thing("a", "red"));
  await write("b.yaml", thing("b", "red"));
  await start();
  events = [];
  for (let swap = 0; swap < 300; swap++) {
    await rename(at("a.yaml"), at("aside"));
    await rename(at("b.yaml"), at("a.yaml"));
    await rename(at("aside"), at("b.yaml"));
  }
  await write("c.yaml", thing("c", "red"));
  await until(() => events.includes("+ Thing default/c red 1"));
  expect(events).toEqual(["+ Thing default/c red 1"]);
});

test("a file that comes back between list and reading, and goes again, takes its objects with it", async () => {
  await write("a.yaml", thing("a", "red"));
  await write("b.yaml", thing("b", "red"));
  await start();
  whileReading = (value) => {
    const { colour } = (value as { spec: { colour: string } }).spec;
    if (colour === "blue") writeFileSync(at("b.yaml"), thing("b", "green"));
    if (colour === "green") rmSync(at("b.yaml"));
  };
  rmSync(at("b.yaml"));
  writeFileSync(at("a.yaml"), thing("a", "blue"));
  await until(() => events.at(-1) === "- Thing default/b", 4_000);
  expect(since()).toEqual(["+ Thing default/a blue 2", "+ Thing default/b green 2", "- Thing default/b"]);
});

test("a renamed file changes nothing, and a mounted ConfigMap's link swap is an edit", async () => {
  for (const [version, colour] of [
    ["1", "red"],
    ["2", "blue"],
  ] as const) {
    await mkdir(at(`..${version}`));
    await write(`..${version}/a.yaml`, thing("a", colour));
  }
  await symlink("..1", at("..data"));
  await symlink("..data/a.yaml", at("a.yaml"));
  await write("b.yaml", thing("b", "red"));
  await start();
  await rename(at("b.yaml"), at("c.yaml"));
  await symlink("..2", at("..tmp"));
  await rename(at("..tmp"), at("..data"));
  await until(() => since().length > 0);
  expect(since()).toEqual(["+ Thing default/a blue 2"]);
});

test("what cannot be used is named, and the rest is served", async () => {
  await write("a.yaml", thing("a", "red"));
  await write(
    "b.yaml",
    "apiVersion: v1\nkind: Unknown\nmetadata: {name: x}\n---\n\njust text\n---\napiVersion: v1\nmetadata: {}\n",
  );
  await writeFile(at("c.yaml"), Buffer.from([0xff, 0xfe, 0x00]));
  await start();
  expect(events).toContain("+ Thing default/a red 1");
  expect(problems.map(({ file, line, message }) => [file.slice(-6), line, message])).toEqual([
    ["b.yaml", 1, "Unknown of v1 is not a kind that is read here"],
    ["b.yaml", 6, "not an object: apiVersion, kind and metadata are expected"],
    ["b.yaml", 8, "is required"],
    ["c.yaml", 1, expect.stringMatching(/^cannot be read: The encoded data was not valid/)],
  ]);
  await chmod(at("a.yaml"), 0o600);
});
