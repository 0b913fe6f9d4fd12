// Who leads, by a lease that a test can read, lose and keep back. With a real API server: e2e/leader.e2e.ts.

import { createLeaderElection, type LeaderElection, type LeaseRecord, type LeaseStore } from "./leader.ts";
import { createFakeClock, type FakeClock } from "./testing/clock.ts";

const timing = { lease: 15_000, renewDeadline: 10_000, retryPeriod: 2000 };

/** A lease as an API server keeps it; `fault` makes calls fail, before or after they took effect. */
function createShelf() {
  let stored: LeaseRecord | undefined;
  let version = 0;
  const shelf = { fault: undefined as "down" | "answers lost" | undefined, record: () => stored, calls: 0 };
  const answer = <Value>(value: Value): Value => {
    if (shelf.fault === "answers lost") throw new Error("socket hang up");
    return value;
  };
  const store: LeaseStore = {
    async read() {
      shelf.calls++;
      if (shelf.fault === "down") throw new Error("connect ECONNREFUSED");
      return answer(stored);
    },
    async write(lease, over) {
      shelf.calls++;
      if (shelf.fault === "down") throw new Error("connect ECONNREFUSED");
      if (over?.version !== stored?.version) return answer(undefined);
      stored = { ...lease, version: String(++version) };
      return answer(stored);
    },
  };
  return { ...shelf, shelf, store };
}

const running: LeaderElection[] = [];
afterEach(async () => void (await Promise.all(running.splice(0).map((each) => each.stop()))));

function elector(identity: string, store: LeaseStore, clock: FakeClock) {
  const told: string[] = [];
  const election = createLeaderElection({
    store,
    identity,
    timing,
    clock,
    onStarted: () => told.push("started"),
    onStopped: () => told.push("stopped"),
    log: () => {},
  });
  running.push(election);
  return { ...election, told };
}

/** Everything that promises have to do. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function pass(clock: FakeClock, seconds: number): Promise<void> {
  await settled();
  for (let second = 0; second < seconds; second++) {
    clock.pass(1000);
    await settled();
  }
}

test("of two that start at once one leads, and renews by one call", async () => {
  const [{ store, shelf }, clock] = [createShelf(), createFakeClock()];
  const [one, two] = [elector("one", store, clock), elector("two", store, clock)];
  await settled();
  expect([one.isLeader(), two.isLeader(), one.told, two.told]).toEqual([true, false, ["started"], []]);
  const before = shelf.calls;
  await pass(clock, 20);
  expect([one.isLeader(), two.isLeader(), shelf.calls - before]).toEqual([true, false, 20]);
  expect(shelf.record()).toMatchObject({ holder: "one", durationSeconds: 15, transitions: 0 });
});

test("the lease of one that is dead is taken when it has not changed for its duration on our clock", async () => {
  const [{ store, shelf }, clock] = [createShelf(), createFakeClock()];
  await store.write({ holder: "dead", durationSeconds: 20, transitions: 3 }, undefined);
  const two = elector("two", store, clock);
  await pass(clock, 18);
  expect(two.isLeader()).toBe(false);
  await pass(clock, 4);
  expect([two.isLeader(), shelf.record()?.transitions]).toEqual([true, 4]);
});

test("a calendar that jumps does not make the lease of another run out", async () => {
  const [{ store }, clock] = [createShelf(), createFakeClock()];
  await store.write({ holder: "other", durationSeconds: 15, transitions: 0 }, undefined);
  let jump = 0;
  const jumping: FakeClock = { ...clock, today: () => new Date(clock.today().getTime() + jump) };
  const two = elector("two", store, jumping);
  await settled();
  jump = 3_600_000;
  await pass(clock, 4);
  expect(two.isLeader()).toBe(false);
});

test("one that stops gives the lease back, and the other leads with its next look", async () => {
  const [{ store, shelf }, clock] = [createShelf(), createFakeClock()];
  const [one, two] = [elector("one", store, clock), elector("two", store, clock)];
  await settled();
  await one.stop();
  expect([one.isLeader(), one.told, shelf.record()?.holder]).toEqual([false, ["started", "stopped"], ""]);
  await pass(clock, 2);
  expect([two.isLeader(), shelf.record()?.holder]).toEqual([true, "two"]);
});

test("a lease is given back also when the answer to its last renewal was lost", async () => {
  const [{ store, shelf }, clock] = [createShelf(), createFakeClock()];
  const one = elector("one", store, clock);
  await settled();
  shelf.fault = "answers lost";
  await pass(clock, 2);
  shelf.fault = undefined;
  await one.stop();
  expect(shelf.record()?.holder).toBe("");
});

test("one whose event loop was blocked past the deadline does not lead when it wakes, and is told when it leads again", async () => {
  const [{ store }, clock] = [createShelf(), createFakeClock()];
  let frozen = 0;
  const waking: FakeClock = { ...clock, now: () => clock.now() + frozen };
  const one = elector("one", store, waking);
  await settled();
  expect(one.isLeader()).toBe(true);
  frozen = 10_000;
  expect([one.isLeader(), one.told]).toEqual([false, ["started"]]);
  await pass(clock, 2);
  expect([one.isLeader(), one.told]).toEqual([true, ["started", "stopped", "started"]]);
});

test("one that slept while its clock stood still does not lead when it wakes", async () => {
  const [{ store }, clock] = [createShelf(), createFakeClock()];
  let slept = 0;
  const one = elector("one", store, { ...clock, today: () => new Date(clock.today().getTime() + slept) });
  await settled();
  slept = 10_000;
  expect(one.isLeader()).toBe(false);
});

test("an answer that comes after the deadline ends the old term before it begins a new one", async () => {
  const [{ store }, clock] = [createShelf(), createFakeClock()];
  let late = (): void => undefined;
  let hold = false;
  const slow: LeaseStore = {
    ...store,
    async write(...args) {
      const written = await store.write(...args);
      if (hold) await new Promise<void>((resolve) => (late = resolve));
      return written;
    },
  };
  const one = elector("one", slow, clock);
  await pass(clock, 1);
  hold = true;
  await pass(clock, 8); // asked at the second second, and no answer yet
  expect(one.isLeader()).toBe(true);
  await pass(clock, 1);
  expect([one.isLeader(), one.told]).toEqual([false, ["started"]]);
  hold = false;
  late();
  await settled();
  expect([one.isLeader(), one.told]).toEqual([true, ["started", "stopped", "started"]]);
});

test("without an API server one leads on for the deadline and no longer, and leads again when it is back", async () => {
  const [{ store, shelf }, clock] = [createShelf(), createFakeClock()];
  const one = elector("one", store, clock);
  await settled();
  shelf.fault = "down";
  await pass(clock, 9);
  expect(one.isLeader()).toBe(true);
  await pass(clock, 1);
  expect([one.isLeader(), one.told]).toEqual([false, ["started", "stopped"]]);
  await pass(clock, 600);
  shelf.fault = undefined;
  await pass(clock, 2);
  expect([one.isLeader(), one.told]).toEqual([true, ["started", "stopped", "started"]]);
});
