// Two replicas and one lease in a real API server: one writes, and when it goes the other does, without writing what is there already.

import { controllerName, type Live, startWorld, until, type World } from "./status/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
  await world.createGateway("gw");
  await world.createRoute("first", "gw");
}, 900_000);
afterEach(() => world.endReplicas());
afterAll(() => world?.close());

const isWritten = ({ metadata, status }: Live): boolean =>
  status?.parents?.some(
    (parent) =>
      parent.controllerName === controllerName &&
      parent.conditions.every(({ observedGeneration }) => observedGeneration === metadata.generation),
  ) === true;
const ours = (name: string) => until(() => world.route(name), isWritten);

test("a leader that is killed is followed when its lease has run out, and nothing is written that is there already", async () => {
  const one = await world.replica("one");
  await until(world.lease, (holder) => holder === "one");
  const before = await ours("first");
  await world.replica("two");
  await one.end("SIGKILL");
  await world.createRoute("second", "gw");
  await ours("second");
  expect(await world.lease()).toBe("two");
  expect(await ours("first")).toEqual(before);
});

test("a leader that ends gives the lease back: the other leads before it would have run out", async () => {
  const timing = { leaderElection: { lease: 60_000, renewDeadline: 40_000, retryPeriod: 500 } };
  const one = await world.replica("three", timing);
  await until(world.lease, (holder) => holder === "three");
  const two = await world.replica("four", timing);
  await until(two.output, (text) => text.includes("revision"));
  await one.end("SIGTERM");
  const start = performance.now();
  await until(world.lease, (holder) => holder === "four");
  expect(performance.now() - start).toBeLessThan(5000);
});

test("without an API server for longer than the lease one of them leads again, and writes", async () => {
  await world.replica("five");
  await world.replica("six");
  await until(world.lease, (holder) => holder === "five" || holder === "six");
  await world.server.kill();
  await new Promise((resolve) => void setTimeout(resolve, 6000));
  await world.server.restart();
  await world.createRoute("third", "gw");
  await ours("third");
});
