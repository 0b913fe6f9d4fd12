// Events on objects whose status has changed.

import { setImmediate } from "node:timers/promises";
import { createFakeClock } from "../testing/clock.ts";
import { ApiError, type Call } from "./client.ts";
import { createEventRecorder } from "./events.ts";

const condition = (status: string, reason: string, message = `${reason}.`, type = "Accepted") => ({
  type,
  status,
  reason,
  message,
});
const route = (...conditions: readonly object[]) => ({ parents: [{ controllerName: "example.com/ours", conditions }] });

interface Event {
  readonly metadata: { readonly name: string };
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
}

function recording() {
  const clock = createFakeClock();
  const events = new Map<string, Event>();
  async function call({ method = "GET", path, body }: Call): Promise<unknown> {
    if (method === "GET") return events.get(path);
    const at = method === "POST" ? `${path}/${(body as Event).metadata.name}` : path;
    if (method === "POST" && events.has(at))
      throw new ApiError("exists", { status: 409, reason: "AlreadyExists", retryAfterMs: undefined });
    return void events.set(at, { ...events.get(at), ...(body as Event) });
  }
  const objectOf = (_: string, key: string) => ({ apiVersion: "gateway.networking.k8s.io/v1", uid: `uid-of-${key}` });
  const record = createEventRecorder({ client: { call }, clock, objectOf, identity: "pod" });
  return {
    clock,
    events,
    record: async (before: unknown, after: unknown, name = "a") => {
      record("HTTPRoute", `default/${name}`, { before, after });
      for (let turn = 0; turn < 5; turn++) await setImmediate();
    },
    told: () => [...events.values()].map(({ type, reason, message, count }) => `${type} ${reason} ${message} x${count}`),
  };
}

test("what is accepted or refused is told once, by the object it is of, and again when it is again", async () => {
  const { record, told, events, clock } = recording();
  const [good, bad] = [route(condition("True", "Accepted")), route(condition("False", "NoMatchingParent"))];
  await record(undefined, good);
  await record(good, bad);
  clock.pass(1000);
  await record(bad, good);
  expect(told()).toEqual(["Normal Accepted Accepted: Accepted. x2", "Warning NoMatchingParent Accepted: NoMatchingParent. x1"]);
  expect([...events.values()][0]).toMatchObject({
    involvedObject: {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      namespace: "default",
      name: "a",
      uid: "uid-of-default/a",
    },
    firstTimestamp: "2026-06-01T00:00:00Z",
    lastTimestamp: "2026-06-01T00:00:01Z",
  });
});

test("nothing is told of conditions that say the same, are of other types, or not decided", async () => {
  const { record, told } = recording();
  await record(route(condition("True", "Accepted")), route(condition("True", "Accepted", "In other words.")));
  await record({}, route(condition("True", "Conflicted", "", "Conflicted"), condition("Unknown", "Pending")));
  expect(told()).toEqual([]);
});

test("an object that flaps is told of ten times, and then others still are", async () => {
  const { record, told } = recording();
  for (let count = 0; count < 50; count++) await record({}, route(condition("False", "Invalid", `Mistake ${count}.`)));
  expect(told().length).toBe(10);
  await record({}, route(condition("True", "Accepted")), "b");
  expect(told().length).toBe(11);
});

test("the way to being programmed is no warning, what is in the way is, and so is the way back", async () => {
  const { record, told } = recording();
  const programmed = (status: string, reason: string, message?: string) =>
    route(condition(status, reason, message, "Programmed"));
  const steps = [
    programmed("False", "AddressNotAssigned"),
    programmed("False", "NoResources", "No proxy is ready."),
    programmed("False", "NoResources", "Container envoy: ImagePullBackOff."),
    programmed("True", "Programmed"),
    programmed("False", "NoResources", "No proxy is ready."),
  ];
  for (const [position, step] of steps.entries()) await record(steps[position - 1], step);
  expect(told()).toEqual([
    "Warning NoResources Programmed: Container envoy: ImagePullBackOff. x1",
    "Normal Programmed Programmed: Programmed. x1",
    "Warning NoResources Programmed: No proxy is ready. x1",
  ]);
});
