// The table of kinds, and for each kind that rules.test.ts and validate.test.ts do not dwell on: an object it takes and one it refuses.

import { kindDefinition, kindServed, kinds } from "./kinds.ts";
import { validate } from "./validate.ts";

test("a kind is found by the versions it is served in, and by no others", () => {
  expect(kindServed("gateway.networking.k8s.io/v1beta1", "HTTPRoute")?.plural).toBe("httproutes");
  expect(kindServed("gateway.networking.k8s.io/v1beta1", "ReferenceGrant")?.plural).toBe("referencegrants");
  expect(kindServed("gateway.networking.k8s.io/v1", "ReferenceGrant")).toBeUndefined();
  expect(kindServed("v1", "Secret")?.plural).toBe("secrets");
  expect(kindServed("discovery.k8s.io/v1", "EndpointSlice")?.plural).toBe("endpointslices");
  expect(kindServed("v1", "EndpointSlice")).toBeUndefined();
  expect(kindServed("v1", "Pod")).toBeUndefined();
});

test("no two kinds share a name, plural or short name", () => {
  const names = kinds.flatMap((one) => [one.kind.toLowerCase(), one.plural, ...one.shortNames]);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

test("a version that is stricter than what is stored judges what is written in it", () => {
  const rules = [{ backendRefs: [{ name: "a", port: 1 }] }];
  const problems = (version: string, spec: object): readonly string[] => {
    const apiVersion = `gateway.networking.k8s.io/${version}`;
    const { problems: found } = validate(kindServed(apiVersion, "TLSRoute")!, {
      apiVersion,
      kind: "TLSRoute",
      metadata: { name: "a" },
      spec,
    });
    return found.map(({ path, message }) => `${path}: ${message}`);
  };
  expect(problems("v1alpha2", { rules: [...rules, ...rules] })).toEqual([]);
  expect(problems("v1alpha3", { hostnames: ["a.example"], rules })).toEqual([]);
  expect(problems("v1alpha3", { rules: [...rules, ...rules] })).toEqual([
    "spec.rules: must have at most 1 items, not 2",
    "spec.hostnames: is required",
  ]);
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
  ["TCPRoute", { spec: { rules: [{ backendRefs: [{ name: "a", port: 1 }] }] } }, []],
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
