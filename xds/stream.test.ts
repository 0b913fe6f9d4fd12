// The life of a stream, told by what a scripted client receives; time passes when told to.

import { both, c1, c2, createProxy, e1, e2, routes, running, small, web } from "./testing/scripted-client.ts";
import { resource } from "./testing/snapshots.ts";
import { typeUrls } from "./type-urls.ts";

const { cluster, listener, loadAssignment, routeConfiguration, secret } = typeUrls;

test("a client that asks before the first snapshot waits, and is then told in order", () => {
  const proxy = createProxy();
  const client = proxy.connect();
  client.send(routeConfiguration, { subscribe: ["web"] });
  client.send(listener, {});
  client.send(loadAssignment, { subscribe: ["c1"] });
  client.send(cluster, {});
  client.send(secret, { subscribe: ["s"] });
  expect(client.lines()).toEqual([]);
  proxy.publish({ ...small, secrets: [resource("s", "x")] });
  expect(client.lines()).toEqual(["SDS s=x", "CDS c1=1", "EDS c1=e1", "LDS web=1", "RDS web=r1"]);
});

test("a new cluster, its assignment and the route to it go back to back, without waiting", () => {
  const { publish, client } = running();
  publish(both);
  expect(client.lines()).toEqual(["CDS c2=1", "EDS c2=e2", "RDS web=r2"]);
});

test("a changed cluster brings its unchanged assignment along", () => {
  const { publish, client } = running();
  publish({ ...small, clusters: [resource("c1", "2")] });
  expect(client.lines()).toEqual(["CDS c1=2", "EDS c1=e1"]);
});

test("changes that come while a response is unanswered are sent as one, and endpoints do not wait for other types", () => {
  const { publish, client } = running();
  publish({ ...small, routes: [routes("r2")] });
  const [first] = client.take();
  publish({ ...small, routes: [routes("r3")] });
  publish({ ...small, routes: [routes("r4")], assignments: [resource("c1", "e2")] });
  expect(client.lines()).toEqual(["EDS c1=e2"]);
  client.send(routeConfiguration, { nonce: "stale" });
  expect(client.lines()).toEqual([]);
  client.send(routeConfiguration, { nonce: first!.nonce });
  expect(client.lines()).toEqual(["RDS web=r4"]);
});

test("an unsubscription while a response is on its way takes effect, also on a stale nonce", () => {
  const { publish, client } = running();
  publish({ ...small, assignments: [resource("c1", "e2")] });
  const [first] = client.take();
  client.send(loadAssignment, { unsubscribe: ["c1"], nonce: "stale" });
  client.send(loadAssignment, { nonce: first!.nonce });
  publish({ ...small, assignments: [resource("c1", "e3")] });
  expect(client.lines()).toEqual([]);
  client.send(loadAssignment, { subscribe: ["c1"] });
  expect(client.lines()).toEqual(["EDS c1=e3"]);
});

test("a name that does not exist is answered at once", () => {
  const { client } = running();
  client.send(secret, { subscribe: ["missing"] });
  expect(client.lines()).toEqual(["SDS -missing"]);
});

test("removals go last, alone, after the routes are acknowledged and the grace", () => {
  const { publish, client, clock } = running();
  publish(both);
  client.settle();
  client.send(loadAssignment, { subscribe: ["c2"] });
  client.settle();
  publish(small);
  const [route, ...others] = client.take();
  expect([route?.line, others]).toEqual(["RDS web=r1", []]);
  clock.pass(60_000);
  expect(client.lines()).toEqual([]);
  client.send(routeConfiguration, { nonce: route!.nonce });
  clock.pass(9999);
  expect(client.lines()).toEqual([]);
  clock.pass(1);
  expect(client.settle()).toEqual(["CDS -c2", "EDS -c2"]);
  clock.pass(60_000);
  expect(client.lines()).toEqual([]);
});

test("what is back within the grace stays, and has the whole grace when it goes again", () => {
  const { publish, client, clock } = running();
  publish(both);
  client.settle();
  publish(small);
  client.settle();
  clock.pass(9000);
  publish(both);
  expect(client.settle()).toEqual(["RDS web=r2"]);
  clock.pass(60_000);
  expect(client.settle()).toEqual([]);
  publish(small);
  client.settle();
  clock.pass(9999);
  expect(client.lines()).toEqual([]);
  clock.pass(1);
  expect(client.lines()).toEqual(["CDS -c2"]);
});

test("a listener goes at once, beside the one that takes its port", () => {
  const { publish, client } = running();
  publish({ ...small, listeners: [resource("other", "1")] });
  expect(client.settle()).toEqual(["LDS other=1 -web"]);
});

test("only a route that newly names a warming cluster waits for it, until it is acknowledged", () => {
  const { publish, client } = running();
  const warm = { clusters: [c1, resource("c2", "dns", { warms: true })], listeners: [web] };
  client.send(routeConfiguration, { subscribe: ["plain"] });
  client.settle();
  publish({ ...warm, assignments: [e1], routes: [routes("r2", ["c2"]), resource("plain", "p", { needs: new Set(["c1"]) })] });
  const [clusters, ...rest] = client.take();
  expect([clusters?.line, ...rest.map(({ line }) => line)]).toEqual(["CDS c2=dns", "RDS plain=p"]);
  client.send(routeConfiguration, { nonce: rest[0]!.nonce });
  client.send(cluster, { nonce: clusters!.nonce });
  expect(client.lines()).toEqual(["RDS web=r2"]);
});

test("a route waits two seconds for a warming cluster, not longer; nor do other clusters", () => {
  const { publish, client, clock } = running();
  const slow = resource("c2", "dns", { warms: true });
  publish({ ...small, clusters: [c1, slow], routes: [routes("r2", ["c2"])] });
  expect(client.lines()).toEqual(["CDS c2=dns"]);
  publish({ ...small, clusters: [c1, slow, resource("c3", "1")], routes: [routes("r3", ["c2", "c3"])] });
  clock.pass(1999);
  expect(client.lines()).toEqual([]);
  clock.pass(1);
  expect(client.lines()).toEqual(["CDS c3=1", "RDS web=r3"]);
});

test("without a list of what it needs, a route waits until every cluster is written", () => {
  const { publish, client, clock } = running();
  publish({ ...small, clusters: [c1, c2] });
  expect(client.lines()).toEqual(["CDS c2=1"]);
  publish({ ...small, clusters: [c1, c2, resource("c3", "1")], routes: [routes("r2")] });
  expect(client.lines()).toEqual([]);
  clock.pass(2000);
  expect(client.lines()).toEqual(["CDS c3=1", "RDS web=r2"]);
});

test("a reconnect gets only differences, and the assignment of each cluster that is sent again", () => {
  const { publish, connect } = running();
  publish({ ...both, clusters: [c1, resource("c2", "new")] });
  const again = connect();
  again.send(cluster, {
    subscribe: ["*"],
    initialVersions: new Map([
      ["c1", c1.version],
      ["c2", c2.version],
    ]),
  });
  again.send(loadAssignment, {
    subscribe: ["c1", "c2"],
    initialVersions: new Map([
      ["c1", e1.version],
      ["c2", e2.version],
    ]),
  });
  again.send(listener, { subscribe: ["*"], initialVersions: new Map([["web", web.version]]) });
  again.send(routeConfiguration, { subscribe: ["web"], initialVersions: new Map([["web", routes("r1").version]]) });
  expect(again.settle()).toEqual(["CDS c2=new", "EDS c2=e2", "RDS web=r2"]);
});
