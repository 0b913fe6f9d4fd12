import { join } from "node:path";
import { parse } from "yaml";
import { crdFiles, staleFiles } from "./generate.ts";

test("the committed CRDs are what the schemas say", () => {
  expect(staleFiles(join(import.meta.dirname, "..", "manifests", "crds"))).toEqual([]);
});

test("a CRD is far below the 256 KiB that kubectl apply can remember of it", () => {
  const sizes = [...crdFiles()].map(([name, content]) => [name, JSON.stringify(parse(content)).length < 120_000]);
  expect(sizes).toEqual([...crdFiles().keys()].map((name) => [name, true]));
});
