import type { ApiObject } from "../../../operator/kubernetes/api-object.ts";
import { createAddresses, fileOf, isMirrored, statusPatch, written } from "./mirror.ts";

const user = { name: "eg", namespace: "infra", uid: "u1", generation: 2, creationTimestamp: "2026-01-01T00:00:00Z" };
const gateway = (spec: object = {}, more: object = {}): ApiObject => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { ...user, resourceVersion: "7" },
  spec: { gatewayClassName: "ours", ...spec },
  ...more,
});
const object = (kind: string, namespace: string | undefined, spec: object = {}): ApiObject => ({
  apiVersion: "v1",
  kind,
  metadata: { name: "x", ...(namespace !== undefined && { namespace }) },
  spec,
});

for (const [name, one, want] of [
  ["a class of ours", object("GatewayClass", undefined, { controllerName: "c" }), true],
  ["a class of others", object("GatewayClass", undefined, { controllerName: "other" }), false],
  ["a Gateway of ours", gateway(), true],
  ["a Gateway of others", gateway({ gatewayClassName: "theirs" }), false],
  ["a Service", object("Service", "app"), true],
  ["a Service of the cluster itself", object("Service", "kube-system"), false],
  ["a Service of an operator", object("Service", "envoy-gateway-system"), false],
  ["the namespace of the cluster itself", { ...object("Namespace", undefined), metadata: { name: "kube-system" } }, false],
  ["a namespace", object("Namespace", undefined), true],
] as const)
  test(`${name} is ${want ? "" : "not "}mirrored`, () => expect(isMirrored(one, "c", "ours")).toBe(want));

test("each object has a file of its own", () => {
  expect(fileOf(gateway())).toBe("Gateway.infra.eg.yaml");
  expect(fileOf(object("GatewayClass", undefined))).toBe("GatewayClass..x.yaml");
});

test("a file has what a user would write, and who the object is", () => {
  expect(written(gateway({}, { status: { addresses: [] } }), undefined)).toEqual({ ...gateway(), metadata: user });
});

test("a Gateway without addresses asks for the one it is given; what it asks for itself stays", () => {
  const addresses = [{ type: "IPAddress", value: "127.1.1.1" }];
  expect(written(gateway(), "127.1.1.1")).toMatchObject({ spec: { gatewayClassName: "ours", addresses } });
  const own = [{ type: "IPAddress" }];
  expect(written(gateway({ addresses: own }), "127.1.1.1")).toMatchObject({ spec: { addresses: own } });
});

describe("a status", () => {
  const told = (metadata: object, status?: object) =>
    ({ kind: "Gateway", metadata: { name: "eg", uid: "u1", generation: 2, ...metadata }, status }) as Parameters<
      typeof statusPatch
    >[0];
  const seen = gateway({}, { status: { addresses: [], conditions: [1] } });
  for (const [name, one, other, want] of [
    [
      "is written, and what it lacks is taken away",
      told({}, { addresses: [2] }),
      seen,
      { metadata: { uid: "u1" }, status: { addresses: [2], conditions: null } },
    ],
    ["is not written twice", told({}, { addresses: [], conditions: [1] }), seen, undefined],
    ["is not written on another object of the name", told({ uid: "u0" }, { addresses: [2] }), seen, undefined],
    ["of an earlier generation is not written", told({ generation: 1 }, { addresses: [2] }), seen, undefined],
    ["of what is gone is not written", told({}, { addresses: [2] }), undefined, undefined],
    ["that nobody gives is not written", told({}), seen, undefined],
  ] as const)
    test(name, () => expect(statusPatch(one, other)).toEqual(want));
});

test("addresses are dealt out in turn, and each owner keeps its own", () => {
  const addresses = createAddresses();
  expect(["a", "b", "a"].map((uid) => addresses.of(uid))).toEqual(["127.1.1.1", "127.1.1.2", "127.1.1.1"]);
  for (let turn = 0; turn < 250; turn++) addresses.of(`more ${turn}`);
  expect(addresses.of("last")).toBe("127.1.2.3");
});
