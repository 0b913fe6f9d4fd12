import type { Clock } from "./clock.ts";
import { debounced } from "./queue.ts";

/** A clock that stands still until told; `advance` also lets promises settle between timers. */
function manualClock(): Clock & { advance(ms: number): Promise<void> } {
  let now = 0;
  let timers: { at: number; task: () => void }[] = [];
  return {
    now: () => now,
    after(ms, task) {
      const timer = { at: now + ms, task };
      timers.push(timer);
      return () => void (timers = timers.filter((other) => other !== timer));
    },
    async advance(ms) {
      const end = now + ms;
      await new Promise(setImmediate);
      for (;;) {
        const next = timers.filter((timer) => timer.at <= end).toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers = timers.filter((timer) => timer !== next);
        now = next.at;
        next.task();
        await new Promise(setImmediate);
      }
      now = end;
    },
  };
}

function queueUnderTest(flush?: () => Promise<void>) {
  const clock = manualClock();
  const batches: { at: number; batch: readonly string[] }[] = [];
  const queue = debounced<string>(
    async (batch) => {
      batches.push({ at: clock.now(), batch });
      await flush?.();
    },
    { quietMs: 10, maxMs: 50 },
    clock,
  );
  return { clock, batches, queue };
}

test("nothing is flushed before start, then everything at once", async () => {
  const { clock, batches, queue } = queueUnderTest();
  queue.push("a");
  await clock.advance(1000);
  expect(batches).toEqual([]);
  queue.push("b");
  queue.start();
  await clock.advance(0);
  expect(batches).toEqual([{ at: 1000, batch: ["a", "b"] }]);
});

test("an item that comes at rest goes at once, with those of the same turn", async () => {
  const { clock, batches, queue } = queueUnderTest();
  queue.start();
  await clock.advance(100);
  queue.push("a");
  queue.push("b");
  await clock.advance(0);
  expect(batches.slice(1)).toEqual([{ at: 100, batch: ["a", "b"] }]);
});

test("after a flush items gather until it is quiet", async () => {
  const { clock, batches, queue } = queueUnderTest();
  queue.start();
  await clock.advance(2);
  queue.push("a");
  await clock.advance(8);
  queue.push("b");
  await clock.advance(30);
  expect(batches.slice(1)).toEqual([{ at: 20, batch: ["a", "b"] }]);
});

test("no item waits longer than the maximum, however busy it is", async () => {
  const { clock, batches, queue } = queueUnderTest();
  queue.start();
  await clock.advance(1);
  for (let i = 0; i < 12; i++) {
    queue.push(String(i));
    await clock.advance(5);
  }
  expect(batches[1]).toEqual({ at: 51, batch: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] });
});

test("flushes never overlap: what comes during one waits for the next", async () => {
  let running = 0;
  let most = 0;
  let release = (): void => undefined;
  const { clock, batches, queue } = queueUnderTest(async () => {
    most = Math.max(most, ++running);
    await new Promise<void>((resolve) => (release = resolve));
    running--;
  });
  queue.start();
  queue.push("a");
  await clock.advance(100);
  expect(batches).toHaveLength(1);
  const idle = queue.idle();
  release();
  await new Promise(setImmediate);
  await clock.advance(10);
  release();
  await idle;
  expect(batches.map(({ batch }) => batch)).toEqual([[], ["a"]]);
  expect(most).toBe(1);
});
