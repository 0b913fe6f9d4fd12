// What validate() says of objects: structure, defaults, metadata. Rules of the Gateway API kinds are in gateway/rules.test.ts.

import { kindDefinition } from "./kinds.ts";
import { integer, jsonSchema, list, map, object, optional, preserved, text } from "./schema.ts";
import type { JsonSchema } from "./schema.ts";
import { validate } from "./validate.ts";

function definition(kind: string) {
  const found = kindDefinition(kind);
  if (!found) throw new Error(`no kind ${kind}`);
  return found;
}

const problemsOf = (target: Parameters<typeof validate>[0], value: unknown, old?: unknown) =>
  validate(target, value, { old }).problems.map(({ path, message, kind }) => `${kind} ${path}: ${message}`);

const route = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name: "web", namespace: "default" },
};

test("a complete object has the defaults that an API server fills in, and no others", () => {
  const value = {
    ...route,
    spec: {
      parentRefs: [{ name: "gw" }],
      rules: [
        { backendRefs: [{ name: "app", port: 80 }] },
        { matches: [{ path: { value: "/a" }, headers: [{ name: "x", value: "y" }] }] },
      ],
    },
  };
  const before = structuredClone(value);
  expect(validate(definition("HTTPRoute"), value)).toEqual({
    object: {
      ...route,
      spec: {
        parentRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "gw" }],
        rules: [
          {
            matches: [{ path: { type: "PathPrefix", value: "/" } }],
            backendRefs: [{ group: "", kind: "Service", name: "app", port: 80, weight: 1 }],
          },
          { matches: [{ path: { type: "PathPrefix", value: "/a" }, headers: [{ type: "Exact", name: "x", value: "y" }] }] },
        ],
      },
    },
    problems: [],
  });
  expect(value).toEqual(before);
});

test("defaults inside an absent object are not filled in, those inside a default are", () => {
  const gateway = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name: "gw" },
    spec: {
      gatewayClassName: "eg",
      listeners: [
        { name: "a", port: 80, protocol: "HTTP" },
        {
          name: "b",
          port: 443,
          protocol: "HTTPS",
          tls: { certificateRefs: [{ name: "cert" }] },
          allowedRoutes: { kinds: [{ kind: "HTTPRoute" }] },
        },
      ],
    },
  };
  const { object: complete, problems } = validate(definition("Gateway"), gateway);
  expect(problems).toEqual([]);
  expect(complete).toMatchObject({
    spec: {
      gatewayClassName: "eg",
      listeners: [
        { name: "a", port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from: "Same" } } },
        {
          name: "b",
          tls: { mode: "Terminate", certificateRefs: [{ group: "", kind: "Secret", name: "cert" }] },
          allowedRoutes: { kinds: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute" }], namespaces: { from: "Same" } },
        },
      ],
    },
    status: { conditions: [{ type: "Accepted" }, { type: "Programmed" }] },
  });
});

test("unknown fields are reported and dropped, and the object can still be used", () => {
  expect(validate(definition("HTTPRoute"), { ...route, extra: 1, spec: { rules: [{ backends: [] }] } })).toEqual({
    object: { ...route, spec: { rules: [{ matches: [{ path: { type: "PathPrefix", value: "/" } }] }] } },
    problems: [
      { path: "extra", at: ["extra"], kind: "unknownField", message: "unknown field" },
      { path: "spec.rules[0].backends", at: ["spec", "rules", 0, "backends"], kind: "unknownField", message: "unknown field" },
    ],
  });
});

const invalid: readonly (readonly [string, unknown, readonly string[]])[] = [
  ["a null where an object belongs", null, ["type : must be of type object, not null"]],
  ["a missing spec", route, ["required spec: is required"]],
  ["a null field counts as absent", { ...route, spec: null }, ["required spec: is required"]],
  [
    "wrong types, and no rules run on them",
    { ...route, spec: { hostnames: "a", rules: [{ backendRefs: [{ name: 1 }] }] } },
    [
      "type spec.hostnames: must be of type array, not string",
      "type spec.rules[0].backendRefs[0].name: must be of type string, not integer",
    ],
  ],
  [
    "a port out of range",
    { ...route, spec: { rules: [{ backendRefs: [{ name: "a", port: 0 }] }, { backendRefs: [{ name: "a", port: 1.5 }] }] } },
    [
      "invalid spec.rules[0].backendRefs[0].port: must be at least 1, not 0",
      "type spec.rules[1].backendRefs[0].port: must be of type integer, not number",
    ],
  ],
  [
    "a value outside an enum",
    { ...route, spec: { rules: [{ matches: [{ method: "get" }] }] } },
    [
      'notSupported spec.rules[0].matches[0].method: must be one of "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", not "get"',
    ],
  ],
  [
    "a duplicate key of a map list",
    {
      ...route,
      spec: {
        rules: [
          {
            matches: [
              {
                headers: [
                  { name: "a", value: "1" },
                  { name: "a", value: "2" },
                ],
              },
            ],
          },
        ],
      },
    },
    ['duplicate spec.rules[0].matches[0].headers[1]: is there already: {"name":"a"}'],
  ],
  [
    "too many items",
    { ...route, spec: { rules: Array.from({ length: 17 }, () => ({})) } },
    ["tooMany spec.rules: must have at most 16 items, not 17"],
  ],
  [
    "metadata that breaks the conventions",
    { ...route, metadata: { name: "Web", namespace: "a.b", labels: { "a b": "c", d: "e f" }, foo: 1 }, spec: {} },
    [
      "unknownField metadata.foo: unknown field",
      `invalid metadata.name: must be a DNS subdomain: lower case letters, digits, '-' and '.'; not "Web"`,
      `invalid metadata.namespace: must be a DNS label: lower case letters, digits and '-'; not "a.b"`,
      "invalid metadata.labels[a b]: the key must be a name of at most 63 characters, perhaps after a DNS subdomain and a slash",
      `invalid metadata.labels.d: must have at most 63 letters, digits, '-', '_' and '.'; not "e f"`,
    ],
  ],
  [
    "another kind or version",
    { ...route, kind: "GRPCRoute", apiVersion: "gateway.networking.k8s.io/v2", spec: {} },
    [
      "invalid kind: must be HTTPRoute",
      "notSupported apiVersion: must be one of gateway.networking.k8s.io/v1, gateway.networking.k8s.io/v1beta1",
    ],
  ],
];

for (const [name, value, problems] of invalid) {
  test(`refused: ${name}`, () => {
    expect(problemsOf(definition("HTTPRoute"), value)).toEqual(problems);
    expect(validate(definition("HTTPRoute"), value).object).toBeUndefined();
  });
}

test("cluster-scoped objects have no namespace, Services start with a letter", () => {
  const gatewayClass = { apiVersion: "gateway.networking.k8s.io/v1", kind: "GatewayClass", spec: { controllerName: "a.b/c" } };
  expect(problemsOf(definition("GatewayClass"), { ...gatewayClass, metadata: { name: "a", namespace: "b" } })).toEqual([
    "forbidden metadata.namespace: objects of this kind belong to no namespace",
  ]);
  expect(problemsOf(definition("Service"), { apiVersion: "v1", kind: "Service", metadata: { name: "1a" }, spec: {} })).toEqual([
    `invalid metadata.name: must be a DNS label that starts with a letter; not "1a"`,
  ]);
});

test("fields of core kinds that we do not read are kept", () => {
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "app" },
    spec: { ports: [{ port: 80, targetPort: "http", other: 1 }], sessionAffinity: "None" },
  };
  expect(validate(definition("Service"), service)).toEqual({
    object: {
      ...service,
      spec: { type: "ClusterIP", sessionAffinity: "None", ports: [{ port: 80, protocol: "TCP", targetPort: "http", other: 1 }] },
    },
    problems: [],
  });
});

const bare: readonly (readonly [string, JsonSchema, unknown, readonly string[]])[] = [
  ["lengths count characters, not UTF-16 units", jsonSchema(text({ maxLength: 2, minLength: 2 })), "😀😀", []],
  ["and are limits", jsonSchema(text({ maxLength: 1 })), "😀😀", ["tooLong : must have at most 1 characters, not 2"]],
  ["int32 has its range", jsonSchema(integer({ format: "int32" })), 2 ** 31, ["invalid : must fit into int32: 2147483648"]],
  [
    "date-time is checked",
    jsonSchema(text({ format: "date-time" })),
    "yesterday",
    ['invalid : must be a valid date-time: "yesterday"'],
  ],
  ["sets hold a value once", jsonSchema(list(text(), { listType: "set" })), ["a", "a"], ['duplicate [1]: is there already: "a"']],
  [
    "maps are limited",
    jsonSchema(map(text(), { maxProperties: 1 })),
    { a: "b", c: "d" },
    ["tooMany : must have at most 1 entries, not 2"],
  ],
  ["maps check their values", jsonSchema(map(text())), { "a.b": 1 }, ["type [a.b]: must be of type string, not integer"]],
  [
    "the name of a prototype is a key like others",
    jsonSchema(map(text())),
    JSON.parse('{"__proto__":1}'),
    ["type __proto__: must be of type string, not integer"],
  ],
  [
    "a rule that cannot be evaluated names itself",
    jsonSchema(object({ a: optional(text()) }, { rules: [{ rule: "self.a == 'x'", message: "a is x" }] })),
    {},
    ["rule : could not be checked (a is x): field not found: a in rule self.a == 'x'"],
  ],
  [
    "a rule can make its own message and path",
    jsonSchema(
      object(
        { a: text() },
        { rules: [{ rule: "size(self.a) < 2", message: "too long", messageExpression: "'a is ' + self.a", fieldPath: ".a" }] },
      ),
    ),
    { a: "xyz" },
    ["rule a: a is xyz"],
  ],
];

for (const [name, schema, value, problems] of bare)
  test(`a bare schema: ${name}`, () => expect(problemsOf(schema, value)).toEqual(problems));

test("values that YAML can make and JSON cannot are problems, not crashes", () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const spec = { rules: [{ filters: [{ type: "CORS", cors: { allowHeaders: [circle, 10n] } }] }] };
  expect(problemsOf(definition("HTTPRoute"), { ...route, spec })).toEqual([
    "type spec.rules[0].filters[0].cors.allowHeaders[0]: must be of type string, not object",
    "type spec.rules[0].filters[0].cors.allowHeaders[1]: must be of type string, not bigint",
  ]);
  const kept = jsonSchema(object({ any: preserved() }, { rules: [{ rule: "has(self.any)", message: "any" }] }));
  expect(problemsOf(kept, { any: circle })).toEqual([]);
});

test("rules about changes follow map lists by key", () => {
  const item = object({ name: text(), port: integer({ rules: [{ rule: "self == oldSelf", message: "cannot be changed" }] }) });
  const schema = jsonSchema(list(item, { listType: "map", mapKeys: ["name"] }));
  const old = [
    { name: "a", port: 1 },
    { name: "b", port: 2 },
  ];
  expect(
    problemsOf(
      schema,
      [
        { name: "b", port: 3 },
        { name: "c", port: 4 },
      ],
      old,
    ),
  ).toEqual(["rule [0].port: cannot be changed"]);
  expect(problemsOf(schema, [{ name: "b", port: 3 }])).toEqual([]);
});

test("a thousand HTTPRoutes (time is printed, not judged)", () => {
  const routes = Array.from({ length: 1000 }, (_, i) => ({
    ...route,
    metadata: { name: `route-${i}`, namespace: "default" },
    spec: {
      parentRefs: [{ name: "gw" }],
      hostnames: [`host-${i}.example.com`],
      rules: [{ matches: [{ path: { type: "PathPrefix", value: `/p${i}` } }], backendRefs: [{ name: "app", port: 80 }] }],
    },
  }));
  const start = performance.now();
  const problems = routes.flatMap((one) => problemsOf(definition("HTTPRoute"), one));
  process.stdout.write(`validated 1,000 HTTPRoutes in ${Math.round(performance.now() - start)} ms\n`);
  expect(problems).toEqual([]);
});
