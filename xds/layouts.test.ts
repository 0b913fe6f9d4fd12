// Which layout a table has, what stands in its resources, and in which order a proxy is told of them.

import { fromBinary, type JsonValue } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { config_listener_v3, config_route_v3, extensions_filters_network_http_connection_manager_v3 } from "#envoy";
import { bootstrap } from "./bootstrap.ts";
import { httpConnectionManager } from "./envoy/hcm.ts";
import { scopeHeader } from "./envoy/scope.ts";
import type { RouteLayout } from "./model/route.ts";
import { messageJson } from "./proto-json.ts";
import type { Resource, Snapshot, TypeUrl } from "./resource.ts";
import { bucketCount, bucketName, bucketOf, scopeCount, scopeKey, scopeOf, tableOf } from "./scopes.ts";
import { encode } from "./snapshot.ts";
import { someChain, someHost, someProxy } from "./testing/models.ts";
import { typeUrls } from "./type-urls.ts";

function shown(count: number, routeLayout: RouteLayout, previous?: Snapshot): Snapshot {
  const hosts = Array.from({ length: count }, (_, i) => someHost(`host-${i}.example`));
  return encode({ ...someProxy({ tables: { "http-80": [...hosts, someHost("*")] } }), routeLayout }, previous).snapshot;
}
const all = (snapshot: Snapshot, typeUrl: TypeUrl): readonly Resource[] =>
  (snapshot.resources.get(typeUrl)?.shards ?? []).flatMap((shard) => [...shard.values()]);
const layoutOf = (snapshot: Snapshot): string | undefined => snapshot.layouts?.get("http-80")?.layout;

test("plain unless asked for, and then without any scope", () => {
  const snapshot = encode(someProxy()).snapshot;
  expect(layoutOf(snapshot)).toBe("plain");
  expect(snapshot.resources.has(typeUrls.scopedRouteConfiguration)).toBe(false);
  expect(all(snapshot, typeUrls.routeConfiguration).map(({ name }) => name)).toEqual(["http-80"]);
});

test("Auto goes to buckets above 1,500 hosts, and back only below 750", () => {
  const large = shown(1600, "auto");
  expect(layoutOf(shown(1400, "auto"))).toBe("plain");
  expect(layoutOf(large)).toBe("bucketed");
  const shrunk = shown(800, "auto", large);
  expect(layoutOf(shrunk)).toBe("bucketed");
  expect(layoutOf(shown(600, "auto", shrunk))).toBe("plain");
});

test("each bucket has the exact hosts that hash to it and every wildcard host, and keeps the key from backends", () => {
  const snapshot = shown(200, "bucketed");
  const tables = all(snapshot, typeUrls.routeConfiguration).map(({ bytes }) =>
    fromBinary(config_route_v3.RouteConfigurationSchema, bytes),
  );
  expect(tables).toHaveLength(bucketCount);
  for (const { name, virtualHosts, requestHeadersToRemove } of tables) {
    expect(requestHeadersToRemove).toEqual([scopeHeader]);
    const domains = virtualHosts.flatMap((host) => host.domains);
    expect(domains).toContain("*");
    for (const domain of domains) if (domain !== "*") expect(bucketName("http-80", bucketOf(scopeOf(domain)))).toBe(name);
  }
  expect(tables.flatMap(({ virtualHosts }) => virtualHosts)).toHaveLength(200 + bucketCount);
});

test("every scope is there and leads to a bucket that is there", () => {
  const snapshot = shown(3, "bucketed");
  const scopes = all(snapshot, typeUrls.scopedRouteConfiguration);
  const names = new Set(all(snapshot, typeUrls.routeConfiguration).map(({ name }) => name));
  expect(new Set(scopes.map(({ name }) => name))).toEqual(
    new Set(Array.from({ length: scopeCount }, (_, i) => scopeKey("http-80", i))),
  );
  for (const { name, bytes } of scopes) {
    const { routeConfigurationName, key } = fromBinary(config_route_v3.ScopedRouteConfigurationSchema, bytes);
    expect(names.has(routeConfigurationName)).toBe(true);
    expect(key!.fragments[0]!.type.value).toBe(name);
  }
});

test("a bucket is a part of its table when somebody is to be told of a refusal", () => {
  expect([tableOf(bucketName("default/web/https", 3)), tableOf("http-80")]).toEqual(["default/web/https", "http-80"]);
});

test("a listener's own changes of request headers come before the key is computed: they may change the host", () => {
  const changes = [{ action: "set", name: "x-a", value: "1" }] as const;
  const clients = { earlyRequestHeaders: { changes, remove: [], removeMatching: [] } };
  const manager = httpConnectionManager(someChain(), { type: "http", routeTable: "http-80", scoped: true, clients });
  const early = (manager.earlyHeaderMutationExtensions ?? []).map(({ typedConfig }) =>
    Buffer.from(typedConfig!.value!).toString("latin1"),
  );
  expect(early.map((text) => text.includes("x-a"))).toEqual([true, false]);
  expect(early[1]).toContain(scopeHeader);
});

test("the anchor in the bootstrap subscribes to scopes exactly as listeners do: Envoy shares what is equal", () => {
  const [resource] = all(shown(3, "bucketed"), typeUrls.listener);
  const [filter] = fromBinary(config_listener_v3.ListenerSchema, resource!.bytes).defaultFilterChain!.filters;
  const { HttpConnectionManagerSchema } = extensions_filters_network_http_connection_manager_v3;
  const manager =
    filter!.configType.case === "typedConfig" ? anyUnpack(filter!.configType.value, HttpConnectionManagerSchema) : undefined;
  const ours = messageJson(manager!) as { scoped_routes: { scoped_rds: JsonValue; rds_config_source: JsonValue } };
  const address = { host: "127.0.0.1", port: 0 };
  const credentials = { type: "files", caFile: "a", certFile: "b", keyFile: "c" } as const;
  const anchor = JSON.stringify(
    bootstrap({ admin: address, readiness: address, xds: { ...address, serverName: "x", credentials } }),
  );
  expect(sourceAfter("rds_config_source", anchor)).toEqual(ours.scoped_routes.rds_config_source);
  expect({ scoped_rds_config_source: sourceAfter("scoped_rds_config_source", anchor) }).toEqual(ours.scoped_routes.scoped_rds);
  expect(anchor).toContain(`"name":"${scopeHeader}"`);
});

function sourceAfter(field: string, json: string): JsonValue {
  const [, source = ""] = new RegExp(`"${field}":(\\{.*?"0s"\\})`).exec(json) ?? [];
  return JSON.parse(source) as JsonValue;
}
