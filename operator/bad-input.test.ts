// Bad input, as a user of the standalone operator meets it: each case of testdata/bad-input is written beside a route that is served by a
// real Envoy; what is reported must be what reports.yaml says, the good route answers 200 all the time, and what is mended works at once.
// UPDATE=1 rewrites reports.yaml; a diff of it is reviewed like code.

import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { backendFile, generatedCases, goodRoute, variables } from "./testing/bad-input-generated.ts";
import { createWorld, until, type World } from "./testing/bad-input-world.ts";
import { type BadCase, readCases, substituted } from "./testing/bad-input.ts";
import { readDocuments, writeYaml } from "./yaml.ts";

const corpus = new URL("./testdata/bad-input/", import.meta.url).pathname;
const table = join(corpus, "reports.yaml");
const expected = (readDocuments(readFileSync(table, "utf8"))[0]?.value ?? {}) as Record<string, readonly string[]>;
const update = process.env["UPDATE"] !== undefined;
const updated: Record<string, readonly string[]> = {};
const timeoutMs = 40_000;

let world: World;

beforeAll(async () => {
  world = await createWorld();
  await expectLines([]);
}, 300_000);

afterAll(async () => {
  const { status, asked } = await world.close();
  if (update)
    writeFileSync(table, writeYaml(Object.fromEntries(Object.entries(updated).toSorted(([a], [b]) => (a < b ? -1 : 1)))));
  expect(status).toBe(0);
  expect(asked).toBeGreaterThan(100);
}, 60_000);

afterEach(() => expect(world.wrong()).toEqual([]));

const at = (name: string): string => join(world.folder, name);

function write(files: ReadonlyMap<string, string>): void {
  for (const [name, text] of files) writeFileSync(at(name), substituted(text, world.ports), "latin1");
}

/** Waits until exactly this is reported. */
async function expectLines(lines: readonly string[]): Promise<void> {
  const wanted = JSON.stringify(lines.toSorted());
  let now: readonly string[] = [];
  await until(async () => JSON.stringify((now = await world.report())) === wanted).catch(() =>
    expect(now).toEqual(lines.toSorted()),
  );
}

/** For UPDATE=1: what is reported when it stops changing. */
async function settledReport(): Promise<readonly string[]> {
  let last = "";
  let since = performance.now();
  const start = since;
  for (;;) {
    const now = await world.report();
    if (JSON.stringify(now) !== last) since = performance.now();
    last = JSON.stringify(now);
    if (performance.now() - since > (now.length > 0 ? 800 : 2_500) || since - start > 8_000) return now;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function expectAnswer(path: string, wanted: number, port?: number): Promise<void> {
  let status: unknown;
  const question = { host: "bad.example.com", path, ...(port !== undefined && { port }) };
  await until(
    async () => (status = await world.ask(question).catch(String)) === wanted,
    () => `it answers ${String(status)}`,
  );
}

async function play({ name, bad, mended, serves }: BadCase): Promise<void> {
  const before = await world.count();
  write(bad);
  if (update) updated[name] = await settledReport();
  else await expectLines(expected[name] ?? ["a case without a line in reports.yaml"]);
  if (mended !== undefined) {
    write(mended);
    await expectLines([]);
  }
  if (serves !== undefined) {
    const port = serves.portName === undefined ? undefined : Number(world.ports[serves.portName]);
    await expectAnswer(serves.path, serves.status, port);
  }
  for (const file of bad.keys()) rmSync(at(file));
  await until(async () => (await world.count()) === before);
  await expectLines([]);
  // Or the next case would take this one's answers for its own.
  if (serves !== undefined && serves.portName === undefined) await expectAnswer(serves.path, 404);
}

for (const badCase of [...readCases(corpus, variables), ...generatedCases]) test(badCase.name, () => play(badCase), timeoutMs);

// ── What happens to files ─────────────────────────────────────────────────────

/** A route that answers at "/", with a file of its own; `finish` takes the file away. */
async function served(name: string): Promise<{ finish(): Promise<void> }> {
  const before = await world.count();
  write(new Map([[name, goodRoute]]));
  await expectAnswer("/", 200);
  return {
    async finish() {
      rmSync(at(name.split("/")[0] ?? name), { recursive: true, force: true });
      await until(async () => (await world.count()) === before);
      await expectLines([]);
      await expectAnswer("/", 404);
    },
  };
}

/** Asks the route all the time while something happens to its file. */
async function answersThroughout(during: () => Promise<void>): Promise<void> {
  let going = true;
  const others: unknown[] = [];
  const load = (async () => {
    while (going) {
      const status = await world.ask({ host: "bad.example.com", path: "/" }).catch(String);
      if (status !== 200) others.push(status);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  await during();
  going = false;
  await load;
  expect(others).toEqual([]);
}

test(
  "a broken edit of a served object keeps the last good one",
  async () => {
    const route = await served("edit.yaml");
    await answersThroughout(async () => {
      write(new Map([["edit.yaml", goodRoute.replace("rules:", "rules: [")]]));
      await until(async () => (await world.report()).some((line) => line.startsWith("edit.yaml:") && line.includes("not YAML")));
      write(new Map([["edit.yaml", goodRoute.replace("[bad.example.com]", "[1]")]]));
      await expectLines(["edit.yaml:6:15 HTTPRoute default/bad spec.hostnames[0]: must be of type string, not integer"]);
      write(new Map([["edit.yaml", goodRoute]]));
      await expectLines([]);
    });
    await route.finish();
  },
  timeoutMs,
);

test(
  "a file written in halves, renamed, replaced and read while it is deleted loses no request",
  async () => {
    const route = await served("moving.yaml");
    const text = substituted(goodRoute, world.ports);
    await answersThroughout(async () => {
      for (let i = 0; i < 20; i++) {
        writeFileSync(at("moving.yaml"), text.slice(0, 60 + i));
        writeFileSync(at("moving.yaml"), text);
        renameSync(at("moving.yaml"), at("moved.yaml"));
        await world.count();
        renameSync(at("moved.yaml"), at("moving.yaml"));
        writeFileSync(at(".moving.tmp"), text);
        renameSync(at(".moving.tmp"), at("moving.yaml"));
        await world.count();
      }
      await expectLines([]);
    });
    await route.finish();
  },
  timeoutMs,
);

test(
  "a directory that a symbolic link replaces is read through the link",
  async () => {
    mkdirSync(at("folder"));
    const route = await served("folder/route.yaml");
    await answersThroughout(async () => {
      mkdirSync(at(".target"));
      writeFileSync(at(".target/route.yaml"), substituted(goodRoute, world.ports));
      writeFileSync(at(".target/more.yaml"), backendFile("more"));
      renameSync(at("folder"), at(".old"));
      symlinkSync(at(".target"), at("folder"));
      const before = await world.count();
      await until(async () => (await world.count()) >= before && (await world.report()).length === 0);
    });
    rmSync(at(".old"), { recursive: true });
    await route.finish();
    rmSync(at(".target"), { recursive: true });
  },
  timeoutMs,
);

test(
  "a file that cannot be read is named, and its objects stay until it can",
  async () => {
    const route = await served("locked.yaml");
    await answersThroughout(async () => {
      if (process.getuid?.() === 0) {
        // Root reads everything, but not text that is no text.
        writeFileSync(at("locked.yaml"), Buffer.of(0xff, 0xfe, 0x80));
      } else {
        chmodSync(at("locked.yaml"), 0);
      }
      await until(async () => (await world.report()).some((line) => line.startsWith("locked.yaml:1:1: cannot be read: ")));
      chmodSync(at("locked.yaml"), 0o644);
      write(new Map([["locked.yaml", goodRoute]]));
      await expectLines([]);
    });
    await route.finish();
  },
  timeoutMs,
);

test(
  "a link that leads to itself is named or passed over, and nothing else suffers",
  async () => {
    symlinkSync(at("loop.yaml"), at("loop.yaml"));
    await until(async () => (await world.report()).some((line) => line.startsWith("loop.yaml:1:1: ")));
    rmSync(at("loop.yaml"));
    await expectLines([]);
  },
  timeoutMs,
);
