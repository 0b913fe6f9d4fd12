// The chart through Helm itself: what it installs by default is what `kubectl apply -k manifests` installs.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { helmProgram, kubernetesProgram } from "./cluster/programs.ts";

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

const manifests = join(import.meta.dirname, "../manifests");
const chart = join(manifests, "helm/envoy-gateway");

function helm(...args: readonly string[]): string {
  const run = spawnSync(helmProgram(), args, { encoding: "utf8", maxBuffer: 1 << 26 });
  if (run.status !== 0) throw new Error(`helm ${args.join(" ")}\n${run.stdout}${run.stderr}`);
  return run.stdout;
}

/** What `helm install` would send from the chart's folder or archive to the oldest Kubernetes that it takes: no cluster is asked. */
function template(source: string, namespace: string, ...args: readonly string[]): readonly Manifest[] {
  return objectsIn(helm("template", "envoy-gateway", source, "--namespace", namespace, "--kube-version", "1.29.0", ...args));
}

function objectsIn(text: string): readonly Manifest[] {
  const documents = parseAllDocuments(text);
  if ("empty" in documents) return [];
  return documents.flatMap((document) => (document.contents === null ? [] : [document.toJS() as Manifest]));
}

const nameOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;

/** By name. A config file is compared by what it says, and only the chart has a checksum of it. */
function comparable(objects: readonly Manifest[]): object {
  const named = objects.map((object) => {
    const { data } = object as { readonly data?: Readonly<Record<string, string>> };
    const read = data === undefined ? object : { ...object, data: Object.values(data).map((text) => parse(text) as unknown) };
    const text = JSON.stringify(read, (key, value: unknown) => (key === "checksum/config" ? undefined : value));
    return [nameOf(object), JSON.parse(text) as unknown] as const;
  });
  return Object.fromEntries(named);
}

const named = (objects: readonly Manifest[], name: string): object => {
  const found = objects.find((object) => nameOf(object) === name);
  if (found === undefined) throw new Error(`no ${name} among ${objects.map(nameOf).join(", ")}`);
  return found;
};

test("helm lint finds nothing", () => {
  expect(helm("lint", "--strict", chart)).toContain("0 chart(s) failed");
});

test("by default Helm renders what kustomize does, but the namespace, which Helm makes", () => {
  const kustomized = objectsIn(execFileSync(kubernetesProgram("kubectl"), ["kustomize", manifests], { encoding: "utf8" }));
  const rendered = template(chart, "envoy-gateway-system", "--include-crds");
  expect(rendered).toHaveLength(kustomized.length - 1);
  expect(comparable(rendered)).toEqual(comparable(kustomized.filter(({ kind }) => kind !== "Namespace")));
});

test("a packaged chart has it all: no link leads out of it", () => {
  const folder = mkdtempSync(join(tmpdir(), "chart-"));
  try {
    helm("package", chart, "--destination", folder);
    const archive = join(folder, readdirSync(folder)[0]!);
    const [packaged, loose] = [archive, chart].map((source) => template(source, "envoy-gateway-system", "--include-crds"));
    expect(comparable(packaged!)).toEqual(comparable(loose!));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("in another namespace everything is there, and nothing speaks of the first", () => {
  const rendered = template(chart, "elsewhere");
  expect(JSON.stringify(rendered)).not.toContain("envoy-gateway-system");
  const names = template(chart, "envoy-gateway-system").map((object) =>
    nameOf(object).replace("envoy-gateway-system", "elsewhere"),
  );
  expect(rendered.map(nameOf).toSorted()).toEqual(names.toSorted());
  const subjects = [{ kind: "ServiceAccount", name: "envoy-gateway", namespace: "elsewhere" }];
  expect(named(rendered, "ClusterRoleBinding /envoy-gateway")).toMatchObject({ subjects });
  expect(named(rendered, "RoleBinding elsewhere/envoy-gateway")).toMatchObject({ subjects });
});

test("values reach what they are for", () => {
  const values = ["image.repository=registry.test/mine", "image.tag=7", "replicas=3", "gatewayClass=mine", "resources=null"];
  const config = ["config.gateway.controllerName=test/controller", "config.provider.kubernetes.watch.type=Namespaces"];
  const rendered = template(chart, "elsewhere", ...[...values, ...config].flatMap((one) => ["--set", one]));
  expect(named(rendered, "GatewayClass /mine")).toMatchObject({ spec: { controllerName: "test/controller" } });
  const env = expect.arrayContaining([{ name: "ENVOY_GATEWAY_IMAGE", value: "registry.test/mine:7" }]) as unknown;
  expect(named(rendered, "Deployment elsewhere/envoy-gateway")).toMatchObject({
    spec: { replicas: 3, template: { spec: { containers: [{ image: "registry.test/mine:7", env }] } } },
  });
  const { data } = named(rendered, "ConfigMap elsewhere/envoy-gateway-config") as {
    readonly data: Readonly<Record<string, string>>;
  };
  expect(parse(data["envoy-gateway.yaml"]!)).toMatchObject({
    apiVersion: "gateway.envoyproxy.io/v1alpha1",
    kind: "EnvoyGateway",
    gateway: { controllerName: "test/controller" },
    provider: { type: "Kubernetes", kubernetes: { watch: { type: "Namespaces" } } },
  });
});

test("a config that changes makes new pods, and an empty gatewayClass no class", () => {
  const checksum = (...args: readonly string[]): string =>
    /checksum\/config": ?"(\w{64})"/.exec(JSON.stringify(template(chart, "elsewhere", ...args)))?.[1] ?? "none";
  expect(checksum()).toMatch(/^\w{64}$/);
  expect(checksum("--set", "config.logging.level.default=debug")).not.toBe(checksum());
  expect(template(chart, "elsewhere", "--set", "gatewayClass=").map(({ kind }) => kind)).not.toContain("GatewayClass");
});
