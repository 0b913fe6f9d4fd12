// What `kubectl apply -k manifests` and the Helm chart install: the same objects, which the operator understands. Helm's language is a large one; the
// chart keeps to the few words that `render` knows, so that no Helm is needed here; e2e/helm.e2e.ts asks Helm itself.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments, stringify } from "yaml";
import { kindServed } from "../api/kinds.ts";
import { validate } from "../api/validate.ts";
import { readConfigFile } from "../operator/config-file.ts";

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

const folder = import.meta.dirname;
const chart = join(folder, "helm/envoy-gateway");
const textOf = (path: string): string => readFileSync(path, "utf8");
const objectsIn = (text: string): readonly Manifest[] =>
  parseAllDocuments(text).flatMap((document) => (document.contents === null ? [] : [document.toJS() as Manifest]));
const nameOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.name}`;
const sorted = (all: readonly Manifest[]): readonly Manifest[] => all.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)));

const { resources } = parse(textOf(join(folder, "kustomization.yaml"))) as { readonly resources: readonly string[] };
const installed = resources.flatMap((path) => objectsIn(textOf(join(folder, path))));
const defaults = parse(textOf(join(chart, "values.yaml"))) as object;

/** One template with these values: `{{ path | function … }}`, and `{{ if path }}` … `{{ end }}` on lines of their own. Throws at any other word. */
function render(template: string, values: object, namespace: string): string {
  const root = { Values: values, Release: { Namespace: namespace } };
  const lookUp = (path: string): unknown =>
    path
      .slice(1)
      .split(".")
      .reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>>)[key], root);
  const evaluate = (expression: string): string =>
    expression.split("|").reduce((before, step) => {
      const [word = "", argument = "", last = ""] = step.trim().split(" ");
      if (word === ".Files.Get") return textOf(join(chart, JSON.parse(argument) as string));
      if (word.startsWith(".")) return String(lookUp(word));
      if (word === "replace") return before.replaceAll(JSON.parse(argument) as string, String(lookUp(last)));
      if (word === "toYaml") return stringify(lookUp(argument)).trimEnd();
      if (word === "indent") return before.replace(/^/gm, " ".repeat(Number(argument)));
      if (word === "sha256sum") return createHash("sha256").update(before).digest("hex");
      throw new Error(`the chart says "${word}", which this test does not know`);
    }, "");
  return template
    .replace(/^\{\{ if (\S+) \}\}\n([\s\S]*?)^\{\{ end \}\}\n/gm, (_, path: string, inner: string) => (lookUp(path) ? inner : ""))
    .replace(/\{\{ (.*?) \}\}/g, (_, expression: string) => evaluate(expression));
}

function charted(values: object = defaults, namespace = "envoy-gateway-system"): readonly Manifest[] {
  const templates = readdirSync(join(chart, "templates")).map((name) => textOf(join(chart, "templates", name)));
  return templates.flatMap((template) => objectsIn(render(template, values, namespace)));
}

/** The chart's config and the operator's are text in a ConfigMap, where the order of keys says nothing; only the chart has a checksum of it. */
function comparable(object: Manifest): unknown {
  const { data } = object as { readonly data?: Readonly<Record<string, string>> };
  const read = data === undefined ? object : { ...object, data: Object.values(data).map((text) => parse(text) as unknown) };
  return JSON.parse(JSON.stringify(read, (key, value: unknown) => (key === "checksum/config" ? undefined : value)));
}

test("the chart installs what kustomize does, but the namespace, which Helm makes, and the CRDs, which are the same files", () => {
  const others = installed.filter(({ kind }) => kind !== "Namespace" && kind !== "CustomResourceDefinition");
  expect(sorted(charted()).map(comparable)).toEqual(sorted(others).map(comparable));
  expect(realpathSync(join(chart, "crds"))).toBe(join(folder, "crds"));
});

test("the chart goes to the namespace of its release, with everything that names it", () => {
  const text = JSON.stringify(charted(defaults, "elsewhere"));
  expect(text).toContain('"namespace":"elsewhere"');
  expect(text).not.toContain("envoy-gateway-system");
});

test("every CRD is installed", () => {
  const named = resources.filter((path) => path.startsWith("crds/")).map((path) => path.slice("crds/".length));
  expect(named.toSorted()).toEqual(readdirSync(join(folder, "crds")).toSorted());
});

test("values change the image everywhere, and an empty gatewayClass leaves it out", () => {
  const image = { repository: "registry.test/mine", tag: "7", pullPolicy: "Always" };
  const changed = charted({ ...defaults, image, gatewayClass: "" });
  const text = JSON.stringify(changed);
  expect(text).not.toContain("docker.io");
  expect(text.match(/registry\.test\/mine:7/g)).toHaveLength(2);
  expect(changed.map(({ kind }) => kind)).not.toContain("GatewayClass");
});

test("the config file is one that the operator reads, every setting of it in force", () => {
  const config = installed.find(({ kind }) => kind === "ConfigMap") as unknown as {
    readonly data: Readonly<Record<string, string>>;
  };
  const text = config.data["envoy-gateway.yaml"] ?? "";
  expect(readConfigFile(text, "envoy-gateway.yaml")).toMatchObject({ provider: "Kubernetes", warnings: [] });
});

test("objects of kinds that we serve are valid", () => {
  const ours = installed.flatMap((object) => {
    const definition = kindServed(object.apiVersion, object.kind);
    const { metadata: _, ...rest } = object; // no matter of a kind's own schema
    return definition === undefined ? [] : [{ object, problems: validate(definition.schema, rest).problems }];
  });
  expect(ours.map(({ object }) => nameOf(object))).toContain("GatewayClass eg");
  expect(ours.flatMap(({ problems }) => problems)).toEqual([]);
});

test("the operator runs with nothing it does not need", () => {
  const deployment = installed.find(({ kind }) => kind === "Deployment");
  expect(deployment).toMatchObject({
    spec: {
      replicas: 2,
      template: {
        spec: {
          securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
          containers: [
            {
              readinessProbe: { httpGet: { path: "/readyz" } },
              livenessProbe: { httpGet: { path: "/healthz" } },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ["ALL"] },
              },
            },
          ],
        },
      },
    },
  });
  expect(installed.map(({ kind }) => kind)).toContain("PodDisruptionBudget");
});
