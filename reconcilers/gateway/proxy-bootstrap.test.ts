// What settings make of the bootstrap, and what of it must stay. A real Envoy takes the results.

import { execFileSync } from "node:child_process";
import type { Config } from "../../api/config.ts";
import { envoyPath } from "../../operator/host/envoy-binary.ts";
import type { EnvoyProxySpec } from "../../api/envoyproxy.ts";
import { config } from "../testing/gateways.ts";
import { proxyBootstrap } from "./proxy-bootstrap.ts";

type Bootstrap = NonNullable<EnvoyProxySpec["bootstrap"]>;

const settings = config({}) as unknown as Config;
const made = (bootstrap: Bootstrap | undefined) => proxyBootstrap(settings, { bootstrap } as EnvoyProxySpec);
const base = JSON.parse(JSON.stringify((made(undefined) as { value: unknown }).value)) as Readonly<Record<string, unknown>>;
const clusters = ["static_resources", "clusters"];

test("without settings it is the generated one", () => expect(Object.keys(base)).toContain("dynamic_resources"));

test("Merge joins lists and replaces scalars, also in camelCase", () => {
  const value = "statsFlushInterval: 7s\nstaticResources: {clusters: [{name: extra}]}\nlayered_runtime: {layers: [{name: more}]}";
  const outcome = made({ type: "Merge", value });
  const kept = (base["static_resources"] as { clusters: readonly unknown[] }).clusters;
  expect(outcome).toHaveProperty("value.statsFlushInterval", "7s");
  expect(outcome).toHaveProperty(["value", ...clusters], [...kept, { name: "extra" }]);
  expect(outcome).toHaveProperty("value.layered_runtime.layers.1", { name: "more" });
});

test("Replace takes a whole bootstrap that keeps the way to the control plane", () => {
  const { overload_manager: _, ...rest } = base;
  expect(made({ type: "Replace", value: JSON.stringify(rest) })).toEqual({ value: rest });
});

test("JSONPatch changes single fields", () => {
  const jsonPatches = [{ op: "replace", path: "/overload_manager/refresh_interval", value: "1s" }] as const;
  expect(made({ type: "JSONPatch", jsonPatches })).toHaveProperty("value.overload_manager.refresh_interval", "1s");
});

const refused: readonly (readonly [why: string, bootstrap: Bootstrap])[] = [
  [
    "admin and dynamic_resources and the cluster xds_cluster must stay as generated.",
    { type: "Replace", value: "static_resources: {}" },
  ],
  ["admin must stay as generated.", { type: "Merge", value: "admin: {profile_path: /tmp/x}" }],
  [
    "the cluster xds_cluster must stay as generated.",
    { type: "JSONPatch", jsonPatches: [{ op: "remove", jsonPath: "$.static_resources.clusters[?(@.name=='xds_cluster')]" }] },
  ],
  ["value must be a YAML object.", { type: "Replace", value: "- a" }],
  ["operation 0: nothing is at nowhere.", { type: "JSONPatch", jsonPatches: [{ op: "remove", path: "/nowhere" }] }],
];
for (const [why, bootstrap] of refused)
  test(`refused: ${why}`, () => expect(made(bootstrap)).toEqual({ problem: `bootstrap: ${why}` }));

test("text that is no YAML is refused with its place", () => {
  expect(made({ type: "Merge", value: "a: [" })).toEqual({
    problem: expect.stringMatching(/^bootstrap: value is not YAML: .*line 1/),
  });
});

test("a real Envoy takes a merged bootstrap", async () => {
  const extra = "{name: extra, type: STATIC, connect_timeout: 1s}";
  const host = { ...settings, infrastructure: "host" } as Config;
  // Its certificates and its token are not on this machine, so the cluster that needs them is tried without.
  const value = `static_resources: {clusters: [${extra}]}\nstats_flush_interval: 7s`;
  const outcome = proxyBootstrap(host, { bootstrap: { type: "Merge", value } } as EnvoyProxySpec);
  const bootstrap = JSON.parse(JSON.stringify((outcome as { value: unknown }).value)) as {
    static_resources: { clusters: { name: string; transport_socket?: unknown; typed_extension_protocol_options?: unknown }[] };
  };
  for (const cluster of bootstrap.static_resources.clusters) {
    delete cluster.transport_socket;
    delete cluster.typed_extension_protocol_options;
  }
  const args = ["--mode", "validate", "--service-node", "a", "--service-cluster", "a"];
  const output = execFileSync(await envoyPath(), [...args, "--config-yaml", JSON.stringify(bootstrap)], {
    encoding: "utf8",
    stdio: "pipe",
  });
  expect(output).toContain("OK");
});
