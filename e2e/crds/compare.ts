// Compares the fields of our schemas with the CRDs of Envoy Gateway v1.7.0 and Gateway API v1.4.1 (experimental) from the Go module cache (GOMODCACHE, or ~/go/pkg/mod).
// Messages and descriptions are ours and not compared. It prints each difference that differences.yaml does not explain.

import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { GatewaySchema } from "../../api/gateway/gateway.ts";
import { GatewayClassSchema } from "../../api/gateway/gatewayclass.ts";
import { HTTPRouteSchema } from "../../api/gateway/httproute.ts";
import { ReferenceGrantSchema } from "../../api/gateway/referencegrant.ts";

type Node = Readonly<Record<string, unknown>>;
type Facts = Map<string, string>;
const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && !Array.isArray(value);

/** Path and keyword of everything a schema says, in one spelling: redundant allOf/anyOf folded, `required` without defaulted fields. */
function facts(schema: unknown, path = "", found: Facts = new Map()): Facts {
  if (!isNode(schema)) return found;
  const alternatives = Array.isArray(schema["allOf"]) ? schema["allOf"].filter(isNode) : [];
  const enums = alternatives.find((one) => one["enum"])?.["enum"];
  const properties = isNode(schema["properties"]) ? schema["properties"] : {};
  found.set(path, "exists");
  for (const [key, value] of Object.entries(schema)) {
    if (["description", "properties", "items", "additionalProperties"].includes(key)) continue;
    if (key === "anyOf" && schema["x-kubernetes-int-or-string"]) continue;
    if (key === "allOf" && enums) continue;
    found.set(`${path}#${key}`, spelled(key, value, properties));
  }
  if (enums) found.set(`${path}#enum`, JSON.stringify(enums));
  if (found.get(`${path}#required`) === "[]") found.delete(`${path}#required`);
  for (const [name, one] of Object.entries(properties)) facts(one, `${path}.${name}`, found);
  facts(schema["items"], `${path}[]`, found);
  facts(schema["additionalProperties"], `${path}{}`, found);
  return found;
}

function spelled(key: string, value: unknown, properties: Node): string {
  if (key === "required" && Array.isArray(value)) {
    return JSON.stringify(value.filter((name) => !hasDefault(properties[String(name)])).sort());
  }
  if (key === "x-kubernetes-validations" && Array.isArray(value)) {
    return JSON.stringify(
      value.map((one: unknown) => (isNode(one) ? String(one["rule"]).replace(/\s+/g, " ").trim() : "")).sort(),
    );
  }
  return JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isNode(value)) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted(value[name])]));
}
const hasDefault = (value: unknown): boolean => isNode(value) && "default" in value;

function schemaIn(path: string): unknown {
  const text = readFileSync(path, "utf8").replace(/^\{\{.*$/gm, "");
  return parse(text).spec.versions[0].schema.openAPIV3Schema;
}

const cache = process.env["GOMODCACHE"] ?? join(homedir(), "go", "pkg", "mod");
const upstream = join(
  cache,
  "github.com",
  "envoyproxy",
  "gateway@v1.7.0",
  "charts",
  "gateway-crds-helm",
  "templates",
  "generated",
);
const listed: readonly { path: string; reason: string }[] = parse(
  readFileSync(join(import.meta.dirname, "differences.yaml"), "utf8"),
);
const used = new Set<string>();
const unlisted: string[] = [];
function compare(plural: string, upstreamSchema: unknown, ourSchema: unknown): void {
  const theirs = facts(upstreamSchema);
  const ours = facts(ourSchema);
  for (const key of new Set([...theirs.keys(), ...ours.keys()])) {
    if (theirs.get(key) === ours.get(key)) continue;
    const name = `${plural}${key}`;
    const entry = listed.find(({ path }) => name === path || [".", "[", "#", "{"].some((end) => name.startsWith(path + end)));
    if (entry) used.add(entry.path);
    else unlisted.push(`${name}: upstream ${theirs.get(key) ?? "nothing"}, ours ${ours.get(key) ?? "nothing"}`);
  }
}

for (const plural of ["backends", "httproutefilters", "envoyproxies"]) {
  const file = `gateway.envoyproxy.io_${plural}.yaml`;
  compare(plural, schemaIn(join(upstream, file)), schemaIn(join(import.meta.dirname, "..", "..", "manifests", "crds", file)));
}
const gatewayApi = join(cache, "sigs.k8s.io", "gateway-api@v1.4.1", "config", "crd", "experimental");
const gatewayKinds = {
  gatewayclasses: GatewayClassSchema,
  gateways: GatewaySchema,
  httproutes: HTTPRouteSchema,
  referencegrants: ReferenceGrantSchema,
};
for (const [plural, schema] of Object.entries(gatewayKinds)) {
  const file = join(gatewayApi, `gateway.networking.k8s.io_${plural}.yaml`);
  compare(plural, schemaIn(file), JSON.parse(JSON.stringify(schema)));
}
for (const { path } of listed)
  if (!used.has(path)) unlisted.push(`${path}: listed in differences.yaml, but there is no such difference`);
for (const line of unlisted) console.log(line);
console.log(
  unlisted.length === 0
    ? `CRDs agree with upstream; ${used.size} listed differences`
    : `${unlisted.length} unexplained differences`,
);
process.exitCode = unlisted.length === 0 ? 0 : 1;
