// The table of kinds, and for each kind that rules.test.ts and validate.test.ts do not dwell on: an object it takes and one it refuses.

import { kindDefinition, kindServed, kinds } from "./kinds.ts";
import { validate } from "./validate.ts";

test("a kind is found by the versions it is served in, and by no others", () => {
  expect(kindServed("gateway.networking.k8s.io/v1beta1", "HTTPRoute")?.plural).toBe("httproutes");
  expect(kindServed("gateway.networking.k8s.io/v1beta1", "ReferenceGrant")?.plural).toBe("referencegrants");
  expect(kindServed("gateway.networking.k8s.io/v1alpha2", "ReferenceGrant")).toBeUndefined();
  expect(kindServed("gateway.networking.k8s.io/v1", "XListenerSet")).toBeUndefined();
  expect(kindServed("gateway.networking.x-k8s.io/v1alpha1", "ListenerSet")).toBeUndefined();
  expect(kindServed("v1", "Secret")?.plural).toBe("secrets");
  expect(kindServed("discovery.k8s.io/v1", "EndpointSlice")?.plural).toBe("endpointslices");
  expect(kindServed("v1", "EndpointSlice")).toBeUndefined();
  expect(kindServed("v1", "Pod")).toBeUndefined();
});

test("no two kinds share a name, plural or short name", () => {
  const names = kinds.flatMap((one) => [one.kind.toLowerCase(), one.plural, ...one.shortNames]);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

test("what has graduated is read in v1 and as before, the newest first", () => {
  const versions = ["TLSRoute", "TCPRoute", "UDPRoute", "ReferenceGrant", "ListenerSet", "XListenerSet"].map(
    (kind) => `${kind} ${kindDefinition(kind)?.versions.join(" ")}`,
  );
  expect(versions).toEqual([
    "TLSRoute v1 v1alpha3 v1alpha2",
    "TCPRoute v1 v1alpha2",
    "UDPRoute v1 v1alpha2",
    "ReferenceGrant v1 v1beta1",
    "ListenerSet v1",
    "XListenerSet v1alpha1",
  ]);
});

/** What is wrong with an object written in this version. */
function problemsIn(version: string, kind: string, body: object): readonly string[] {
  const apiVersion = `gateway.networking.k8s.io/${version}`;
  const { problems } = validate(kindServed(apiVersion, kind)!, { apiVersion, kind, metadata: { name: "a" }, ...body });
  return problems.map(({ path, message }) => `${path}: ${message}`);
}

const rules = [{ backendRefs: [{ name: "a", port: 1 }] }];
const twoRules = { spec: { rules: [...rules, ...rules] } };
const onlyOne = "spec.rules: must have at most 1 items, not 2";

test.each([
  ["v1alpha2", "TLSRoute", twoRules, []],
  ["v1alpha3", "TLSRoute", { spec: { hostnames: ["a.example"], rules } }, []],
  ["v1alpha3", "TLSRoute", twoRules, [onlyOne, "spec.hostnames: is required"]],
  ["v1", "TLSRoute", { spec: { hostnames: ["*.a.example"], rules } }, []],
  ["v1", "TLSRoute", twoRules, [onlyOne, "spec.hostnames: is required"]],
  ["v1", "TLSRoute", { spec: { hostnames: Array.from({ length: 1024 }, (_, i) => `a${i}.example`), rules } }, []],
  ["v1", "TLSRoute", { spec: { hostnames: ["10.0.0.1"], rules } }, ["spec.hostnames: a hostname cannot be an IP address"]],
  ["v1alpha3", "TLSRoute", { spec: { hostnames: ["10.0.0.1"], rules } }, []],
  ["v1alpha2", "TCPRoute", twoRules, []],
  ["v1", "TCPRoute", { spec: { rules } }, []],
  ["v1", "TCPRoute", twoRules, [onlyOne]],
  ["v1alpha2", "UDPRoute", twoRules, []],
  ["v1", "UDPRoute", { spec: { rules } }, []],
  ["v1", "UDPRoute", twoRules, [onlyOne]],
  ["v1beta1", "ReferenceGrant", {}, []],
  ["v1", "ReferenceGrant", {}, ["spec: is required"]],
])("%s judges a %s by its own schema: %j", (version, kind, body, problems) => {
  expect(problemsIn(version, kind, body)).toEqual(problems);
});

const cases: readonly (readonly [kind: string, body: object, problems: readonly string[]])[] = [
  ["ReferenceGrant", { spec: { from: [{ group: "g", kind: "K", namespace: "n" }], to: [{ group: "", kind: "Service" }] } }, []],
  ["ReferenceGrant", {}, []],
  [
    "ReferenceGrant",
    { spec: { from: [], to: [{ group: "A", kind: "1" }] } },
    [
      "spec.from: must have at least 1 items, not 0",
      String.raw`spec.to[0].group: must match ^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$, not "A"`,
      'spec.to[0].kind: must match ^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$, not "1"',
    ],
  ],
  ["GatewayClass", { spec: { controllerName: "example.com/controller" } }, []],
  ["GatewayClass", { spec: {} }, ["spec.controllerName: is required"]],
  [
    "Gateway",
    { spec: { gatewayClassName: "eg", listeners: [], addresses: [{ value: "one" }] } },
    [
      "spec.listeners: must have at least 1 items, not 0",
      "spec.addresses[0]: must have exactly one of the allowed forms (oneOf)",
    ],
  ],
  [
    "EndpointSlice",
    { addressType: "IPv4", endpoints: [{ addresses: ["10.0.0.1"], conditions: { ready: null } }], ports: [{ port: 80 }] },
    [],
  ],
  ["EndpointSlice", { addressType: "IPv5", endpoints: [] }, ['addressType: must be one of "IPv4", "IPv6", "FQDN", not "IPv5"']],
  ["Secret", { type: "kubernetes.io/tls", data: { "tls.crt": "YQ==" }, stringData: { a: "b" } }, []],
  ["Secret", { data: { "tls.crt": "a b" } }, ['data[tls.crt]: must be a valid base64 text: "a b"']],
  ["ConfigMap", { data: { "ca.crt": "x" } }, []],
  ["ConfigMap", { data: { a: 1 } }, ["data.a: must be of type string, not integer"]],
  ["Namespace", {}, []],
  ["ListenerSet", { spec: { parentRef: { name: "eg" }, listeners: [{ name: "http", protocol: "HTTP", port: 80 }] } }, []],
  [
    "ListenerSet",
    { spec: { parentRef: { name: "eg" }, listeners: [{ name: "http", protocol: "HTTP" }] } },
    ["spec.listeners[0].port: is required"],
  ],
  [
    "ListenerSet",
    { spec: { parentRef: { name: "eg" }, listeners: [{ name: "tls", protocol: "TLS", port: 443 }] } },
    ["spec.listeners: listeners of protocol TLS must have tls with a mode"],
  ],
  ["XListenerSet", { spec: { parentRef: { name: "eg" }, listeners: [{ name: "tls", protocol: "TLS" }] } }, []],
  ["TCPRoute", { spec: { rules } }, []],
  ["TCPRoute", { spec: { rules: [{}] } }, ["spec.rules[0].backendRefs: is required"]],
  [
    "UDPRoute",
    { spec: { rules: [{ backendRefs: [{ name: "a" }] }] } },
    ["spec.rules[0].backendRefs[0]: a reference to a Service needs a port"],
  ],
  ["Service", { spec: { ports: [{ port: 0 }] } }, ["spec.ports[0].port: must be at least 1, not 0"]],
];

for (const [kind, body, problems] of cases) {
  test(`${kind} ${problems.length === 0 ? "takes" : "refuses"} ${JSON.stringify(body)}`, () => {
    const definition = kindDefinition(kind)!;
    const apiVersion = [definition.group, definition.versions[0]].filter((part) => part !== "").join("/");
    const verdict = validate(definition, { apiVersion, kind, metadata: { name: "a" }, ...body });
    expect(verdict.problems.map(({ path, message }) => `${path}: ${message}`)).toEqual(problems);
  });
}
