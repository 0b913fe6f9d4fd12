// What proxies say back becomes cells, and goes when it is over.

import { proxy } from "../reconcilers/proxy.ts";
import { gateway, listener, route, rule, service, slice } from "../reconcilers/testing/routes.ts";
import { world } from "../reconcilers/testing/world.ts";
import type { Change } from "../store/db.ts";
import { lookup } from "../xds/diff.ts";
import type { Resource, TypeUrl } from "../xds/resource.ts";
import { encode } from "../xds/snapshot.ts";
import { typeUrls } from "../xds/type-urls.ts";
import { blame } from "./blame.ts";
import { createFeedback } from "./feedback.ts";
import { createFakeClock } from "./testing/clock.ts";

const store = world(
  gateway("gw", listener("http")),
  route("a", { hostnames: ["a.example"], rules: [rule("/", "app")] }),
  route("b", { hostnames: ["b.example"], rules: [rule("/", "app"), rule("/other", "other")] }),
  service("app"),
  service("other"),
  slice("app", { "10.0.0.1": {} }),
);
const name = "default/gw";
const model = proxy(store, name);
const { snapshot } = encode(model);
const client = { stream: 1, nodeId: "n", proxy: name };
const names = (typeUrl: TypeUrl) => snapshot.resources.get(typeUrl)!.shards.flatMap((shard) => [...shard.values()]);
const blamed = (typeUrl: TypeUrl, resource: string, message = "") =>
  blame(model, { typeUrl, resource, message })
    .map((origin) => [origin.kind, origin.name, origin.section].join(" ").trim())
    .toSorted();
const clusterOf = (of: string) => names(typeUrls.cluster).find((cluster) => cluster.name.includes(`/${of}/`))!.name;

test("a refusal falls on the objects behind the resource", () => {
  expect(blamed(typeUrls.listener, "tcp-80")).toEqual(["Gateway gw http"]);
  expect(blamed(typeUrls.listener, "tcp-81")).toEqual([]);
  expect(blamed(typeUrls.cluster, clusterOf("other"))).toEqual(["HTTPRoute b", "Service other 8080"]);
  expect(blamed(typeUrls.loadAssignment, clusterOf("app"))).toEqual(["HTTPRoute a", "HTTPRoute b", "Service app 8080"]);
  const [table] = names(typeUrls.routeConfiguration);
  expect(blamed(typeUrls.routeConfiguration, table!.name)).toEqual(["HTTPRoute a", "HTTPRoute b"]);
  const routeOfA = model.routeTables[0]!.shards.flat().find(({ domains }) => domains.includes("a.example"))!.routes[0]!;
  expect(blamed(typeUrls.routeConfiguration, table!.name, `bad route ${routeOfA.name}`)).toEqual(["HTTPRoute a"]);
});

function listening() {
  const changes: string[] = [];
  const retried: string[] = [];
  const clock = createFakeClock();
  const feedback = createFeedback({
    push: (change: Change) => changes.push(`${change.type} ${change.kind}`),
    retry: ({ resource }) => retried.push(resource),
    clock,
  });
  const refuse = (resource: Resource, message: string): void =>
    feedback.refused(store, { ...client, typeUrl: typeUrls.listener, names: [resource.name], resource, message });
  const accept = (version = snapshot.version): void =>
    feedback.acknowledged({ ...client, typeUrl: typeUrls.listener, snapshotVersion: version }, new Map([[name, snapshot]]));
  return { clock, feedback, refuse, accept, changes: () => changes.splice(0), retried };
}

const current = lookup(snapshot.resources.get(typeUrls.listener)!, "tcp-80")!;
const older: Resource = { ...current, version: "older" };

test("a refusal stays while its version is the one to run, and goes when a later one is acknowledged", () => {
  const { refuse, accept, changes, feedback } = listening();
  refuse(current, "no");
  expect(changes()).toEqual(["applied Refusal"]);
  accept();
  expect(changes()).toEqual([]);
  refuse(older, "no");
  accept(snapshot.version - 1);
  feedback.translated(snapshot, []);
  expect(changes()).toEqual(["applied Refusal"]);
  accept();
  expect(changes()).toEqual(["deleted Refusal"]);
});

test("a refusal goes with its resource, and with its proxy", () => {
  const { refuse, changes, feedback } = listening();
  refuse({ ...current, name: "tcp-9" }, "no");
  feedback.translated(snapshot, []);
  refuse(current, "no");
  feedback.withdrawn(name);
  expect(changes()).toEqual(["applied Refusal", "deleted Refusal", "applied Refusal", "deleted Refusal"]);
});

test("what may pass is tried again until it is accepted, what cannot pass is not", () => {
  const { clock, refuse, accept, changes, retried } = listening();
  refuse({ ...current, name: "tcp-81" }, "route: unknown field");
  clock.pass(60_000);
  expect(retried).toEqual([]);
  refuse(current, "cannot bind '0.0.0.0:80': Address already in use");
  clock.pass(2_000);
  refuse(current, "cannot bind '0.0.0.0:80': Address already in use");
  clock.pass(2_000);
  expect(retried).toEqual(["tcp-80", "tcp-80"]);
  changes();
  accept();
  expect(changes()).toContain("deleted Refusal");
  clock.pass(60_000);
  expect(retried).toEqual(["tcp-80", "tcp-80"]);
});
