// What happens after a client refuses a response.

import { both, c1, c2, e1, routes, running, small, timing, web } from "./testing/scripted-client.ts";
import { resource } from "./testing/snapshots.ts";
import { typeUrls } from "./type-urls.ts";

const { cluster, listener, loadAssignment } = typeUrls;

test("a refused response is halved until the bad resource stands alone; every other name is sent again", () => {
  const { publish, client, clock, events } = running();
  const body = (name: string) => resource(name, name === "c" ? "bad" : "1");
  publish({ ...small, listeners: [web, ...["a", "b", "c", "d"].map(body)] });
  const lines = client.settle(["c=bad"]);
  for (let step = 0; step < 6; step++) {
    clock.pass(timing.repairMs);
    lines.push(...client.settle(["c=bad"]));
  }
  // Which two share a half follows from the order of the shards.
  expect(lines).toEqual([
    "LDS a=1 b=1 c=bad d=1 (refused)",
    "LDS b=1 c=bad (refused)",
    "LDS c=bad (refused)",
    "LDS b=1",
    "LDS a=1 d=1",
  ]);
  expect(events.filter((event) => event.includes("refused")).at(-1)).toBe("LDS refused c: c=bad is bad");
  expect(events.at(-1)).toBe("LDS settled 2");
  clock.pass(60_000);
  expect(client.settle()).toEqual([]);
});

test("time that passes while it is decided what may be sent loses no repair", () => {
  const { publish, client, clock } = running();
  clock.leak(40);
  publish({ ...small, listeners: [web, ...["a", "b", "c", "d"].map((name) => resource(name, name === "c" ? "bad" : "1"))] });
  const lines = client.settle(["c=bad"]);
  for (let step = 0; step < 100; step++) {
    clock.pass(10);
    lines.push(...client.settle(["c=bad"]));
  }
  expect(lines.map((line) => line.split(" ").slice(1).join(" "))).toEqual([
    "a=1 b=1 c=bad d=1 (refused)",
    "b=1 c=bad (refused)",
    "c=bad (refused)",
    "b=1",
    "a=1 d=1",
  ]);
});

test("a refused version is withheld from streams that start later, which get the last good one; a new version is tried", () => {
  const { publish, connect, client } = running();
  publish({ ...small, listeners: [resource("web", "bad")] });
  expect(client.settle(["web=bad"])).toEqual(["LDS web=bad (refused)", "LDS web=1"]);
  const later = connect();
  later.send(listener, {});
  expect(later.settle()).toEqual(["LDS web=1"]);
  publish({ ...small, listeners: [resource("web", "3")] });
  expect([client.settle(), later.settle()]).toEqual([["LDS web=3"], ["LDS web=3"]]);
});

test("a refused version without a good one before it is not sent to others, and not taken from who may run an older one", () => {
  const { publish, connect, clock, client } = running();
  const bad = resource("other", "bad");
  publish({ ...small, listeners: [web, bad] });
  client.settle(["other=bad"]);
  const later = connect();
  later.send(listener, {
    initialVersions: new Map([
      ["web", web.version],
      ["other", "before"],
    ]),
  });
  clock.pass(60_000);
  expect([client.lines(), later.lines()]).toEqual([[], []]);
});

test("what was refused is sent again when it is forgiven, and the last good one stays when it is refused again", () => {
  const { publish, forgive, client } = running();
  publish({ ...small, listeners: [resource("web", "bad")] });
  expect(client.settle(["web=bad"])).toEqual(["LDS web=bad (refused)", "LDS web=1"]);
  forgive(listener, "web");
  expect(client.settle(["web=bad"])).toEqual(["LDS web=bad (refused)", "LDS web=1"]);
  forgive(listener, "web");
  expect(client.settle()).toEqual(["LDS web=bad"]);
});

test("a resource that was refused without a good one before it is sent again when it is forgiven", () => {
  const { publish, forgive, clock, client } = running();
  publish({ ...small, listeners: [web, resource("other", "bad")] });
  client.settle(["other=bad"]);
  clock.pass(60_000);
  forgive(listener, "other");
  expect(client.settle()).toEqual(["LDS other=bad"]);
});

test("a version that one client accepted and another refused stays, and is not sent to the other again", () => {
  const { publish, connect, client, clock, events } = running();
  const second = connect();
  second.send(listener, {});
  second.settle();
  publish({ ...small, listeners: [resource("web", "2")] });
  expect([client.settle(), second.settle(["web=2"])]).toEqual([["LDS web=2"], ["LDS web=2 (refused)"]]);
  clock.pass(60_000);
  expect([client.lines(), second.lines()]).toEqual([[], []]);
  expect(events.at(-1)).toContain("LDS settled");
});

test("a route does not run ahead of a new cluster whose response was refused", () => {
  const { publish, client, clock } = running();
  const bad = resource("c3", "bad");
  publish({ ...both, clusters: [c1, resource("c3", "1")], assignments: [e1], routes: [routes("r1", ["c1"])] });
  client.settle();
  publish({ ...both, clusters: [c1, c2, bad], routes: [routes("r1", ["c1"])] });
  const [refused, ...rest] = client.take();
  expect([refused?.line, ...rest.map(({ line }) => line)]).toEqual(["CDS c2=1 c3=bad", "EDS c2=e2"]);
  client.send(loadAssignment, { nonce: rest[0]!.nonce });
  client.send(cluster, { nonce: refused!.nonce, error: { code: 3, message: "c3 is bad" } });
  publish({ ...both, clusters: [c1, c2, bad] });
  const repaired = client.settle(["c3=bad"]);
  expect(repaired.indexOf("CDS c2=1")).toBeLessThan(repaired.indexOf("RDS web=r2"));
  clock.pass(60_000);
  expect(client.settle(["c3=bad"])).toEqual(["CDS c3=bad (refused)", "CDS c3=1"]);
});
