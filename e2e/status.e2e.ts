// Statuses in a real API server: beside those of another controller, few, and in the end right, whatever happens to the API server.

import { controllerName, type Live, type Parent, startWorld, until, type World } from "./status/world.ts";

let world: World;
beforeAll(async () => void (world = await startWorld()), 900_000);
afterEach(() => world.endReplicas());
afterAll(() => world?.close());

const theirs = "example.com/theirs";
const entryOf = (ref: object): Parent => ({
  controllerName: theirs,
  parentRef: ref,
  conditions: [
    {
      type: "Accepted",
      status: "False",
      reason: "Pending",
      message: "",
      observedGeneration: 1,
      lastTransitionTime: "2026-01-01T00:00:00Z",
    },
  ],
});
const of = (route: Live, controller: string): Parent | undefined =>
  route.status?.parents?.find((parent) => parent.controllerName === controller);
const isCurrent = (route: Live): boolean =>
  of(route, controllerName)?.conditions.every(({ observedGeneration }) => observedGeneration === route.metadata.generation) ===
  true;

test("a thousand routes attach to a Gateway, which is written at most twenty times; a restart writes nothing", async () => {
  await world.createGateway("many");
  const first = await world.replica("first");
  await until(
    () => world.gateway("many"),
    ({ status }) => status?.listeners !== undefined && status.listeners.length > 0,
  );
  const count = await world.countWrites("many");
  const names = Array.from({ length: 1000 }, (_, index) => `many-${index}`);
  for (let at = 0; at < names.length; at += 20)
    await Promise.all(names.slice(at, at + 20).map((name) => world.createRoute(name, "many")));
  const { metadata } = await until(
    () => world.gateway("many"),
    ({ status }) => status?.listeners?.[0]?.attachedRoutes === 1000,
  );
  await until(
    () => count.versions.has(metadata.resourceVersion),
    (counted) => counted,
  );
  count.stop();
  console.log(`1000 routes attached with ${count.versions.size} writes to the Gateway`);
  expect(count.versions.size).toBeLessThanOrEqual(20);
  const routes = await until(
    () => world.routes("many"),
    (all) => all.every(isCurrent),
  );
  const versions = (all: readonly Live[]) => all.map(({ metadata }) => metadata.resourceVersion);
  await first.end("SIGKILL");
  await world.replica("second");
  await until(world.lease, (holder) => holder === "second");
  await world.createRoute("many-more", "many");
  const after = await until(
    () => world.routes("many"),
    (all) => all.length === 1001 && all.every(isCurrent),
  );
  expect(versions(after.filter(({ metadata }) => metadata.name !== "many-more"))).toEqual(versions(routes));
});

test("another controller writes the same routes at the same time: nothing of either is lost, and then nobody writes", async () => {
  await world.createGateway("shared");
  const names = Array.from({ length: 5 }, (_, index) => `shared-${index}`);
  for (const name of names) await world.createRoute(name, "shared");
  await world.replica("one");
  const end = performance.now() + 5000;
  const entry = (round: number): Parent => entryOf({ name: "shared", sectionName: `round-${round}` });
  const last = await Promise.all(
    names.map(async (name) => {
      let round = 0;
      for (; performance.now() < end; round++) {
        await world.writeStatus(name, (parents) => [
          ...parents.filter((parent) => parent.controllerName !== theirs),
          entry(round),
        ]);
        await world.changeRoute(name, { hostnames: [`${name}-${round}.example.com`] });
      }
      return round - 1;
    }),
  );
  expect(Math.min(...last)).toBeGreaterThan(5);
  const settled = await until(
    () => Promise.all(names.map(world.route)),
    (routes) => routes.every(isCurrent),
  );
  expect(settled.map((route) => of(route, theirs)?.parentRef)).toMatchObject(last.map((round) => entry(round).parentRef));
  expect(settled.map((route) => route.status?.parents?.length)).toEqual(names.map(() => 2));
  await new Promise((resolve) => void setTimeout(resolve, 3000));
  const later = await Promise.all(names.map(world.route));
  expect(later).toEqual(settled);
});

test("an entry that somebody takes away comes back; those of a route that leaves go, and others' stay", async () => {
  await world.createGateway("kept");
  await world.createRoute("kept", "kept");
  await world.replica("one");
  const before = await until(() => world.route("kept"), isCurrent);
  const other = entryOf({ name: "else" });
  await world.writeStatus("kept", () => [other]);
  const after = await until(() => world.route("kept"), isCurrent);
  expect(after.status?.parents?.map((parent) => parent.controllerName)).toEqual([theirs, controllerName]);
  expect(before.metadata.generation).toBe(1);
  expect(
    await until(
      () => world.events("kept"),
      (events) => events.length > 0,
    ),
  ).toContain("Normal Accepted Accepted: The route is accepted.");
  await world.changeRoute("kept", { parentRefs: [{ name: "kept", sectionName: "none" }] });
  await until(
    () => world.events("kept"),
    (events) => events.some((event) => event.startsWith("Warning NoMatchingParent Accepted: ")),
  );
  await world.changeRoute("kept", { parentRefs: [{ name: "of-nobody", namespace: "elsewhere" }] });
  // Without a Gateway nobody else can say that there is none, so an entry may stay: it speaks of the parent that is named now.
  await until(
    () => world.route("kept"),
    (route) => !(route.status?.parents ?? []).some(({ parentRef }) => JSON.stringify(parentRef).includes('"none"')),
  );
  expect(of(await world.route("kept"), theirs)).toMatchObject(other);
});

test("the API server dies while routes attach, and comes back: every status is there in the end", async () => {
  await world.createGateway("outage");
  await world.replica("one");
  for (let index = 0; index < 100; index++) await world.createRoute(`outage-${index}`, "outage");
  await world.server.kill();
  await new Promise((resolve) => void setTimeout(resolve, 5000));
  await world.server.restart();
  await until(
    () => world.routes("outage"),
    (all) => all.length === 100 && all.every(isCurrent),
  );
  await until(
    () => world.gateway("outage"),
    ({ status }) => status?.listeners?.[0]?.attachedRoutes === 100,
  );
});
