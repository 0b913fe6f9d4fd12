// The import law of ARCHITECTURE.md, read from the import lines of every source file: who may know whom, who may wait, how long a file may be.

import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative, resolve } from "node:path";

const root = import.meta.dirname;
const areas = ["api", "cli", "operator", "reconcilers", "store", "xds"] as const;
type Area = (typeof areas)[number];

interface Import {
  readonly target: string;
  readonly typesOnly: boolean;
}
interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

/** What an area may import from others: all of it, or only types; `paths` narrows to files and folders. */
const law: Readonly<Record<Area, readonly { readonly from: string; readonly typesOnly?: true; readonly only?: RegExp }[]>> = {
  cli: [
    { from: "operator" },
    { from: "store", typesOnly: true },
    { from: "api", typesOnly: true },
    { from: "api", only: /^api\/kinds\.ts$/ },
  ],
  operator: [{ from: "reconcilers" }, { from: "store" }, { from: "xds" }, { from: "api" }],
  reconcilers: [
    { from: "store" },
    { from: "api", typesOnly: true },
    // The syntax of expressions that users write.
    { from: "api", only: /^api\/cel\.ts$/ },
    { from: "xds", typesOnly: true, only: /^xds\/model\// },
    // Pure arithmetic of the model, and the bootstrap, which is part of an owned object.
    { from: "xds", only: /^xds\/(model\/shards|bootstrap)\.ts$/ },
  ],
  store: [
    { from: "api", typesOnly: true },
    { from: "xds", typesOnly: true, only: /^xds\/model\// },
  ],
  xds: [],
  api: [],
};

/** Each third-party package has one door: the file or folder that imports it. */
const doors: Readonly<Record<string, readonly string[]>> = {
  "@bufbuild/cel": ["api/"],
  "@bufbuild/protobuf": ["xds/"],
  // In stories it is what users' programs are made of.
  "@grpc/grpc-js": ["xds/server", "operator/stories/support/calls.ts"],
  "@kubernetes/client-node": ["operator/kubernetes/client.ts"],
  "@peculiar/x509": ["operator/x509.ts"],
  commander: ["cli/main.ts"],
  esbuild: ["build.ts", "xds/proto/"],
  "prom-client": ["operator/metrics.ts"],
  // Twice on purpose: reconcilers say it of the object, xds/ holds back what would be refused; neither may import the other.
  re2js: ["reconcilers/regex.ts", "xds/check/"],
  typebox: ["api/"],
  winston: ["operator/telemetry.ts"],
  // The generator of CRDs is a script of its own, outside the process.
  // A bootstrap is YAML inside a field of EnvoyProxy.
  yaml: ["operator/yaml.ts", "api/generate.ts", "reconcilers/gateway/bootstrap-value.ts"],
};

/** Where waiting is allowed: effects live there. Tests may wait anywhere. */
const mayWait = /^(operator|cli|e2e|bench)\/|^xds\/(server|testing|proto)|^build\.ts$|^api\/generate|\.test\.ts$/;

const files = sources();
const product = files.filter((file) => !isTest(file.path));

function sources(): readonly SourceFile[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !/^(node_modules|dist|\.cache|coverage)\/|^xds\/gen\//.test(path))
    .toSorted()
    .map((path) => {
      const text = readFileSync(join(root, path), "utf8");
      return { path, text, imports: importsOf(path, text) };
    });
}

function importsOf(path: string, text: string): readonly Import[] {
  const code = withoutComments(text);
  const found = [...code.matchAll(/^\s*(?:import|export)\s+(type\s)?([^;"']*?\sfrom\s+)?["']([^"']+)["']/gm)];
  const lazy = [...code.matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)/g)];
  return [
    ...found.map(([, type, names, target]) => ({
      target: spelled(path, target!),
      typesOnly: type !== undefined || onlyTypes(names),
    })),
    ...lazy.map(([, target]) => ({ target: spelled(path, target!), typesOnly: false })),
  ];
}

/** `{ type A, type B }` */
function onlyTypes(names: string | undefined): boolean {
  const list = /\{([^}]*)\}/.exec(names ?? "")?.[1];
  return list !== undefined && list.split(",").every((name) => name.trim() === "" || name.trim().startsWith("type "));
}

/** Files by their path in the repository, packages by their name. */
function spelled(path: string, target: string): string {
  if (target.startsWith("#")) return "xds/gen/envoy.js";
  return target.startsWith(".") ? relative(root, resolve(root, dirname(path), target)) : target;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

function isTest(path: string): boolean {
  return /\.test\.ts$|^(e2e|bench)\/|(^|\/)test(ing|data)\//.test(path);
}

function areaOf(path: string): Area | undefined {
  return areas.find((area) => path.startsWith(`${area}/`));
}

function isRepository(target: string): boolean {
  return areaOf(target) !== undefined && /\.(ts|js)$/.test(target);
}

function packageOf(target: string): string | undefined {
  if (isRepository(target) || target.startsWith("node:") || builtinModules.includes(target) || /\.(ts|js|json)$/.test(target))
    return undefined;
  return target.split("/", target.startsWith("@") ? 2 : 1).join("/");
}

function lawful(file: SourceFile, { target, typesOnly }: Import): boolean {
  const from = areaOf(file.path);
  const to = areaOf(target);
  if (from === undefined || to === undefined || from === to) return true;
  return law[from].some(
    (clause) =>
      clause.from === to && (clause.typesOnly !== true || typesOnly) && (clause.only === undefined || clause.only.test(target)),
  );
}

/** The first cycle of imports that carry values, as a path; type imports vanish before anything runs. */
function cycle(): readonly string[] {
  const edges = new Map(
    product.map((file) => [file.path, file.imports.filter((each) => !each.typesOnly).map((each) => each.target)]),
  );
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): readonly string[] => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return [];
    for (const next of edges.get(path) ?? []) {
      const found = visit(next, [...trail, path]);
      if (found.length > 0) return found;
    }
    done.add(path);
    return [];
  };
  return product.map((file) => visit(file.path, [])).find((found) => found.length > 0) ?? [];
}

test("imports go only from cli to operator to reconcilers to store, and xds and api know nobody", () => {
  const wrong = product.flatMap((file) =>
    file.imports.filter((each) => !lawful(file, each)).map((each) => `${file.path} → ${each.target}`),
  );
  expect(wrong).toEqual([]);
});

test("each third-party package is imported by one file or folder", () => {
  const wrong = files.flatMap((file) =>
    file.imports.flatMap(({ target }) => {
      const name = packageOf(target);
      if (name === undefined || isTest(file.path)) return [];
      return doors[name]?.some((door) => file.path.startsWith(door)) ? [] : [`${file.path} → ${name}`];
    }),
  );
  expect(wrong).toEqual([]);
});

test("no file imports itself by a detour", () => expect(cycle()).toEqual([]));

test("only the process, the commands and the xDS server wait", () => {
  const waits = /\bawait\s|\basync\b(?!Iterable)/;
  expect(
    product.filter((file) => !mayWait.test(file.path) && waits.test(withoutComments(file.text))).map((file) => file.path),
  ).toEqual([]);
});

test("a file over 300 lines says in its first lines why", () => {
  const long = files.filter((file) => file.text.split("\n").length > 301);
  expect(long.filter((file) => !/over 300 lines/i.test(file.text.slice(0, 1200))).map((file) => file.path)).toEqual([]);
});

test("files open with what they own", () => {
  expect(product.filter((file) => !/^(#!.*\n)?(\/\/|\/\*)/.test(file.text)).map((file) => file.path)).toEqual([]);
});

test("exports have names, and imports carry the endings of files", () => {
  const wrong = files.flatMap((file) => [
    ...(/^export default\b/m.test(withoutComments(file.text)) ? [`${file.path}: export default`] : []),
    ...[...withoutComments(file.text).matchAll(/^(?:import|export)\s[^;`]*?from ["'](\.[^"']*)["'];/gm)].flatMap(([, target]) =>
      /\.(ts|js|json)$/.test(target!) ? [] : [`${file.path}: ${target}`],
    ),
  ]);
  expect(wrong).toEqual([]);
});
