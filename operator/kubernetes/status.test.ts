// Statuses on their way, with a clock that stands still and an API server that a test can take away. With a real one: e2e/status.e2e.ts.

import { setImmediate } from "node:timers/promises";
import { createStore } from "../../store/store.ts";
import { createFakeClock } from "../testing/clock.ts";
import { ApiError, type Call } from "./client.ts";
import { createClusterStatusWriter } from "./status.ts";

const ours = "example.com/ours";
const collectionIn = (version: string) => `/apis/gateway.networking.k8s.io/${version}/namespaces/default/httproutes`;
const collection = collectionIn("v1");

interface Stored {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion: string };
  readonly status?: unknown;
}

/** Objects as an API server keeps them: a write that read another version is refused. */
function createShelf() {
  const objects = new Map<string, Stored>();
  let version = 0;
  const shelf = { objects, writes: [] as string[], calls: 0, down: undefined as Error | undefined, call, put };
  function put(path: string, status: unknown): Stored {
    const [, namespace = "", , name = ""] = /namespaces\/([^/]+)\/([^/]+)\/(.+)/.exec(path) ?? [];
    const object = { metadata: { name, namespace, resourceVersion: String(++version) }, status };
    objects.set(path, object);
    return object;
  }
  async function call({ method = "GET", path, body }: Call): Promise<unknown> {
    shelf.calls++;
    if (shelf.down !== undefined) throw shelf.down;
    const place = path.replace(/\/status$/, "");
    const stored = objects.get(place);
    if (stored === undefined) throw refused(404, "NotFound");
    if (method === "GET") return stored;
    const sent = body as Stored;
    if (sent.metadata.resourceVersion !== stored.metadata.resourceVersion) throw refused(409, "Conflict");
    shelf.writes.push(place.split("/").at(-1)!);
    const merged = { ...(stored.status as object | undefined), ...(sent.status as object) };
    return put(place, Object.fromEntries(Object.entries(merged).filter(([, field]) => field !== null)));
  }
  return shelf;
}

function refused(status: number, reason: string, retryAfterMs?: number): ApiError {
  return new ApiError(reason, { status, reason, retryAfterMs });
}

const condition = (message: string, lastTransitionTime = "2026-01-01T00:00:00Z") => ({
  type: "Accepted",
  status: "True",
  reason: "Accepted",
  message,
  lastTransitionTime,
});
const parents = (controllerName: string, message = "") => [
  { parentRef: { name: "gw" }, controllerName, conditions: [condition(message)] },
];

/** A writer, and routes of these names that the source has told of. */
function running(...names: readonly string[]) {
  const [shelf, clock, store] = [createShelf(), createFakeClock(), createStore()];
  const leader = { leads: true };
  const log: string[] = [];
  const writer = createClusterStatusWriter({
    client: shelf,
    store,
    controllerName: ours,
    isLeader: () => leader.leads,
    clock,
    random: () => 1,
    log: (message) => log.push(message),
  });
  /** The source tells of an object as it is. */
  const tell = (name: string, version = "v1"): void => {
    const object = shelf.objects.get(`${collectionIn(version)}/${name}`);
    const apiVersion = `gateway.networking.k8s.io/${version}`;
    const key = `default/${name}` as const;
    store.apply([
      object === undefined
        ? { type: "deleted", kind: "HTTPRoute", key }
        : { type: "applied", kind: "HTTPRoute", object: { ...object, apiVersion, spec: {} } as never },
    ]);
    writer.seen("HTTPRoute", key);
  };
  for (const name of names) {
    shelf.put(`${collection}/${name}`, undefined);
    tell(name);
  }
  const want = (name: string, status: unknown): void => void writer.write("HTTPRoute", `default/${name}`, status);
  const there = (name: string) => shelf.objects.get(`${collection}/${name}`)?.status;
  const pass = async (ms: number, step = 50): Promise<void> => {
    for (let passed = 0; passed < ms; passed += step) {
      clock.pass(step);
      for (let turn = 0; turn < 5; turn++) await setImmediate();
    }
  };
  return { shelf, leader, log, writer, tell, want, there, pass };
}

test("a first status is written at once; one that moves a thousand times in ten seconds, at most twenty times and at last", async () => {
  const { shelf, want, there, pass, tell, writer } = running("a");
  for (let count = 1; count <= 1000; count++) {
    want("a", { parents: parents(ours, `${count} routes`) });
    await pass(10, 10);
    if (count === 1) expect(shelf.writes).toEqual(["a"]);
    if (count % 50 === 0) tell("a");
  }
  const idle = writer.idle();
  await pass(1000);
  await idle;
  expect(there("a")).toEqual({ parents: parents(ours, "1000 routes") });
  expect(shelf.writes.length).toBeGreaterThan(10);
  expect(shelf.writes.length).toBeLessThanOrEqual(20);
});

test("what is there already is not written, and another replica's times are left", async () => {
  const { shelf, want, tell, pass } = running("a");
  shelf.put(`${collection}/a`, { parents: parents(ours) });
  tell("a");
  want("a", { parents: [{ ...parents(ours)[0], conditions: [condition("", "2026-02-02T00:00:00Z")] }] });
  await pass(2000);
  expect(shelf.calls).toBe(0);
});

test("a replica that does not lead writes nothing; when it leads it writes what differs", async () => {
  const { shelf, leader, want, there, writer, pass } = running("a", "b");
  leader.leads = false;
  want("a", { parents: parents(ours) });
  want("b", undefined);
  await pass(2000);
  expect(shelf.calls).toBe(0);
  leader.leads = true;
  writer.resume();
  await pass(50);
  expect([shelf.writes, there("a")]).toEqual([["a"], { parents: parents(ours) }]);
});

test("a write that somebody else came before is made anew from what is there now", async () => {
  const { shelf, want, there, pass } = running("a");
  shelf.put(`${collection}/a`, { parents: parents("example.com/theirs") });
  want("a", { parents: parents(ours) });
  await pass(50);
  expect(there("a")).toEqual({ parents: [...parents("example.com/theirs"), ...parents(ours)] });
});

test("an entry that somebody takes away comes back, ever more slowly for somebody who does not stop", async () => {
  const { shelf, want, there, tell, pass } = running("a");
  want("a", { parents: parents(ours) });
  await pass(50);
  const takeAway = (): void => {
    shelf.put(`${collection}/a`, { parents: parents("example.com/theirs") });
    tell("a");
  };
  takeAway();
  await pass(100);
  expect(there("a")).toEqual({ parents: [...parents("example.com/theirs"), ...parents(ours)] });
  const before = shelf.writes.length;
  for (let second = 0; second < 60; second++) {
    if ((there("a") as { parents: unknown[] }).parents.length === 2) takeAway();
    await pass(1000);
  }
  expect(shelf.writes.length - before).toBeLessThan(20);
  await pass(5000);
  expect((there("a") as { parents: unknown[] }).parents.length).toBe(2);
});

test("without an API server all wait together, it is told once, and then everything is written", async () => {
  const names = Array.from({ length: 100 }, (_, index) => `r${index}`);
  const { shelf, log, want, pass, writer } = running(...names);
  shelf.down = new Error("connect ECONNREFUSED");
  for (const name of names) want(name, { parents: parents(ours) });
  await pass(60_000);
  // Of all in flight at once, at most so many times a minute.
  expect(shelf.calls).toBeLessThan(16 * 20);
  shelf.down = undefined;
  const idle = writer.idle();
  await pass(5000);
  await idle;
  expect(new Set(shelf.writes)).toEqual(new Set(names));
  expect(log).toEqual(["nothing can be written: connect ECONNREFUSED", "writing works again"]);
});

test("an API server that asks for patience gets it", async () => {
  const { shelf, want, pass } = running("a");
  shelf.down = refused(429, "TooManyRequests", 8000);
  want("a", { parents: parents(ours) });
  await pass(7900);
  expect(shelf.calls).toBe(1);
  shelf.down = undefined;
  await pass(200);
  expect(shelf.writes).toEqual(["a"]);
});

test("a status that is refused waits alone and is tried for ever", async () => {
  const { shelf, log, want, pass } = running("a");
  shelf.down = refused(422, "Invalid");
  want("a", { parents: parents(ours) });
  await pass(600_000, 1000);
  expect(log.length).toBeGreaterThan(20);
  expect(log[0]).toBe("status of HTTPRoute default/a is not written yet: Invalid");
  shelf.down = undefined;
  await pass(30_000, 1000);
  expect(shelf.writes).toEqual(["a"]);
});

test("an object that is not found is gone only when the source says so", async () => {
  const { shelf, want, tell, there, pass } = running("a", "b");
  shelf.down = refused(404, "NotFound");
  want("a", { parents: parents(ours) });
  want("b", { parents: parents(ours) });
  await pass(1000);
  shelf.down = undefined;
  shelf.objects.delete(`${collection}/b`);
  tell("b");
  want("b", undefined);
  await pass(30_000);
  expect([there("a"), shelf.writes]).toEqual([{ parents: parents(ours) }, ["a"]]);
  const calls = shelf.calls;
  await pass(60_000, 1000);
  expect(shelf.calls).toBe(calls);
});

test("a status is written in the version in which its object was read last", async () => {
  const { shelf, want, tell, there, pass } = running();
  const old = `${collectionIn("v1beta1")}/a`;
  shelf.put(old, undefined);
  tell("a", "v1beta1");
  want("a", { parents: parents(ours) });
  await pass(50);
  expect(shelf.objects.get(old)?.status).toEqual({ parents: parents(ours) });
  // The CRD is replaced: what was served as v1beta1 is served as v1.
  shelf.objects.delete(old);
  want("a", { parents: parents(ours, "later") });
  await pass(1000);
  shelf.put(`${collection}/a`, { parents: parents(ours) });
  tell("a");
  await pass(5000);
  expect([there("a"), shelf.objects.get(old)]).toEqual([{ parents: parents(ours, "later") }, undefined]);
});

test("entries of an object that is not ours any more are taken away, also those of an earlier process", async () => {
  const { shelf, want, tell, there, pass } = running("a");
  shelf.put(`${collection}/a`, { parents: [...parents(ours), ...parents("example.com/theirs")] });
  tell("a");
  want("a", undefined);
  await pass(50);
  expect(there("a")).toEqual({ parents: parents("example.com/theirs") });
});

test("nothing begins after the end", async () => {
  const { shelf, writer, want, pass } = running("a");
  await writer.close();
  want("a", { parents: parents(ours) });
  await pass(2000);
  expect(shelf.calls).toBe(0);
});
