// Turns for writing: which task begins when.

import { createFakeClock } from "../testing/clock.ts";
import { createLanes } from "./write-lanes.ts";

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Two lanes, and tasks that end when the test says so. */
function running() {
  const clock = createFakeClock();
  const lanes = createLanes(clock, 2);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const add = (name: string, isUrgent = false): void =>
    lanes.add(async () => {
      begun.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
    }, isUrgent);
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    await settled();
  };
  return { clock, lanes, begun, add, end };
}

test("so many at a time, and the urgent before those that came earlier", async () => {
  const { begun, add, end } = running();
  for (const name of ["a", "b", "c"]) add(name);
  add("urgent", true);
  expect(begun).toEqual(["a", "b"]);
  await end("b");
  expect(begun).toEqual(["a", "b", "urgent"]);
  await end("a");
  expect(begun).toEqual(["a", "b", "urgent", "c"]);
});

test("in a pause nothing begins, and a longer pause outlasts a shorter one", () => {
  const { clock, lanes, begun, add } = running();
  lanes.pause(1000);
  lanes.pause(500);
  add("a");
  clock.pass(999);
  expect(begun).toEqual([]);
  clock.pass(1);
  expect(begun).toEqual(["a"]);
});

test("the end waits for what is under way and forgets what waits", async () => {
  const { lanes, begun, add, end } = running();
  for (const name of ["a", "b", "c"]) add(name);
  let closed = false;
  void lanes.close().then(() => (closed = true));
  await end("a");
  expect(closed).toBe(false);
  await end("b");
  expect([closed, begun]).toEqual([true, ["a", "b"]]);
});
