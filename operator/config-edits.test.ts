// How a config file is followed: whole texts only, one after the other, in the ways in which editors and kubelet write.

import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEdits, type Edit, fixedDifferences } from "./config-edits.ts";
import { resolveOperatorOptions, resolveOptions } from "./config.ts";

let folder: string;
let end: AbortController;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edits-"));
  end = new AbortController();
});
afterEach(() => {
  end.abort();
  rmSync(folder, { recursive: true });
});

function read(text: string): string {
  if (text.includes("broken")) throw new Error("it is broken");
  return text;
}

/** What is told from now on; waits until that are as many as are asked for. */
function following(file: string, text: string) {
  const told: Edit<string>[] = [];
  const edits = createEdits({ file, text, read });
  const follow = async (signal: AbortSignal): Promise<void> => {
    for await (const edit of edits.follow(signal)) told.push(edit);
  };
  void follow(end.signal);
  const until = async (count: number): Promise<readonly Edit<string>[]> => {
    for (const limit = Date.now() + 4000; told.length < count && Date.now() < limit;)
      await new Promise((resolve) => setTimeout(resolve, 10));
    return told;
  };
  return { until, follow };
}

test("an edit is told once, a broken one as a problem, and the next good one as if nothing had been", async () => {
  const file = join(folder, "config.yaml");
  writeFileSync(file, "one");
  const { until } = following(file, "one");
  writeFileSync(file, "two");
  expect(await until(1)).toEqual([{ options: "two" }]);
  writeFileSync(file, "broken");
  expect(await until(2)).toEqual([{ options: "two" }, { problem: "it is broken" }]);
  writeFileSync(file, "two");
  expect((await until(3)).at(-1)).toEqual({ options: "two" });
});

test("a file that was edited before anybody followed it is told too", async () => {
  const file = join(folder, "config.yaml");
  writeFileSync(file, "two");
  expect(await following(file, "one").until(1)).toEqual([{ options: "two" }]);
});

test("a volume of a ConfigMap: kubelet writes another folder, and turns a link", async () => {
  const version = (name: string, text: string): void => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "config.yaml"), text);
    symlinkSync(name, join(folder, "..next"));
    renameSync(join(folder, "..next"), join(folder, "..data"));
  };
  version("..1", "one");
  const file = join(folder, "config.yaml");
  symlinkSync("..data/config.yaml", file);
  const { until } = following(file, "one");
  version("..2", "two");
  expect(await until(1)).toEqual([{ options: "two" }]);
  version("..3", "three");
  expect(await until(2)).toEqual([{ options: "two" }, { options: "three" }]);
});

test("a file that is away, empty or being written says nothing", async () => {
  const file = join(folder, "config.yaml");
  writeFileSync(file, "one");
  const { until } = following(file, "one");
  truncateSync(file);
  await new Promise((resolve) => setTimeout(resolve, 100));
  unlinkSync(file);
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (const text of ["t", "tw", "two"]) {
    writeFileSync(file, text);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(await until(1)).toEqual([{ options: "two" }]);
});

test("who follows after another goes on where that one stopped", async () => {
  const file = join(folder, "config.yaml");
  writeFileSync(file, "two");
  const { until, follow } = following(file, "one");
  await until(1);
  end.abort();
  end = new AbortController();
  void follow(end.signal);
  writeFileSync(file, "three");
  expect(await until(2)).toEqual([{ options: "two" }, { options: "three" }]);
});

test("what a running process cannot take up is named as in the file", () => {
  const before = resolveOperatorOptions({});
  expect(fixedDifferences(before, resolveOperatorOptions({ logLevel: "debug", deployType: "ControllerNamespace" }))).toEqual([]);
  const after = { gateway: { controllerName: "a.example/b" }, watch: { namespaces: ["a"] }, adminPort: 1, metricsPort: "off" };
  expect(fixedDifferences(before, resolveOperatorOptions(after as Parameters<typeof resolveOperatorOptions>[0]))).toEqual([
    "gateway.controllerName",
    "provider.kubernetes.watch",
    "admin.address.port",
    "telemetry.metrics.prometheus",
  ]);
  const machine = { paths: ["a"] };
  expect(fixedDifferences(resolveOptions(machine), resolveOptions({ paths: ["b"] }))).toEqual(["provider.custom.resource"]);
});
