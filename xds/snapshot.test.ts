import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { config_route_v3 } from "#envoy";
import { resourceJson } from "./proto-json.ts";
import type { Listener } from "./model/listener.ts";
import type { Resource, Snapshot, TypeUrl } from "./resource.ts";
import { encode } from "./snapshot.ts";
import {
  someAssignment,
  someBackend,
  someChain,
  someCluster,
  someForward,
  someHost,
  someListener,
  someOrigin,
  someProxy,
  someRoute,
} from "./testing/models.ts";
import { typeUrls } from "./type-urls.ts";

const { RouteConfigurationSchema } = config_route_v3;

function resourcesOf(snapshot: Snapshot, typeUrl: TypeUrl): readonly Resource[] {
  return (snapshot.resources.get(typeUrl)?.shards ?? []).flatMap((shard) => [...shard.values()]);
}

function namesOf(snapshot: Snapshot, typeUrl: TypeUrl): readonly string[] {
  return resourcesOf(snapshot, typeUrl).map(({ name }) => name);
}

function tableOf(snapshot: Snapshot): config_route_v3.RouteConfiguration {
  return fromBinary(RouteConfigurationSchema, resourcesOf(snapshot, typeUrls.routeConfiguration)[0]!.bytes);
}

test("the same model gives the previous snapshot itself, and an equal model too", () => {
  const { snapshot } = encode(someProxy());
  expect(encode(someProxy(), snapshot).snapshot).toBe(snapshot);
});

test("a change gives the next version and keeps the shards that it did not touch", () => {
  const before = encode(someProxy()).snapshot;
  const after = encode(someProxy({ assignments: [someAssignment({ localities: [] })] }), before).snapshot;
  expect(after.version).toBe(2);
  expect(after.resources.get(typeUrls.cluster)).toBe(before.resources.get(typeUrls.cluster));
  const changed = after.resources
    .get(typeUrls.loadAssignment)!
    .shards.filter((shard, position) => shard !== before.resources.get(typeUrls.loadAssignment)!.shards[position]);
  expect(changed.length).toBe(1);
});

test("spliced bytes are the bytes of an ordinary encoding", () => {
  const hosts = ["a.example", "b.example", "*.c.example", "*"].map((domain) =>
    someHost(domain, [someRoute(), someRoute({ name: "second" })]),
  );
  const [resource] = resourcesOf(encode(someProxy({ tables: { "http-80": hosts } })).snapshot, typeUrls.routeConfiguration);
  expect(Buffer.from(toBinary(RouteConfigurationSchema, fromBinary(RouteConfigurationSchema, resource!.bytes)))).toEqual(
    Buffer.from(resource!.bytes),
  );
});

test("the version depends on the contents alone", () => {
  const versions = (snapshot: Snapshot): readonly string[] =>
    Object.values(typeUrls).flatMap((typeUrl) => resourcesOf(snapshot, typeUrl).map(({ version }) => version));
  expect(versions(encode(someProxy()).snapshot)).toEqual(versions(encode(someProxy()).snapshot));
});

test("a route whose action is refused answers 500 for the same requests, and its neighbours stay", () => {
  const bad = someRoute({
    name: "bad",
    responseHeaders: { set: [{ name: ":path", value: "/" }], add: [], addIfAbsent: [], remove: [] },
  });
  const { snapshot, refusals } = encode(someProxy({ tables: { "http-80": [someHost("a.example", [bad, someRoute()])] } }));
  expect(tableOf(snapshot).virtualHosts[0]!.routes.map(({ name, action }) => [name, action.case])).toEqual([
    ["bad", "directResponse"],
    [someRoute().name, "route"],
  ]);
  expect(refusals).toEqual([
    {
      typeUrl: typeUrls.routeConfiguration,
      resource: "http-80",
      origins: [someOrigin],
      message: "route bad answers 500: response_headers_to_add[0]: the header :path may not be edited (header.protected)",
    },
  ]);
});

test("a route whose match is refused is left out", () => {
  const match = { ...someRoute().match, path: { type: "regex", value: "/a(" } } as const;
  const { snapshot, refusals } = encode(
    someProxy({ tables: { "http-80": [someHost("a.example", [someRoute({ name: "bad", match })])] } }),
  );
  expect(tableOf(snapshot).virtualHosts[0]!.routes).toEqual([]);
  expect(refusals.map(({ message }) => message)).toEqual([
    "route bad is left out: match.safe_regex: error parsing regexp: missing closing ): `/a(` (regex.re2)",
  ]);
});

test("a number that does not fit its field spoils its route only", () => {
  const bad = someRoute({ name: "bad", action: someForward({ backends: [someBackend({ weight: 2 ** 40 }), someBackend()] }) });
  const { refusals } = encode(someProxy({ tables: { "http-80": [someHost("a.example", [bad])] } }));
  expect(refusals.map(({ origins }) => origins)).toEqual([[someOrigin]]);
});

test("of two virtual hosts with one domain the second is left out", () => {
  const twin = { ...someHost("a.example"), name: "twin" };
  const { snapshot, refusals } = encode(someProxy({ tables: { "http-80": [someHost("a.example"), twin] } }));
  expect(tableOf(snapshot).virtualHosts.map(({ name }) => name)).toEqual(["a_example"]);
  expect(refusals.map(({ message }) => message)).toEqual([
    "virtual host twin is left out: domain a.example is taken by a_example",
  ]);
});

test("a domain that stands in two hosts of different shards is found too", () => {
  const greedy = { name: "greedy", domains: ["b.example", "c.example", "a.example"], routes: [someRoute()] };
  const { refusals } = encode(someProxy({ tables: { "http-80": [someHost("a.example"), greedy] } }));
  expect(refusals.length).toBe(1);
});

test("a refused cluster is left out, and its route stays to answer 500", () => {
  const bad = someCluster({ tls: { trust: { type: "none" }, subjectAltNames: [], alpn: [], sni: "x".repeat(300) } });
  const { snapshot, refusals } = encode(someProxy({ clusters: [bad] }));
  expect(namesOf(snapshot, typeUrls.cluster)).toEqual([]);
  expect(tableOf(snapshot).virtualHosts[0]!.routes[0]!.action.case).toBe("route");
  expect(refusals.map(({ typeUrl, origins }) => [typeUrl, origins])).toEqual([
    [typeUrls.cluster, [bad.origin]],
    [typeUrls.routeConfiguration, [someOrigin]],
  ]);
});

test("a cluster that names a secret which is not there is left out", () => {
  const tls = { trust: { type: "secret", name: "default/ca" }, subjectAltNames: [], alpn: [] } as const;
  const { snapshot, refusals } = encode(someProxy({ clusters: [someCluster({ tls })] }));
  expect(namesOf(snapshot, typeUrls.cluster)).toEqual([]);
  expect(refusals[0]?.message).toBe("service/default/app/80 is left out: there is no secret default/ca");
});

test("an EDS cluster without an assignment gets an empty one", () => {
  const { snapshot } = encode(someProxy({ assignments: [] }));
  expect(
    resourcesOf(snapshot, typeUrls.loadAssignment).map((resource) => resourceJson(typeUrls.loadAssignment, resource)),
  ).toEqual([{ cluster_name: "service/default/app/80" }]);
});

test("a chain that names a certificate which is not there is left out alone", () => {
  const tls = { certificates: ["default/missing"], alpn: ["h2", "http/1.1"] };
  const secure = someChain({ name: "default/web/https", serverNames: ["a.example"], tls });
  const { snapshot, refusals } = encode(someProxy({ listeners: [someListener({ chains: [someChain(), secure] })] }));
  const [listener] = resourcesOf(snapshot, typeUrls.listener).map((resource) => resourceJson(typeUrls.listener, resource));
  expect(listener).not.toHaveProperty("filter_chains");
  expect(listener).toHaveProperty("default_filter_chain.name", "http-80");
  expect(refusals.map(({ message }) => message)).toEqual([
    "filter chain default/web/https is left out: there is no secret default/missing",
  ]);
});

test("a secret that cannot be read is refused without its contents", () => {
  const secret = { type: "certificate", name: "default/tls", origins: [], chainPem: "not pem", keyPem: "SECRET" } as const;
  const { snapshot, refusals } = encode(someProxy({ secrets: [secret] }));
  expect(namesOf(snapshot, typeUrls.secret)).toEqual([]);
  expect(refusals.map(({ message }) => message)).toEqual(["default/tls is left out: its certificate cannot be read"]);
});

test("a listener without a route table for any chain is left out", () => {
  const { snapshot } = encode(someProxy({ tables: {} }));
  expect(namesOf(snapshot, typeUrls.listener)).toEqual([]);
});

test("a cluster that a listener sends to and that is left out falls on who asks for it, and its connections are closed", () => {
  const cluster = "service/default/app/80";
  const bad = someCluster({ tls: { trust: { type: "none" }, subjectAltNames: [], alpn: [], sni: "x".repeat(300) } });
  const sender = { kind: "TCPRoute", namespace: "default", name: "app" };
  const shares = [{ cluster, weight: 1 }];
  const chain = someChain({ handler: { type: "tcp", shares, senders: [sender] } });
  const { name, ...socket } = { name: "udp-53", addresses: ["127.0.0.1"], port: 10053, transport: "udp" } as const;
  const datagrams: Listener = {
    ...socket,
    name,
    origins: [],
    senders: [sender],
    cluster,
    statPrefix: name,
    accessLog: { type: "none" },
  };
  const { snapshot, refusals } = encode(
    someProxy({ listeners: [someListener({ chains: [chain] }), datagrams], clusters: [bad], tables: {} }),
  );
  expect(namesOf(snapshot, typeUrls.listener).toSorted()).toEqual(["tcp-80", "udp-53"]);
  expect(refusals.map(({ resource, origins }) => [resource, origins])).toEqual([
    [cluster, [bad.origin]],
    ["tcp-80", [sender]],
    ["udp-53", [sender]],
  ]);
});
