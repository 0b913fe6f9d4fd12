import { apiResource, resourcePath } from "./resources.ts";

test.each([
  ["v1", "Service", { namespace: "a", name: "b" }, "/api/v1/namespaces/a/services/b"],
  ["v1", "Namespace", { name: "b" }, "/api/v1/namespaces/b"],
  ["apps/v1", "Deployment", {}, "/apis/apps/v1/deployments"],
  [
    "gateway.networking.k8s.io/v1",
    "Gateway",
    { namespace: "a", name: "b", subresource: "status" },
    "/apis/gateway.networking.k8s.io/v1/namespaces/a/gateways/b/status",
  ],
  [
    "gateway.networking.k8s.io/v1beta1",
    "HTTPRoute",
    { namespace: "a" },
    "/apis/gateway.networking.k8s.io/v1beta1/namespaces/a/httproutes",
  ],
])("%s %s is served where Kubernetes serves it", (apiVersion, kind, at, path) => {
  expect(resourcePath(apiResource(apiVersion, kind)!, at)).toBe(path);
});

test("a kind that is neither read nor owned has no place", () => {
  expect(apiResource("v1", "PersistentVolume")).toBeUndefined();
});
