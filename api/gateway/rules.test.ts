// Every CEL rule of the Gateway API kinds: one value it refuses and a near one it accepts. The last test sees to it that none is left out.

import { kindDefinition } from "../kinds.ts";
import type { JsonSchema } from "../schema.ts";
import { validate } from "../validate.ts";

const definition = (kind: string) => kindDefinition(kind)!;

function problemsOf(kind: string, body: object, old?: object) {
  const head = { apiVersion: "gateway.networking.k8s.io/v1", kind, metadata: { name: "a" } };
  return validate(definition(kind), { ...head, ...body }, { old: old && { ...head, ...old } }).problems;
}

/** The message, a body that the rule refuses, one that nothing refuses. */
type Case = readonly [message: string, refused: object, accepted: object];

const listener = { name: "a", port: 80, protocol: "HTTP" };
const gateway = (spec: object) => ({ spec: { gatewayClassName: "eg", listeners: [listener], ...spec } });
const listeners = (...all: object[]) =>
  gateway({ listeners: all.map((one, i) => ({ ...listener, name: `l${i}`, port: 80 + i, ...one })) });
const addresses = (...all: object[]) => gateway({ addresses: all });
const status = (address: object) => ({ ...gateway({}), status: { addresses: [address] } });
const certificates = { certificateRefs: [{ name: "cert" }] };
const authorities = { validation: { caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "ca" }] } };
const perPort = (...ports: number[]) =>
  gateway({ tls: { frontend: { default: {}, perPort: ports.map((port) => ({ port, tls: authorities })) } } });
const labels = (key: string) => gateway({ infrastructure: { labels: { [key]: "x" } } });
const annotations = (key: string) => gateway({ infrastructure: { annotations: { [key]: "x" } } });
const longKey = `${"a".repeat(254)}/b`;

const gatewayCases: readonly Case[] = [
  [
    "a Hostname address must be empty or a DNS name, perhaps with a leading wildcard label",
    addresses({ type: "Hostname", value: "A B" }),
    addresses({ type: "Hostname", value: "*.a.b" }),
  ],
  [
    "a Hostname address must be a DNS name, perhaps with a leading wildcard label",
    status({ type: "Hostname", value: "A B" }),
    status({ type: "Hostname", value: "a.b" }),
  ],
  [
    "no two IPAddress addresses may be the same",
    addresses({ value: "1.1.1.1" }, { value: "1.1.1.1" }),
    addresses({ value: "1.1.1.1" }, { value: "::1" }),
  ],
  [
    "no two Hostname addresses may be the same",
    addresses({ type: "Hostname", value: "a" }, { type: "Hostname", value: "a" }),
    addresses({ type: "Hostname", value: "a" }, { type: "Hostname" }),
  ],
  [
    "label keys must be a name of at most 63 characters, perhaps after a DNS subdomain and a slash",
    labels("a/b/c"),
    labels("a.b/c"),
  ],
  ["the part of label keys before the slash must be shorter than 253 characters", labels(longKey), labels("a/b")],
  [
    "annotation keys must be a name of at most 63 characters, perhaps after a DNS subdomain and a slash",
    annotations("a b"),
    annotations("a"),
  ],
  ["the part of annotation keys before the slash must be shorter than 253 characters", annotations(longKey), annotations("a/b")],
  ["TLS may be set once per port", perPort(443, 443), perPort(443, 444)],
  [
    "mode Terminate needs certificateRefs or options",
    listeners({ protocol: "TLS", tls: { certificateRefs: [], options: {} } }),
    listeners({ protocol: "TLS", tls: { options: { a: "b" } } }),
  ],
  [
    "listeners of protocol HTTP, TCP or UDP cannot have tls",
    listeners({ tls: certificates }),
    listeners({ protocol: "HTTPS", tls: certificates }),
  ],
  [
    "listeners of protocol HTTPS must have tls mode Terminate",
    listeners({ protocol: "HTTPS", tls: { mode: "Passthrough" } }),
    listeners({ protocol: "TLS", tls: { mode: "Passthrough" } }),
  ],
  [
    "listeners of protocol TCP or UDP cannot have a hostname",
    listeners({ protocol: "TCP", hostname: "a" }),
    listeners({ protocol: "TCP" }),
  ],
  ["no two listeners may have the same name", listeners({ name: "x" }, { name: "x" }), listeners({ name: "x" }, { name: "y" })],
  [
    "no two listeners may have the same port, protocol and hostname",
    listeners({ port: 1 }, { port: 1 }),
    listeners({ port: 1 }, { port: 1, hostname: "a" }),
  ],
];

const route = (spec: object) => ({ spec });
const parents = (...refs: object[]) => route({ parentRefs: refs.map((ref) => ({ name: "gw", ...ref })) });
const rule = (fields: object) => route({ rules: [fields] });
const filters = (...all: object[]) => rule({ filters: all });
const app = { name: "app", port: 80 };
const path = (type: string, value: string) => rule({ matches: [{ path: { type, value } }] });
const plain = (message: string, refused: string): Case => [
  `${message} (types Exact and PathPrefix)`,
  path("Exact", refused),
  path("RegularExpression", refused),
];
const cors = (fields: object) => filters({ type: "CORS", cors: fields });
const auth = (fields: object) => filters({ type: "ExternalAuth", externalAuth: { backendRef: app, ...fields } });
const mirror = (fields: object) => filters({ type: "RequestMirror", requestMirror: { backendRef: app, ...fields } });
const redirect = (fields: object) => ({ type: "RequestRedirect", requestRedirect: fields });
const rewrite = (fields: object) => ({ type: "URLRewrite", urlRewrite: fields });
const prefix = { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/x" } };
const exact = { matches: [{ path: { type: "Exact", value: "/" } }] };
const modifier = (change: object) => filters(redirect({ path: change }));

const settings: Readonly<Record<string, readonly [field: string, value: object]>> = {
  RequestHeaderModifier: ["requestHeaderModifier", { remove: ["a"] }],
  ResponseHeaderModifier: ["responseHeaderModifier", { set: [{ name: "a", value: "b" }] }],
  RequestMirror: ["requestMirror", { backendRef: app }],
  RequestRedirect: ["requestRedirect", {}],
  URLRewrite: ["urlRewrite", { hostname: "a" }],
  ExtensionRef: ["extensionRef", { group: "a", kind: "B", name: "c" }],
  CORS: ["cors", {}],
  ExternalAuth: ["externalAuth", { protocol: "GRPC", grpc: {}, backendRef: app }],
};
const filterOf = (type: string) => ({ type, [settings[type]![0]]: settings[type]![1] });
const filterCases = Object.entries(settings).flatMap(([type, [field, value]]): readonly Case[] => {
  const other = type === "CORS" ? "URLRewrite" : "CORS";
  return [
    [`${field} is only for type ${type}`, filters({ ...filterOf(other), [field]: value }), filters(filterOf(type))],
    [`type ${type} needs ${field}`, filters({ type }), filters(filterOf(type))],
  ];
});
const repeatCases = ["RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite"].map((type): Case => [
  `only one ${type} filter is allowed`,
  filters(filterOf(type), filterOf(type)),
  filters(filterOf(type)),
]);
const matches = (count: number) => ({ matches: Array.from({ length: count }, () => ({})) });

const routeCases: readonly Case[] = [
  [
    "references to the same parent must all have a sectionName, or all a port, or all both",
    parents({ sectionName: "a" }, {}),
    parents({ sectionName: "a" }, { sectionName: "b" }),
  ],
  [
    "references to the same parent must differ in sectionName or port",
    parents({ port: 80 }, { port: 80 }),
    parents({ namespace: "a" }, { namespace: "b" }),
  ],
  [
    "a reference to a Service needs a port",
    rule({ backendRefs: [{ name: "a" }] }),
    rule({ backendRefs: [{ group: "x", kind: "Backend", name: "a" }] }),
  ],
  ["'*' must be the only entry of allowOrigins", cors({ allowOrigins: ["*", "https://a"] }), cors({ allowOrigins: ["*"] })],
  ["'*' must be the only entry of allowMethods", cors({ allowMethods: ["*", "GET"] }), cors({ allowMethods: ["GET", "PUT"] })],
  ["protocol GRPC needs grpc", auth({ protocol: "GRPC" }), auth({ protocol: "GRPC", grpc: {} })],
  ["grpc is only for protocol GRPC", auth({ protocol: "HTTP", http: {}, grpc: {} }), auth({ protocol: "GRPC", grpc: {} })],
  ["protocol HTTP needs http", auth({ protocol: "HTTP" }), auth({ protocol: "HTTP", http: {} })],
  ["http is only for protocol HTTP", auth({ protocol: "GRPC", http: {}, grpc: {} }), auth({ protocol: "HTTP", http: {} })],
  ["only one of percent and fraction may be set", mirror({ percent: 1, fraction: { numerator: 1 } }), mirror({ percent: 1 })],
  ["numerator must not exceed denominator", mirror({ fraction: { numerator: 101 } }), mirror({ fraction: { numerator: 100 } })],
  [
    "type ReplaceFullPath needs replaceFullPath",
    modifier({ type: "ReplaceFullPath" }),
    modifier({ type: "ReplaceFullPath", replaceFullPath: "/" }),
  ],
  ["replaceFullPath is only for type ReplaceFullPath", modifier({ ...prefix.path, replaceFullPath: "/" }), modifier(prefix.path)],
  ["type ReplacePrefixMatch needs replacePrefixMatch", modifier({ type: "ReplacePrefixMatch" }), modifier(prefix.path)],
  [
    "replacePrefixMatch is only for type ReplacePrefixMatch",
    modifier({ type: "ReplaceFullPath", replaceFullPath: "/", replacePrefixMatch: "/" }),
    modifier(prefix.path),
  ],
  ...filterCases,
  ...repeatCases,
  ["RequestRedirect and URLRewrite filters cannot be combined", filters(redirect({}), rewrite({})), filters(redirect({}))],
  plain("value must start with '/'", "a"),
  plain("value must not contain '//'", "/a//b"),
  plain("value must not contain '/./'", "/a/./b"),
  plain("value must not contain '/../'", "/a/../b"),
  plain("value must not contain '%2f'", "/%2f"),
  plain("value must not contain '%2F'", "/%2F"),
  plain("value must not contain '#'", "/#"),
  plain("value must not end with '/..'", "/a/.."),
  plain("value must not end with '/.'", "/a/."),
  plain("value must consist of path characters and %-encoded bytes", "/a b"),
  ["type must be Exact, PathPrefix or RegularExpression", path("Glob", "/"), path("PathPrefix", "/a%20b")],
  [
    "backendRequest must not be longer than request",
    rule({ timeouts: { request: "1s", backendRequest: "1001ms" } }),
    rule({ timeouts: { request: "0s", backendRequest: "1h" } }),
  ],
  [
    "a Permanent cookie needs absoluteTimeout",
    rule({ sessionPersistence: { cookieConfig: { lifetimeType: "Permanent" } } }),
    rule({ sessionPersistence: { cookieConfig: { lifetimeType: "Permanent" }, absoluteTimeout: "1h" } }),
  ],
  [
    "a RequestRedirect filter cannot be combined with backendRefs",
    rule({ filters: [redirect({})], backendRefs: [app] }),
    rule({ filters: [redirect({})], backendRefs: [] }),
  ],
  [
    "a RequestRedirect filter with replacePrefixMatch needs exactly one match, of type PathPrefix",
    rule({ ...exact, filters: [redirect(prefix)] }),
    rule({ filters: [redirect(prefix)] }),
  ],
  [
    "a URLRewrite filter with replacePrefixMatch needs exactly one match, of type PathPrefix",
    rule({ ...exact, filters: [rewrite(prefix)] }),
    rule({ filters: [rewrite(prefix)] }),
  ],
  [
    "a backend's RequestRedirect filter with replacePrefixMatch needs exactly one match, of type PathPrefix",
    rule({ ...exact, backendRefs: [{ ...app, filters: [redirect(prefix)] }] }),
    rule({ backendRefs: [{ ...app, filters: [redirect(prefix)] }] }),
  ],
  [
    "a backend's URLRewrite filter with replacePrefixMatch needs exactly one match, of type PathPrefix",
    rule({ ...matches(2), backendRefs: [{ ...app, filters: [rewrite(prefix)] }] }),
    rule({ backendRefs: [{ ...app, filters: [rewrite(prefix)] }] }),
  ],
  [
    "all rules together may have at most 128 matches",
    route({ rules: [matches(64), matches(64), {}] }),
    route({ rules: [matches(64), matches(64)] }),
  ],
  [
    "no two rules may have the same name",
    route({ rules: [{ name: "a" }, { name: "a" }] }),
    route({ rules: [{ name: "a" }, {}, {}] }),
  ],
];

for (const [kind, cases] of [
  ["Gateway", gatewayCases],
  ["HTTPRoute", routeCases],
] as const) {
  for (const [message, refused, accepted] of cases) {
    test(`${kind}: ${message}`, () => {
      const broken = problemsOf(kind, refused).filter((problem) => problem.kind === "rule");
      expect(broken.map((problem) => problem.message)).toContainEqual(expect.stringContaining(message));
      expect(problemsOf(kind, accepted)).toEqual([]);
    });
  }
}

test("GatewayClass: controllerName cannot be changed", () => {
  const old = { spec: { controllerName: "a.b/c" } };
  expect(problemsOf("GatewayClass", old, old)).toEqual([]);
  expect(problemsOf("GatewayClass", { spec: { controllerName: "a.b/d" } }, old)).toEqual([
    { path: "spec.controllerName", at: ["spec", "controllerName"], kind: "rule", message: "controllerName cannot be changed" },
  ]);
});

test("no rule of these kinds is without a case", () => {
  const tested = new Set(["controllerName cannot be changed", ...[...gatewayCases, ...routeCases].map(([message]) => message)]);
  const all = ["GatewayClass", "Gateway", "HTTPRoute", "ReferenceGrant"].flatMap((kind) => messagesOf(definition(kind).schema));
  expect(new Set(all)).toEqual(tested);
});

function messagesOf(schema: JsonSchema): readonly string[] {
  const values = typeof schema.additionalProperties === "object" ? [schema.additionalProperties] : [];
  const below = [...Object.values(schema.properties ?? {}), ...values, ...(schema.items ? [schema.items] : [])];
  return [...(schema["x-kubernetes-validations"] ?? []).map((one) => one.message), ...below.flatMap(messagesOf)];
}
