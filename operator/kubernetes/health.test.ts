// What kubelet is told of a replica that waits: for whom, and whether a new process would fare better.

import { createFakeClock } from "../testing/clock.ts";
import { createHealth } from "./health.ts";
import { newReflectorState } from "./reflector.ts";

const minute = 60_000;

function followed(...names: readonly string[]) {
  const clock = createFakeClock();
  const health = createHealth(clock);
  const states = names.map((name) => {
    const state = newReflectorState(clock);
    health.reflectors.set(name, state);
    return state;
  });
  return { clock, health, states };
}

test("who is not ready says what is waited for, until proxies are served", async () => {
  const { health, states } = followed("Service", "Gateway");
  const { promise, resolve } = Promise.withResolvers<void>();
  let why = "the authority";
  health.waitFor(() => why, promise);
  states[1]!.problem = "connect ECONNREFUSED";
  why = "the authority: no answer";
  expect(health.waits()).toEqual([
    "the authority: no answer",
    "the list of Service",
    "the list of Gateway: connect ECONNREFUSED",
  ]);
  for (const state of states) state.synced = true;
  resolve();
  await health.ready();
  expect(health.waits()).toEqual(["the first batch"]);
  health.flushed();
  expect(health.waits()).toEqual(["the port of the xDS server"]);
  health.listening();
  expect(health.waits()).toEqual([]);
  states[0]!.synced = false; // a namespace that is followed from now on
  expect(health.waits()).toEqual([]);
});

test("what cannot be had at all is an error, not a wait", async () => {
  const { health } = followed();
  health.waitFor(() => "the authority", Promise.reject(new Error("no keys")));
  await expect(health.ready()).rejects.toThrow("no keys");
  expect(health.waits()).toEqual(["the authority"]);
});

test("a replica that hears nothing of one kind is to be replaced; one that hears nothing at all waits for the API server", () => {
  const { clock, health, states } = followed("Service", "Gateway");
  clock.pass(11 * minute);
  expect(health.isLive()).toBe(true); // nothing is wrong, nothing happens
  states[0]!.problem = "no answer";
  expect(health.isLive()).toBe(false);
  states[1]!.problem = "no answer";
  expect(health.isLive()).toBe(true);
  states[1]!.heardAt = clock.now(); // it refuses us: that is an answer
  expect(health.isLive()).toBe(false);
  states[0]!.heardAt = clock.now();
  expect(health.isLive()).toBe(true);
});
