// A listener that finds its routes by scope, told to a scripted client: never before the scopes and what stands behind them are there.

import { createProxy } from "./testing/scripted-client.ts";
import { resource } from "./testing/snapshots.ts";
import { typeUrls } from "./type-urls.ts";

const { listener, routeConfiguration, scopedRouteConfiguration } = typeUrls;
const awaits = new Map([
  [scopedRouteConfiguration, ["s"]],
  [routeConfiguration, ["r"]],
]);
const web = resource("web", "1", { awaits });
const contents = {
  listeners: [web],
  scopes: [resource("s", "1", { needs: new Set() })],
  routes: [resource("r", "1", { needs: new Set() })],
};

function anchored() {
  const proxy = createProxy();
  const client = proxy.connect();
  client.send(listener, {});
  client.send(scopedRouteConfiguration, {});
  return { ...proxy, client };
}

test("scopes go first, then the routes that the client asks for, and the listener when both are acknowledged", () => {
  const { publish, client } = anchored();
  publish(contents);
  const [scopes] = client.take();
  expect(scopes?.line).toBe("SRDS s=1");
  client.send(scopedRouteConfiguration, { nonce: scopes!.nonce });
  expect(client.lines()).toEqual([]);
  client.send(routeConfiguration, { subscribe: ["r"] });
  const [routes] = client.take();
  expect(routes?.line).toBe("RDS r=1");
  client.send(routeConfiguration, { nonce: routes!.nonce });
  expect(client.lines()).toEqual(["LDS web=1"]);
});

test("other listeners do not wait with it", () => {
  const { publish, client } = anchored();
  publish({ ...contents, listeners: [web, resource("other", "1")] });
  expect(client.lines()).toEqual(["LDS other=1", "SRDS s=1"]);
});

test("a client that never asks for the routes gets the listener after ten seconds", () => {
  const { publish, client, clock } = anchored();
  publish(contents);
  client.settle();
  clock.pass(9999);
  expect(client.lines()).toEqual([]);
  clock.pass(1);
  expect(client.lines()).toEqual(["LDS web=1"]);
});

test("a client that does not ask for scopes is never told of the listener, and keeps what it has", () => {
  const proxy = createProxy();
  const client = proxy.connect();
  client.send(listener, {});
  client.send(routeConfiguration, { subscribe: ["whole"] });
  proxy.publish({ listeners: [resource("web", "0")], routes: [resource("whole", "1")] });
  expect(client.settle()).toEqual(["LDS web=0", "RDS whole=1"]);
  proxy.publish(contents);
  proxy.clock.pass(60_000);
  expect(client.lines()).toEqual([]);
});

test("routes that were refused are not waited for", () => {
  const { publish, client } = anchored();
  publish(contents);
  client.settle();
  client.send(routeConfiguration, { subscribe: ["r"] });
  expect(client.settle(["r=1"])).toContain("LDS web=1");
});

test("scopes stay for connections of a listener that has gone, until they have ended", () => {
  const { publish, client, clock } = createLongDrain();
  publish(contents);
  client.settle();
  client.send(routeConfiguration, { subscribe: ["r"] });
  client.settle();
  publish({ routes: contents.routes });
  expect(client.settle()).toEqual(["LDS -web"]);
  clock.pass(599_999);
  expect(client.settle()).toEqual([]);
  clock.pass(1);
  expect(client.settle()).toEqual(["SRDS -s"]);
});

function createLongDrain() {
  const proxy = createProxy({ drainMs: 600_000 });
  const client = proxy.connect();
  client.send(listener, {});
  client.send(scopedRouteConfiguration, {});
  return { ...proxy, client };
}
