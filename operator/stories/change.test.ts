// Edits under constant load: whatever is changed, as fast as the proxies acknowledge it, no client ever gets an answer that the API did not ask
// for: no error, no reset, no wrong backend.

import { startLoad, type Load } from "./support/load.ts";
import { ask, connect, short } from "./support/client.ts";
import { envoyProxy, gateway, header, http, path, route, service, to, type ApiObject } from "./support/objects.ts";
import { freePorts } from "../testing/free-ports.ts";
import { startWorld, until, type World } from "./support/world.ts";

const edits = 20;
const leastCount = 2_000;
const names = ["v1", "v2", "v3"] as const;
const nameAt = (edit: number): string => names[edit % names.length]!;
let world: World;
let port: number;
let others: number[];

beforeAll(async () => {
  world = await startWorld();
  for (const backend of Object.values(world.backends)) backend.recording = false;
  [port = 0, ...others] = await freePorts(6);
}, 60_000);
afterAll(() => world.stop());
beforeEach(async () => {
  await world.apply("gateway", [gateway("eg", [http("http", port)])]);
}, 20_000);
afterEach(() => world.apply("routes", []));

const rule = (value: string, name: string, rest: object = {}) => ({
  matches: [path("PathPrefix", value)],
  backendRefs: to(name),
  ...rest,
});

/**
 * Loads while `edit` is called for every number, then checks that thousands were served and none of them wrongly, and that no edit has ended
 * a connection that was there before.
 */
async function underLoad(
  lines: readonly string[],
  first: readonly string[],
  edit: (number: number, load: Load) => Promise<void>,
  connections: "stay" | "move" = "stay",
): Promise<void> {
  const open = connect(`http://127.0.0.1:${port}`);
  expect(first).toContain(await open.ask(lines[0]!));
  const load = startLoad({ port, lines }, ...first);
  let outcome: Awaited<ReturnType<Load["stop"]>>;
  try {
    await load.served(50);
    for (let number = 0; number < edits; number++) {
      await edit(number, load);
      await load.served(20);
    }
  } finally {
    outcome = await load.stop(leastCount);
  }
  const ended = open.ended();
  open.close();
  expect(outcome.wrong).toEqual({});
  expect(outcome.count).toBeGreaterThanOrEqual(leastCount);
  expect(ended).toBe(connections === "move");
}

/** Some edits add something that must answer at once. */
async function expectServed(there: boolean, at: number, line: string, want: string): Promise<void> {
  expect(there ? short(await ask(at, line)) : want).toBe(want);
}

/** Applies, while both the old and the new answer are right. */
async function changeTo(load: Load, old: string, now: string, objects: readonly ApiObject[]): Promise<void> {
  load.allow(old, now);
  await world.apply("routes", objects);
  load.allow(now);
}

test("rules of a route are added, edited, put into another order and removed", async () => {
  const stable = rule("/stable", "v1");
  const setHeader = (value: string) => ({
    filters: [{ type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "x-edit", value }] } }],
  });
  await world.apply("routes", [route("app", { rules: [stable] })]);
  await underLoad(["a.example/stable/x"], ["v1"], async (number) => {
    const extra = Array.from({ length: number % 7 }, (_, i) => rule(`/${number}/${i}`, nameAt(i), setHeader(String(number))));
    const general = { ...rule("/", nameAt(number)), matches: [{ headers: [header("x-edit", String(number))] }] };
    const rules = number % 2 === 0 ? [...extra, stable, general] : [stable, general, ...extra.toReversed()];
    await world.apply("routes", [route("app", { rules })]);
    await expectServed(extra.length > 0, port, `a.example/${number}/0`, "v1");
  });
}, 30_000);

test("routes of the same host and of other hosts are added and removed", async () => {
  const stable = route("stable", { hostnames: ["a.example"], rules: [rule("/stable", "v1")] });
  await world.apply("routes", [stable]);
  await underLoad(["a.example/stable/x"], ["v1"], async (number) => {
    const more = Array.from({ length: number % 5 }, (_, i) =>
      route(`more-${number}-${i}`, {
        hostnames: ["a.example", `h${i}.example`],
        rules: [rule(`/more/${number}`, nameAt(i + 1))],
      }),
    );
    await world.apply("routes", number % 2 === 0 ? [stable, ...more] : [...more, stable]);
    await expectServed(more.length > 0, port, `h0.example/more/${number}`, "v2");
  });
}, 30_000);

test("a route goes from one backend to another that no route has used before", async () => {
  const at = (number: number) => [
    ...service(`fresh-${number}`, [world.backends[nameAt(number)]!]),
    route("app", { rules: [rule("/", `fresh-${number}`)] }),
  ];
  await world.apply("routes", at(0));
  await underLoad(["a.example/"], ["v1"], (number, load) =>
    changeTo(load, nameAt(number), nameAt(number + 1), [
      ...at(number + 1),
      ...service(`fresh-${number}`, [world.backends[nameAt(number)]!]),
    ]),
  );
}, 30_000);

test("a route and its old backend are replaced in one edit", async () => {
  const at = (number: number) => [
    ...service(`only-${number}`, [world.backends[nameAt(number)]!]),
    route("app", { rules: [rule("/", `only-${number}`)] }),
  ];
  await world.apply("routes", at(0));
  await underLoad(["a.example/"], ["v1"], (number, load) => changeTo(load, nameAt(number), nameAt(number + 1), at(number + 1)));
}, 30_000);

test("endpoints of a Service change", async () => {
  const at = (...chosen: readonly string[]) => [
    ...service(
      "app",
      chosen.map((name) => world.backends[name]!),
    ),
    route("app", { rules: [rule("/", "app")] }),
  ];
  await world.apply("routes", at("v1"));
  let now: readonly string[] = ["v1"];
  await underLoad(["a.example/"], ["v1"], async (number, load) => {
    const next = number % 3 === 0 ? [nameAt(number), nameAt(number + 1)] : [nameAt(number)];
    load.allow(...now, ...next);
    await world.apply("routes", at(...next));
    load.allow(...(now = next));
  });
}, 30_000);

test("listeners on other ports come and go", async () => {
  await world.apply("routes", [route("app", { rules: [rule("/", "v1")] })]);
  await underLoad(["a.example/"], ["v1"], async (number) => {
    const more = others.slice(0, number % 4).map((other) => http(`p${other}`, other));
    await world.apply("gateway", [
      gateway("eg", number % 2 === 0 ? [http("http", port), ...more] : [...more, http("http", port)]),
    ]);
    await expectServed(more.length > 0, others[0]!, "a.example/", "v1");
  });
}, 30_000);

test("hostnames are added to a route and to the listeners of its port", async () => {
  const hosts = (count: number) => ["a.example", ...Array.from({ length: count }, (_, i) => `h${i}.example`)];
  await underLoad(["a.example/"], ["v1", "404"], async (number, load) => {
    await world.apply("routes", [route("app", { hostnames: hosts(number % 6), rules: [rule("/", "v1")] })]);
    if (number === 0) load.allow("v1");
    const narrow = hosts(number % 4).map((host, i) => http(`l${i}`, port, host));
    await world.apply("gateway", [gateway("eg", number % 3 === 0 ? [http("http", port)] : [http("http", port), ...narrow])]);
  });
}, 30_000);

test("two files swap their contents by renaming", async () => {
  const one = [route("one", { hostnames: ["a.example"], rules: [rule("/", "v1")] })];
  const two = [route("two", { hostnames: ["b.example"], rules: [rule("/", "v1")] })];
  await world.apply("one", one);
  await world.apply("two", two);
  await underLoad(["a.example/", "b.example/"], ["v1"], async () => world.swap("one", "two"));
  await world.remove("one");
  await world.remove("two");
}, 30_000);

test("an unrelated Gateway comes and goes, with an Envoy of its own", async () => {
  const [other = 0] = others;
  await world.apply("routes", [route("app", { rules: [rule("/", "v1")] })]);
  await underLoad(["a.example/"], ["v1"], async (number) => {
    // An Envoy takes its time to start: not every edit.
    if (number % 7 !== 0) return;
    await world.apply("other", [
      gateway("other", [http("http", other)]),
      route("other", { parents: [{ name: "other" }], rules: [rule("/", "v2")] }),
    ]);
    // A fresh Envoy acknowledges its listener a moment before its workers accept connections.
    const answer = async (): Promise<string | undefined> => {
      const got = await ask(other, "a.example/");
      return got.status === 0 ? undefined : short(got);
    };
    expect(await until(answer, "the other Envoy accepts connections")).toBe("v2");
    await world.remove("other");
    await until(async () => ((await ask(other, "a.example/")).status === 0 ? true : undefined), "the other Envoy is gone");
  });
}, 30_000);

test("Envoy is replaced by one with other settings", async () => {
  await world.apply("routes", [route("app", { rules: [rule("/", "v1")] })]);
  const [before] = await world.streams();
  await underLoad(
    ["a.example/"],
    ["v1"],
    async (number) => {
      if (number !== 5) return;
      // More workers, not fewer: each has a listening socket of its own, and what waits in the queue of one that goes is reset by the kernel.
      await world.apply("settings", [envoyProxy("quiet", { concurrency: 3 })]);
      await until(
        async () => {
          const streams = await world.streams();
          return streams.length > 0 && streams.every((stream) => stream !== before) ? true : undefined;
        },
        "the old Envoy has gone and the new one is told everything",
        15_000,
      );
    },
    "move",
  );
}, 40_000);
