// A machine whose addresses change, told as a cell.

import type { Machine } from "../../store/cells.ts";
import { createFakeClock } from "../testing/clock.ts";
import { followMachine } from "./machine.ts";

test("addresses are told at once, and again only when they have changed", () => {
  const clock = createFakeClock();
  let addresses = ["192.0.2.1"];
  const told: unknown[] = [];
  const read = (): Machine => ({ metadata: { name: "machine" }, addresses, wholeLoopback: true });
  const stop = followMachine((change) => told.push(change.type === "applied" && change.object), clock, read);
  expect(told).toEqual([read()]);
  clock.pass(10_000);
  expect(told).toHaveLength(1);
  addresses = ["192.0.2.7"];
  clock.pass(10_000);
  expect(told.slice(1)).toEqual([read()]);
  stop();
  addresses = [];
  clock.pass(10_000);
  expect(told).toHaveLength(2);
});

test("the loopback address is one of this machine", () => {
  const told: unknown[] = [];
  followMachine((change) => told.push(change.type === "applied" && change.object), createFakeClock());
  expect(told).toMatchObject([{ addresses: expect.arrayContaining(["127.0.0.1"]) }]);
});
