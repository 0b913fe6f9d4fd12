// What the door lets in, beyond what the schemas say.

import { schemaJudge, typesJudge } from "./admission.ts";

const gateway = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { namespace: "default", name: "eg" },
  spec: { gatewayClassName: "eg", listeners: [{ name: "http", protocol: "HTTP", port: 80 }] },
};

test.each([
  ["strict", schemaJudge],
  ["lenient", typesJudge],
])("a status in a file is not looked at, however wrong it is (%s)", (_, judge) => {
  const copied = { ...gateway, status: { conditions: [{ type: "Accepted" }], listeners: "none" } };
  expect(judge.judge(gateway.apiVersion, "Gateway", copied)).toEqual(judge.judge(gateway.apiVersion, "Gateway", gateway));
  expect(judge.judge(gateway.apiVersion, "Gateway", copied).problems).toEqual([]);
});

test("what an older version of a kind let in is read in the newest", () => {
  const spec = { rules: [1, 2].map((port) => ({ backendRefs: [{ name: "a", port }] })) };
  const route = (version: string) => ({
    apiVersion: `gateway.networking.k8s.io/${version}`,
    kind: "TLSRoute",
    metadata: { namespace: "default", name: "any" },
    spec,
  });
  for (const version of ["v1", "v1alpha3", "v1alpha2"]) {
    const { object, problems } = typesJudge.judge(route(version).apiVersion, "TLSRoute", route(version));
    expect([problems, object]).toMatchObject([[], route(version)]);
  }
  expect(schemaJudge.judge(route("v1").apiVersion, "TLSRoute", route("v1")).object).toBeUndefined();
});

test("a Secret's stringData is folded into its data", () => {
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { namespace: "default", name: "s" }, stringData: { key: "text" } };
  expect(schemaJudge.judge("v1", "Secret", secret).object).toEqual({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { namespace: "default", name: "s" },
    type: "Opaque",
    data: { key: Buffer.from("text").toString("base64") },
  });
});

test.each([
  ["apps/v1", "Deployment"],
  ["v1", "ServiceAccount"],
  ["rbac.authorization.k8s.io/v1", "ClusterRole"],
])("%s %s stands beside routes in many files and is no mistake", (apiVersion, kind) => {
  expect(schemaJudge.unread(apiVersion, kind)).toBeUndefined();
});

test.each([
  ["gateway.networking.k8s.io/v1", "MeshRoute", "MeshRoute of gateway.networking.k8s.io/v1 is not a kind that is read here"],
  ["v1", "Sevice", "Sevice of v1 is not a kind that is read here"],
  [
    "gateway.networking.k8s.oi/v1",
    "Gateway",
    expect.stringContaining("Gateway of gateway.networking.k8s.oi/v1 is not a kind that is read here;"),
  ],
])("%s %s may be a mistake and is named", (apiVersion, kind, message) => {
  expect(schemaJudge.unread(apiVersion, kind)).toEqual(message);
});
