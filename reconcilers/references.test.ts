import { referencePermitted } from "./references.ts";
import { grant } from "./testing/gateways.ts";
import { world } from "./testing/world.ts";

const from = { group: "gateway.networking.k8s.io", kind: "Gateway", namespace: "default" };
const to = { group: "", kind: "Secret", namespace: "other", name: "tls" };

test("a reference within a namespace needs no grant", () => {
  expect(referencePermitted(world(), from, { ...to, namespace: "default" })).toBe(true);
});

test("a grant for every object of a kind permits", () => {
  expect(referencePermitted(world(grant({})), from, to)).toBe(true);
});

test("a grant that names the object permits", () => {
  expect(referencePermitted(world(grant({ to: { name: "tls" } })), from, to)).toBe(true);
});

test("without a grant nothing crosses namespaces", () => {
  expect(referencePermitted(world(), from, to)).toBe(false);
});

// The seven near misses of Gateway API's GatewaySecretInvalidReferenceGrant.
for (const [name, fields] of [
  ["in the wrong namespace", { namespace: "elsewhere" }],
  ["from the wrong group", { from: { group: "wrong.example.com" } }],
  ["from the wrong kind", { from: { kind: "HTTPRoute" } }],
  ["from the wrong namespace", { from: { namespace: "elsewhere" } }],
  ["to the wrong group", { to: { group: "wrong.example.com" } }],
  ["to the wrong kind", { to: { kind: "ConfigMap" } }],
  ["to the wrong name", { to: { name: "another" } }],
] as const)
  test(`a grant ${name} does not permit`, () => {
    expect(referencePermitted(world(grant(fields)), from, to)).toBe(false);
  });
