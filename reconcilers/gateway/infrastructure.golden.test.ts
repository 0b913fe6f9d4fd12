// Golden files of what a proxy consists of in a cluster: testdata/<case>.in.yaml → <case>.out.yaml. A document of kind EnvoyGateway says where
// the objects live. UPDATE=1 rewrites the outputs; a diff is reviewed like code.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../api/config.ts";
import { standaloneConfig } from "../../operator/config.ts";
import { readObjects, translateOffline } from "../../operator/offline.ts";
import { readDocuments, writeYaml } from "../../operator/yaml.ts";

const folder = join(import.meta.dirname, "testdata");
const cases = readdirSync(folder)
  .filter((file) => file.endsWith(".in.yaml"))
  .map((file) => file.slice(0, -".in.yaml".length))
  .toSorted();

const xds: Config["xds"] = {
  host: "envoy-gateway.envoy-gateway-system.svc",
  port: 18000,
  serverName: "envoy-gateway",
  credentials: { type: "token", caBundle: "the authorities\n", audience: "envoy-gateway" },
};

interface Settings {
  readonly provider?: { readonly kubernetes?: { readonly deploy?: { readonly type?: Config["deployType"] } } };
}

function output(name: string, text: string): string {
  const settings = readDocuments(text).find(({ value }) => (value as { kind?: string }).kind === "EnvoyGateway")
    ?.value as Settings;
  const deployType = settings?.provider?.kubernetes?.deploy?.type ?? "GatewayNamespace";
  const config: Config = { ...standaloneConfig(xds), infrastructure: "kubernetes", deployType };
  const read = readObjects([{ file: "in.yaml", text }], true);
  expect(read.problems).toEqual([]);
  return writeYaml(
    translateOffline(read, config, "2026-06-01T00:00:00.000Z").infrastructure.map((object) =>
      shortened(object, name === "defaults" ? new Set() : constant),
    ),
  );
}

/** The same for every proxy: the case "defaults" shows it. */
const constant: ReadonlySet<string> = new Set([
  "securityContext",
  "startupProbe",
  "readinessProbe",
  "livenessProbe",
  "terminationMessagePolicy",
  "terminationMessagePath",
]);

/** The bootstrap has tests of its own (proxy-bootstrap.test.ts), and so have the files of the ConfigMap. */
function shortened(value: unknown, without: ReadonlySet<string>): unknown {
  if (typeof value === "string") return value.startsWith("{") ? "(JSON)" : value;
  if (Array.isArray(value)) return value.map((item) => shortened(item, without));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (without.has(key) ? [] : [[key, shortened(item, without)]])),
  );
}

test.each(cases)("%s calls for what its output says", (name) => {
  const text = readFileSync(join(folder, `${name}.in.yaml`), "utf8");
  expect(text).toMatch(/^# \S/);
  const got = output(name, text);
  const file = join(folder, `${name}.out.yaml`);
  if (process.env.UPDATE === "1") writeFileSync(file, got);
  expect(got).toBe(existsSync(file) ? readFileSync(file, "utf8") : "a missing file: UPDATE=1 writes it");
});
