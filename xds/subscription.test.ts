import fc from "fast-check";
import { diff } from "./diff.ts";
import type { Resource } from "./resource.ts";
import { covers, record, subscribe, type Subscription } from "./subscription.ts";
import { resource, setOf } from "./testing/snapshots.ts";

const request = (
  wanted: { subscribe?: string[]; unsubscribe?: string[]; initial?: Record<string, string>; nonce?: string } = {},
) => ({
  subscribe: wanted.subscribe ?? [],
  unsubscribe: wanted.unsubscribe ?? [],
  initialVersions: new Map(Object.entries(wanted.initial ?? {})),
  nonce: wanted.nonce ?? "",
});

const [a1, a2, b1] = [resource("a", "a1"), resource("b", "a2"), resource("b", "b1")];

/** Names and what is due, from one comparison. */
function answer(subscription: Subscription, resources: readonly Resource[]) {
  const { updated, absent, gone, due } = diff(subscription, setOf(resources));
  return { updated: updated.map(({ name }) => name).toSorted(), absent, gone, due };
}

test("a first request without names wants everything, and is answered even when there is nothing", () => {
  const everything = subscribe(undefined, request());
  expect(answer(everything, [a1, b1])).toEqual({ updated: ["a", "b"], absent: [], gone: [], due: true });
  expect(answer(everything, [])).toEqual({ updated: [], absent: [], gone: [], due: true });
  expect(answer(diff(everything, setOf([])).next, [])).toEqual({ updated: [], absent: [], gone: [], due: false });
});

test("a first request that answers an unasked push wants nothing", () => {
  expect(answer(subscribe(undefined, request({ nonce: "7" })), [a1])).toEqual({ updated: [], absent: [], gone: [], due: false });
});

test("a legacy wildcard stays when names are added, and goes when * is unsubscribed", () => {
  const both = subscribe(subscribe(undefined, request()), request({ subscribe: ["a"] }));
  expect(answer(both, [a1, b1]).updated).toEqual(["a", "b"]);
  expect(answer(subscribe(both, request({ unsubscribe: ["*"] })), [a1, b1]).updated).toEqual(["a"]);
});

test("an explicit wildcard and names may come in any order", () => {
  const named = diff(subscribe(undefined, request({ subscribe: ["a"] })), setOf([a1, b1]));
  expect(named.updated).toEqual([a1]);
  const widened = diff(subscribe(named.next, request({ subscribe: ["*"] })), setOf([a1, b1]));
  expect(widened.updated).toEqual([b1]);
  expect(answer(subscribe(widened.next, request({ unsubscribe: ["*"] })), [a1])).toEqual({
    updated: [],
    absent: [],
    gone: [],
    due: false,
  });
});

test("a name that does not exist is answered as absent, once, and sent when it comes", () => {
  const first = diff(subscribe(undefined, request({ subscribe: ["a"] })), setOf([]));
  expect({ absent: first.absent, due: first.due }).toEqual({ absent: ["a"], due: true });
  expect(answer(first.next, [])).toEqual({ updated: [], absent: [], gone: [], due: false });
  expect(answer(first.next, [a1]).updated).toEqual(["a"]);
});

test("a name asked for again is sent again, although it is held", () => {
  const first = diff(subscribe(undefined, request({ subscribe: ["a", "b"] })), setOf([a1, b1]));
  expect(answer(subscribe(first.next, request({ subscribe: ["a"] })), [a1, b1]).updated).toEqual(["a"]);
});

test("an unsubscribed name is forgotten; under the wildcard it is sent again or said to be absent", () => {
  const named = diff(subscribe(undefined, request({ subscribe: ["a", "b"] })), setOf([a1, b1])).next;
  expect(answer(subscribe(named, request({ unsubscribe: ["a"] })), [a2])).toEqual({
    updated: ["b"],
    absent: [],
    gone: [],
    due: true,
  });
  const everything = diff(subscribe(undefined, request({ subscribe: ["*", "a", "c"] })), setOf([a1, b1])).next;
  const left = subscribe(everything, request({ unsubscribe: ["a", "c"] }));
  expect(answer(left, [a1, b1])).toEqual({ updated: ["a"], absent: ["c"], gone: [], due: true });
});

test("a reconnect with the versions it holds gets the difference, and nothing when there is none", () => {
  const initial = { a: a1.version, b: b1.version, c: "gone" };
  const everything = subscribe(undefined, request({ initial }));
  expect(answer(everything, [a1, resource("b", "b2")])).toEqual({ updated: ["b"], absent: [], gone: ["c"], due: true });
  expect(answer(subscribe(undefined, request({ subscribe: ["a", "b"], initial })), [a1, b1])).toEqual({
    updated: [],
    absent: [],
    gone: [],
    due: false,
  });
});

test("what is held back is offered again, and the rest is not held back with it", () => {
  const first = diff(subscribe(undefined, request()), setOf([a1, b1]), ({ name }) => name === "a");
  expect({ updated: first.updated, waiting: first.waiting }).toEqual({ updated: [b1], waiting: ["a"] });
  expect(answer(first.next, [a1, b1]).updated).toEqual(["a"]);
});

test("comparing looks only into shards that changed", () => {
  const many = Array.from({ length: 2000 }, (_, index) => resource(`name-${index}`, "1"));
  const before = setOf(many);
  const { next } = diff(subscribe(undefined, request()), before);
  const after = setOf([resource("name-7", "2"), ...many.filter(({ name }) => name !== "name-7")], before);
  const untouched = after.shards.filter((shard, index) => shard === before.shards[index]);
  for (const shard of untouched)
    Object.assign(shard, { values: () => fail("walked an unchanged shard"), keys: () => fail("walked an unchanged shard") });
  expect(untouched.length).toBe(63);
  expect(diff(next, after).updated.map(({ name }) => name)).toEqual(["name-7"]);
});

function fail(message: string): never {
  throw new Error(message);
}

const names = fc.constantFrom("a", "b", "c", "d", "*");
const steps = fc.array(
  fc.oneof(
    fc.record({ subscribe: fc.array(names, { maxLength: 3 }), unsubscribe: fc.array(names, { maxLength: 2 }) }),
    fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.constantFrom("1", "2", "3")),
  ),
  { maxLength: 12 },
);

test("after every step a client that obeys holds exactly what it wants of what there is", () => {
  fc.assert(
    fc.property(steps, (script) => {
      let subscription: Subscription | undefined;
      let resources = setOf([]);
      const client = new Map<string, string>();
      for (const step of script) {
        if (Array.isArray(step.subscribe)) {
          subscription = subscribe(subscription, request(step));
          // A client drops what it unsubscribed, even where the wildcard still covers it.
          for (const name of client.keys())
            if (!covers(subscription, name) || (step.unsubscribe as string[]).includes(name)) client.delete(name);
        } else {
          resources = setOf(
            Object.entries(step as Record<string, string>).map(([name, body]) => resource(name, body)),
            resources,
          );
        }
        if (subscription === undefined) continue;
        const delta = diff(subscription, resources);
        for (const { name, version } of delta.updated) client.set(name, version);
        for (const name of [...delta.absent, ...delta.gone]) client.delete(name);
        subscription = record(delta.next, [], delta.gone);
        const wanted = subscription;
        const all = resources.shards.flatMap((shard) => [...shard.values()]).filter(({ name }) => covers(wanted, name));
        expect(client).toEqual(new Map(all.map(({ name, version }) => [name, version] as const)));
        expect(diff(subscription, resources).due).toBe(false);
      }
    }),
    { numRuns: 500 },
  );
});
