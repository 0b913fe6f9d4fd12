// The loop that makes infrastructure what is wanted: in order, again after a failure, and never more than asked for.

import { gateway, listener } from "../reconcilers/testing/routes.ts";
import { config, envoyProxy, parametersRef } from "../reconcilers/testing/gateways.ts";
import { applied, world } from "../reconcilers/testing/world.ts";
import type { ObjectKey } from "../store/key.ts";
import type { OwnedObject } from "../reconcilers/reconciler.ts";
import { createOwnedLoop } from "./reconcile.ts";
import { createFakeClock } from "./testing/clock.ts";

const gw = gateway("gw", listener("http"));

/** Infrastructure whose work ends when the test says so. */
function running(writes: () => boolean = () => true, leftBehind: readonly ObjectKey[] = []) {
  const store = world(config({ infrastructure: "host" }), gw);
  const clock = createFakeClock();
  const calls: { readonly line: string; readonly end: () => void; readonly fail: () => void }[] = [];
  const complaints: string[] = [];
  const loop = createOwnedLoop({
    store,
    clock,
    writes,
    complain: (message) => complaints.push(message),
    infrastructure: {
      apply: (owner, objects: readonly OwnedObject[]) =>
        new Promise((resolve, reject) =>
          calls.push({ line: `${owner} ${objects.length}`, end: resolve, fail: () => reject(new Error("no room")) }),
        ),
      leftBehind: async () => leftBehind,
      close: async () => {},
    },
  });
  const step = async (how: "end" | "fail"): Promise<void> => {
    calls.at(-1)![how]();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { store, clock, loop, step, complaints, lines: () => calls.map(({ line }) => line) };
}

test("one piece of work at a time; what is wanted meanwhile comes after it, and only the last of it", async () => {
  const { store, loop, step, lines } = running();
  loop.wake();
  loop.wake();
  expect(lines()).toEqual(["default/gw 1"]);
  store.apply([{ type: "deleted", kind: "Gateway", key: "default/gw" }]);
  loop.wake();
  store.apply([applied(gw)]);
  loop.wake();
  store.apply([{ type: "deleted", kind: "Gateway", key: "default/gw" }]);
  loop.wake();
  expect(lines()).toEqual(["default/gw 1"]);
  await step("end");
  expect(lines()).toEqual(["default/gw 1", "default/gw 0"]);
  await step("end");
  loop.wake();
  expect(lines()).toEqual(["default/gw 1", "default/gw 0"]);
});

test("what failed is tried again after a while", async () => {
  const { clock, loop, step, lines, complaints } = running();
  loop.wake();
  await step("fail");
  expect([lines(), complaints]).toEqual([["default/gw 1"], ["Gateway default/gw: no room"]]);
  clock.pass(5_000);
  await step("end");
  clock.pass(60_000);
  loop.wake();
  expect(lines()).toEqual(["default/gw 1", "default/gw 1"]);
});

test("settings that cannot be used leave what runs as it is", async () => {
  const { store, loop, step, lines } = running();
  loop.wake();
  await step("end");
  const broken = { ...gw, spec: { ...(gw["spec"] as object), infrastructure: { parametersRef: parametersRef("missing") } } };
  store.apply([applied(broken)]);
  loop.wake();
  expect(lines()).toEqual(["default/gw 1"]);
  store.apply([applied(envoyProxy("missing", { logging: { level: { default: "debug" } } }))]);
  loop.wake();
  await step("end");
  expect(lines()).toEqual(["default/gw 1", "default/gw 1"]);
});

test("close waits for what is under way, and nothing begins after it", async () => {
  const { store, loop, step, lines } = running();
  loop.wake();
  store.apply([{ type: "deleted", kind: "Gateway", key: "default/gw" }]);
  const closed = loop.close();
  await step("end");
  await closed;
  loop.wake();
  expect(lines()).toEqual(["default/gw 1"]);
});

test("what somebody else took away is made again, and only that owner's", async () => {
  const { loop, step, lines } = running();
  loop.wake();
  await step("end");
  loop.again("default/other");
  expect(lines()).toEqual(["default/gw 1"]);
  loop.again("default/gw");
  expect(lines()).toEqual(["default/gw 1", "default/gw 1"]);
});

test("a replica that does not lead makes nothing, until it leads", async () => {
  let leads = false;
  const { loop, lines } = running(() => leads);
  loop.wake();
  expect(lines()).toEqual([]);
  leads = true;
  loop.wake();
  expect(lines()).toEqual(["default/gw 1"]);
});

test("a replica that leads again makes everything again: it does not know what others did meanwhile", async () => {
  let leads = true;
  const { loop, step, lines } = running(() => leads);
  loop.wake();
  await step("end");
  leads = false;
  loop.wake();
  leads = true;
  loop.wake();
  await step("end");
  expect(lines()).toEqual(["default/gw 1", "default/gw 1"]);
});

test("what an earlier process left of an owner that is gone is removed, and nothing of the others twice", async () => {
  const { loop, step, lines } = running(() => true, ["default/gw", "default/old", "/merged"]);
  loop.wake();
  await step("end");
  await step("end");
  expect(lines()).toEqual(["default/gw 1", "default/old 0", "/merged 0"]);
  await step("end");
  loop.wake();
  expect(lines()).toHaveLength(3);
});

test("what somebody else has changed is made again, also when it happened while it was being made", async () => {
  const { loop, step, lines } = running();
  loop.wake();
  loop.again("default/gw");
  await step("end");
  await step("end");
  expect(lines()).toEqual(["default/gw 1", "default/gw 1"]);
  loop.again("default/gw");
  loop.again("default/unknown");
  await step("end");
  expect(lines()).toHaveLength(3);
});

test("the same failure is told once", async () => {
  const { clock, loop, step, complaints } = running();
  loop.wake();
  await step("fail");
  clock.pass(5_000);
  await step("fail");
  expect(complaints).toEqual(["Gateway default/gw: no room"]);
});
