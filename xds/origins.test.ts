import { someAssignment, someCluster, someHost, someOrigin, someProxy, someRoute } from "./testing/models.ts";
import { originsOf } from "./origins.ts";
import type { Resource, TypeUrl } from "./resource.ts";
import { encode } from "./snapshot.ts";
import { typeUrls } from "./type-urls.ts";

const other = { ...someOrigin, name: "other" };
const service = { kind: "Service", namespace: "default", name: "app" };

test("every resource leads back to the objects that it was made from", () => {
  const { snapshot } = encode(
    someProxy({
      tables: {
        "http-80": [someHost("a.example", [someRoute(), someRoute({ name: "b", origin: other })]), someHost("b.example")],
      },
      clusters: [someCluster(), someCluster({ name: "lonely", origin: other })],
      assignments: [someAssignment()],
    }),
  );
  const origins = (typeUrl: TypeUrl): Record<string, readonly string[]> =>
    Object.fromEntries(
      (snapshot.resources.get(typeUrl)?.shards ?? [])
        .flatMap((shard) => [...shard.values()])
        .map((resource: Resource) => [resource.name, originsOf(resource).map(({ kind, name }) => `${kind} ${name}`)]),
    );
  expect(origins(typeUrls.listener)).toEqual({ "tcp-80": ["Gateway web"] });
  expect(origins(typeUrls.routeConfiguration)).toEqual({ "http-80": ["HTTPRoute app", "HTTPRoute other"] });
  expect(origins(typeUrls.cluster)).toEqual({ "service/default/app/80": ["Service app"], lonely: ["HTTPRoute other"] });
  expect(origins(typeUrls.loadAssignment)).toEqual({ "service/default/app/80": ["Service app"], lonely: ["HTTPRoute other"] });
});

test("a refused assignment and a refused secret fall on their owners", () => {
  const secret = { type: "certificate", name: "default/tls", origins: [other], chainPem: "not pem", keyPem: "" } as const;
  const endpoint = { address: { type: "socket", host: "", port: 80 }, health: "healthy" } as const;
  const assignment = someAssignment({ localities: [{ priority: 0, endpoints: [endpoint] }] });
  const { refusals } = encode(someProxy({ secrets: [secret], assignments: [assignment] }));
  expect(refusals.map(({ resource, origins }) => [resource, origins])).toEqual([
    ["default/tls", [other]],
    ["service/default/app/80", [service]],
    ["service/default/app/80", [service]],
  ]);
});
