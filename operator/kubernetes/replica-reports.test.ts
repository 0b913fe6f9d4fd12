// Two replicas that tell each other what their proxies refuse, with the ConfigMaps of a namespace between them.

import type { Refusal } from "../../store/cells.ts";
import type { Change } from "../../store/db.ts";
import { createFakeClock } from "../testing/clock.ts";
import { ApiError, type Call } from "./client.ts";
import { createReplicaReports, type ReplicaReports } from "./replica-reports.ts";

const refusal = (name: string, message = "no such filter"): Refusal => ({
  metadata: { namespace: "default~eg", name },
  proxy: "default/eg",
  typeUrl: "type.googleapis.com/envoy.config.listener.v3.Listener",
  resource: "tcp-80",
  origins: [{ kind: "Gateway", namespace: "default", name: "eg" }],
  by: "proxy",
  message,
});
const applied = (object: Refusal): Change => ({ type: "applied", kind: "Refusal", object });
const deleted = (name: string): Change => ({ type: "deleted", kind: "Refusal", key: `default~eg/${name}` });

/** A namespace that tells every replica of its ConfigMaps, and fails when the test says so. */
function namespace() {
  const clock = createFakeClock();
  const replicas: ReplicaReports[] = [];
  const calls: string[] = [];
  let down = false;
  const client = {
    async call({ method = "GET", path, body }: Call): Promise<unknown> {
      if (down) throw new ApiError("away", { status: 503, reason: "", retryAfterMs: undefined });
      calls.push(method);
      const name = path.slice(path.lastIndexOf("/") + 1);
      const object = body as { readonly metadata: { readonly name: string }; readonly data: Record<string, string> };
      for (const replica of replicas)
        replica.heard(method === "DELETE" ? { type: "deleted", object: { metadata: { name } } } : { type: "applied", object });
      return undefined;
    },
  };
  const join = (identity: string) => {
    const heard: Change[] = [];
    const replica = createReplicaReports({
      client,
      namespace: "envoy-gateway-system",
      identity,
      owner: undefined,
      clock,
      push: (change) => heard.push(change),
      log: () => undefined,
    });
    replicas.push(replica);
    return { replica, heard };
  };
  const pass = async (ms: number): Promise<void> => {
    clock.pass(ms);
    for (let i = 0; i < 10; i++) await new Promise(setImmediate);
  };
  return { join, pass, calls, setDown: (value: boolean) => (down = value) };
}

const names = (changes: readonly Change[]): readonly string[] =>
  changes.map((change) => (change.type === "applied" ? `+${change.object.metadata.name}` : `-${change.key}`));

test("what one replica hears, the others know, and it goes when it is over", async () => {
  const world = namespace();
  const [a, b] = [world.join("a"), world.join("b")];
  a.replica.note(applied(refusal("one")));
  a.replica.note(applied(refusal("two")));
  await world.pass(200);
  expect(a.heard).toEqual([]);
  expect(names(b.heard).map((name) => name.replace(/-envoy-gateway-replica-.*/, ""))).toEqual(["+one", "+two"]);
  a.replica.note(deleted("one"));
  await world.pass(200);
  expect(names(b.heard).at(-1)).toMatch(/^-default~eg\/one-envoy-gateway-replica-/);
  a.replica.note(deleted("two"));
  await world.pass(200);
  expect([names(b.heard).at(-1), world.calls]).toEqual([expect.stringContaining("two"), ["PATCH", "PATCH", "DELETE"]]);
});

test("two replicas that are refused the same have a cell each", async () => {
  const world = namespace();
  const [a, b, c] = [world.join("a"), world.join("b"), world.join("c")];
  a.replica.note(applied(refusal("one")));
  b.replica.note(applied(refusal("one")));
  await world.pass(200);
  expect(new Set(names(c.heard)).size).toBe(2);
});

test("what our own checks hold back is told to nobody: every replica makes the same checks", async () => {
  const world = namespace();
  const { replica } = world.join("a");
  replica.note(applied({ ...refusal("one"), by: "check" }));
  replica.note(deleted("one"));
  await world.pass(10_000);
  expect(world.calls).toEqual([]);
});

test("while the API server is away nothing is lost", async () => {
  const world = namespace();
  const [a, b] = [world.join("a"), world.join("b")];
  world.setDown(true);
  a.replica.note(applied(refusal("one")));
  await world.pass(200);
  world.setDown(false);
  await world.pass(5000);
  expect(b.heard).toHaveLength(1);
});

test("a replica that stops takes its report along", async () => {
  const world = namespace();
  const [a, b] = [world.join("a"), world.join("b")];
  a.replica.note(applied(refusal("one")));
  await world.pass(200);
  await a.replica.close();
  expect(names(b.heard).at(-1)).toMatch(/^-/);
});
