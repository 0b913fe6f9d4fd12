// The key of a request is computed by Envoy in CEL, that of a host in the table here: both must say the same of every host.

import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack, anyUnpack } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { config_listener_v3, config_route_v3, extensions_filters_network_http_connection_manager_v3 } from "#envoy";
import { listener as listenerMessage } from "./envoy/listener.ts";
import { scopeHeader } from "./envoy/scope.ts";
import type { Resource } from "./resource.ts";
import { bucketCount, bucketOf, scopeCount, scopeExpression, scopeKey, scopeOf } from "./scopes.ts";
import { createXdsServer } from "./server.ts";
import { startEnvoy } from "./testing/envoy.ts";
import { ask } from "./testing/raw-http.ts";
import { someChain, someListener } from "./testing/models.ts";
import { realClock, resource, snapshotOf } from "./testing/snapshots.ts";
import { typeUrls } from "./type-urls.ts";

const { HttpConnectionManagerSchema } = extensions_filters_network_http_connection_manager_v3;

/** A listener as the product makes it, but with one route for everything, which answers with the key. */
function telltale(): Resource {
  const chain = someChain({ handler: { type: "http", routeTable: "http-80", scoped: true } });
  const message = listenerMessage(someListener({ port: 0, chains: [chain] }));
  const filter = message.defaultFilterChain!.filters[0]!;
  if (filter.configType.case !== "typedConfig") throw new Error("no connection manager");
  const manager = anyUnpack(filter.configType.value, HttpConnectionManagerSchema)!;
  const responseHeadersToAdd = [{ header: { key: "x-key", value: `%REQ(${scopeHeader})%` } }];
  const value = create(config_route_v3.RouteConfigurationSchema, {
    name: "all",
    responseHeadersToAdd,
    virtualHosts: [
      {
        name: "all",
        domains: ["*"],
        routes: [
          {
            match: { pathSpecifier: { case: "prefix", value: "/" } },
            action: { case: "directResponse", value: { status: 200 } },
          },
        ],
      },
    ],
  });
  manager.routeSpecifier = { case: "routeConfig", value };
  filter.configType = { case: "typedConfig", value: anyPack(HttpConnectionManagerSchema, manager) };
  return resource("tcp-80", toBinary(config_listener_v3.ListenerSchema, message));
}

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const letter = fc.constantFrom(..."abcdefghijklmnopqrstuvwxyzABCDXYZ0123456789.-_".split(""));
const odd = fc.constantFrom(
  "",
  "..",
  "[::1]",
  "[::1]:80",
  "a:",
  "a..b",
  "a.example:80",
  "a.example:x",
  "user@a",
  "a,b",
  "%41",
  "x".repeat(300),
  "\u00e4.example",
);
const hosts = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: letter, minLength: 1, maxLength: 60 }) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.string({ unit: letter, minLength: 1 }), fc.nat(65535)).map(([name, port]) => `${name}:${port}`),
  },
  { weight: 1, arbitrary: odd },
);

test("Envoy computes the same key of a host as we do, whatever the host and whatever key the client sends", async () => {
  const server = createXdsServer({ host: "127.0.0.1", port: 0, clock: realClock });
  const { port: xdsPort } = await server.listen();
  undo.push(() => server.close());
  server.publish(snapshotOf(new Map([[typeUrls.listener, [telltale()]]])));
  const envoy = await startEnvoy(xdsPort, { anchored: true });
  undo.push(() => envoy.stop());
  const port = await envoy.portOf("tcp-80");
  const wrong: unknown[] = [];
  for (const host of fc.sample(hosts, { numRuns: 600, seed: 7 })) {
    const answer = await ask(port, `GET / HTTP/1.1\r\nHost: ${host}\r\n${scopeHeader}: http-80/scope/1\r\n`);
    const key = /^x-key: (.*)$/m.exec(answer)?.[1];
    const want = scopeKey("http-80", scopeOf(host));
    if (key !== want && !answer.startsWith("HTTP/1.1 400")) wrong.push({ host, key, want });
  }
  expect(wrong).toEqual([]);
}, 60_000);

test("the scope of a host does not depend on case, nor on what follows a colon", () => {
  expect(scopeOf("A.Example:8443,b.example")).toBe(scopeOf("a.example"));
  expect(scopeOf("")).toBe(scopeCount - 1);
  expect(scopeOf("ä.example")).toBe(0);
});

test("hosts that people have are spread over the buckets", () => {
  const names = Array.from({ length: 3000 }, (_, i) => `route-${i}.example.com`);
  const counts = Map.groupBy(names, (name) => bucketOf(scopeOf(name)));
  expect(counts.size).toBeGreaterThan(bucketCount / 2);
  expect(Math.max(...[...counts.values()].map(({ length }) => length))).toBeLessThan(3000 / 10);
});

test("the expression is one sum with a term for each bit, and no class of characters is a complement", () => {
  expect(scopeExpression.match(/\? \d+ : 0/g)).toEqual([1, 2, 4, 8, 16, 32, 64, 128].map((bit) => `? ${bit} : 0`));
  expect(scopeExpression).not.toContain("[^");
});
