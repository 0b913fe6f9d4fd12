import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { config_bootstrap_v3, registry } from "#envoy";
import { envoyPath } from "../operator/host/envoy-binary.ts";
import { bootstrap, type BootstrapOptions } from "./bootstrap.ts";
import { violations } from "./check/violations.ts";
import { someCertificate } from "./testing/models.ts";
import { envoyComplaint } from "./testing/validate.ts";

const { BootstrapSchema } = config_bootstrap_v3;

const files = { type: "files", caFile: "/certs/ca.crt", certFile: "/certs/tls.crt", keyFile: "/certs/tls.key" } as const;
const options: BootstrapOptions = {
  admin: { host: "127.0.0.1", port: 19000 },
  xds: { host: "127.0.0.1", port: 18000, serverName: "envoy-gateway", credentials: files },
  readiness: { host: "127.0.0.1", port: 19003 },
};
const every: BootstrapOptions = {
  ...options,
  node: { id: "web-1", cluster: "default/web" },
  zone: "a",
  xds: {
    host: "envoy-gateway.envoy-gateway-system.svc",
    port: 18000,
    serverName: "envoy-gateway",
    credentials: {
      type: "sdsFiles",
      certificate: { name: "xds_certificate", path: "/sds/xds-certificate.json" },
      trust: { name: "xds_trusted_ca", path: "/sds/xds-trusted-ca.json" },
    },
  },
  metrics: { host: "0.0.0.0", port: 19001 },
  stats: {
    type: "matching",
    matches: [
      { type: "prefix", value: "http." },
      { type: "regex", value: "cluster\\..*" },
    ],
  },
  maxConnections: 1000,
  maxHeapBytes: 1_000_000_000,
};

const withToken: BootstrapOptions = {
  ...every,
  node: { id: "web-1", cluster: "default/web" },
  xds: {
    ...every.xds,
    credentials: {
      type: "token",
      token: { name: "xds_token", path: "/sds/xds-token.json" },
      trust: { name: "xds_trusted_ca", path: "/sds/xds-trusted-ca.json" },
    },
  },
};

const plain = (value: unknown): JsonValue => JSON.parse(JSON.stringify(value)) as JsonValue;

for (const [name, value] of [
  ["the smallest", options],
  ["the largest", every],
  ["one with a token", withToken],
  ["one with every statistic", { ...options, stats: { type: "all" } }],
] as const) {
  test(`${name} bootstrap is a message that breaks no rule`, () => {
    const message = fromJson(BootstrapSchema, plain(bootstrap(value)), { registry });
    expect(violations(BootstrapSchema, message)).toEqual([]);
  });
}

test("the node is left to the command line unless it is given", () => {
  expect(bootstrap(options)).not.toHaveProperty("node");
  expect(bootstrap(every)).toHaveProperty("node", { id: "web-1", cluster: "default/web", locality: { zone: "a" } });
});

test("a server by name is resolved, one by address is not", () => {
  expect(bootstrap(options)).toHaveProperty("static_resources.clusters.0.type", "STATIC");
  expect(bootstrap(every)).toHaveProperty("static_resources.clusters.0.type", "STRICT_DNS");
});

test("an Envoy whose server is away asks again every few seconds, however long that lasts", () => {
  const policy = { retry_back_off: { base_interval: "0.5s", max_interval: "5s" } };
  expect(bootstrap(options)).toHaveProperty("dynamic_resources.ads_config.grpc_services.0.envoy_grpc.retry_policy", policy);
});

test("Envoy takes the bootstrap with the certificates it names", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bootstrap-"));
  try {
    const certificate = someCertificate("envoy-gateway");
    const path = (name: string): string => join(folder, name);
    writeFileSync(path("tls.crt"), certificate.chainPem);
    writeFileSync(path("tls.key"), certificate.keyPem);
    const credentials = { type: "files", caFile: path("tls.crt"), certFile: path("tls.crt"), keyFile: path("tls.key") } as const;
    const node = { id: "web-1", cluster: "default/web" };
    const value = bootstrap({ ...every, node, xds: { ...options.xds, credentials } });
    expect(envoyComplaint(await envoyPath(), plain(value))).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 120_000);

test("the bootstrap is ready for a command line without the generated messages", () => {
  const module = new URL("./bootstrap.ts", import.meta.url).href;
  const script = `await import(${JSON.stringify(module)}); console.log(process.moduleLoadList.some((m) => m.includes("zlib")))`;
  expect(execFileSync(process.execPath, ["--input-type=module", "-e", script]).toString().trim()).toBe("false");
});
