import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { crdFiles, staleFiles } from "./generate.ts";
import type { JsonSchema } from "./schema.ts";

test("the committed CRDs are what the schemas say", () => {
  expect(staleFiles(join(import.meta.dirname, "..", "manifests", "crds"))).toEqual([]);
});

test("each CRD is tens of KB, far below the 256 KiB that kubectl apply can remember of it", () => {
  const tooLarge = [...crdFiles()].filter(([, content]) => Buffer.byteLength(content) >= 100_000).map(([name]) => name);
  expect([crdFiles().size, tooLarge]).toEqual([5, []]);
});

test("every field of a CRD says what it is, but those of repeated upstream settings", () => {
  const unexplained = [...crdFiles()].flatMap(([name, content]) => {
    const crd = parse(content) as { spec: { versions: [{ schema: { openAPIV3Schema: JsonSchema } }] } };
    return silentFields(crd.spec.versions[0].schema.openAPIV3Schema, name);
  });
  expect(unexplained).toEqual([]);
});

test("--check exits 1 on stale output and names the file", () => {
  const folder = mkdtempSync(join(tmpdir(), "crds-"));
  const generator = join(import.meta.dirname, "generate.ts");
  const check = () => spawnSync(process.execPath, [generator, "--check", folder], { encoding: "utf8" });
  try {
    execFileSync(process.execPath, [generator, folder]);
    expect(check().status).toBe(0);
    appendFileSync(join(folder, "gateway.envoyproxy.io_backends.yaml"), "# edited\n");
    const { status, stderr } = check();
    expect([status, stderr]).toEqual([
      1,
      "gateway.envoyproxy.io_backends.yaml is not what the schemas say: run npm run generate\n",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function silentFields(schema: JsonSchema, at: string): readonly string[] {
  const named = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    if (name === "metadata") return [];
    const below = name.startsWith("backend") ? [] : silentFields(field, `${at}.${name}`);
    return field.description === undefined ? [`${at}.${name}`, ...below] : below;
  });
  return [...named, ...(schema.items ? silentFields(schema.items, `${at}[]`) : [])];
}
