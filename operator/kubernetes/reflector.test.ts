// How long a reflector waits before it asks again. That it loses nothing is tested with a real API server: e2e/watch.e2e.ts.

import { PassThrough } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { createFakeClock } from "../testing/clock.ts";
import { ApiError, type KubernetesClient } from "./client.ts";
import { reflect } from "./reflector.ts";

const services = { apiVersion: "v1", kind: "Service", plural: "services", namespaced: true };
const status = (code: number): ApiError => new ApiError("no", { status: code, reason: "", retryAfterMs: undefined });

const patient = (retryAfterMs: number): ApiError => new ApiError("busy", { status: 429, reason: "", retryAfterMs });

/** What reflectors have logged in a test. */
const logged: string[] = [];
beforeEach(() => void (logged.length = 0));

/** Seconds at which watches are asked for within a minute, when each of them goes as the list says; the last one goes on. */
function watches(...outcomes: readonly (ApiError | { readonly brokenAfterMs: number })[]): Promise<readonly number[]> {
  return watchesFallingSilent(100_000, outcomes);
}

async function watchesFallingSilent(
  silence: number,
  outcomes: readonly (ApiError | { readonly brokenAfterMs: number })[],
): Promise<readonly number[]> {
  const clock = createFakeClock();
  const end = new AbortController();
  const asked: number[] = [];
  const client: Pick<KubernetesClient, "call" | "stream"> = {
    call: async () => ({ metadata: { resourceVersion: "1" }, items: [] }),
    async stream() {
      const outcome = outcomes[asked.length];
      asked.push(clock.now() / 1000);
      if (outcome instanceof ApiError) throw outcome;
      const nothing = new PassThrough();
      const cut = (): void => void nothing.destroy(new Error("aborted"));
      if (outcome !== undefined) clock.after(outcome.brokenAfterMs, cut);
      end.signal.addEventListener("abort", cut);
      return nothing;
    },
  };
  const events = reflect(
    { client, resources: [services], clock, random: () => 1, log: (line) => logged.push(line), timing: { silence } },
    end.signal,
  );
  const following = (async () => {
    for await (const event of events) expect(event.type).toBe("synced");
  })();
  for (let passed = 0; passed < 60_000; passed += 100) {
    await setImmediate();
    clock.pass(100);
  }
  end.abort();
  await following;
  return asked.map((seconds) => Math.round(seconds * 10) / 10);
}

test("who is refused asks again soon, and less and less often: an API server that has just started refuses everybody", async () => {
  expect(await watches(status(403), status(403), status(403))).toEqual([0, 0.8, 2.4, 5.6]);
});

test("after a watch that lasted, though it said nothing, waiting begins anew", async () => {
  expect(await watches(status(500), status(500), status(500), { brokenAfterMs: 20_000 })).toEqual([0, 0.8, 2.4, 5.6, 26.4]);
});

test("a watch that breaks at once does not make waits short again", async () => {
  expect(await watches(status(500), status(500), { brokenAfterMs: 100 }, status(500))).toEqual([0, 0.8, 2.4, 5.7, 12.1]);
});

test("after a long time without an API server it is asked again every few seconds", async () => {
  const tries = await watches(...Array.from({ length: 40 }, () => status(500)));
  expect(tries.slice(0, 9)).toEqual([0, 0.8, 2.4, 5.6, 12, 22, 32, 42, 52]);
});

test("who asks for patience gets it", async () => {
  expect(await watches(patient(15_000), patient(1000))).toEqual([0, 15, 16.6]);
});

const crd = (version: string) => ({
  apiVersion: `example.com/${version}`,
  kind: "Route",
  plural: "routes",
  namespaced: true,
});

/**
 * A kind of which other versions are served after each step; what is told of it, and which versions were watched. Where API servers do not agree,
 * a step says who answers one after the other; the last one goes on.
 */
async function served(
  ...steps: readonly (readonly string[] | readonly (readonly string[])[])[]
): Promise<{ readonly told: string[]; readonly watched: string[] }> {
  const clock = createFakeClock();
  const end = new AbortController();
  const [told, watched]: [string[], string[]] = [[], []];
  const serversOf = (step: (typeof steps)[number] = []): (readonly string[])[] =>
    step.some((each) => Array.isArray(each)) ? [...(step as readonly (readonly string[])[])] : [step as readonly string[]];
  let servers = serversOf(steps[0]);
  let open = new PassThrough();
  const versionIn = (path: string): string => path.split("/")[3] ?? "";
  const call = async ({ path }: { readonly path: string }): Promise<unknown> => {
    if (path === "/version") return {};
    const versions = servers.length > 1 ? servers.shift() : servers[0];
    if (versions?.includes(versionIn(path)) !== true) throw status(404);
    return {
      metadata: { resourceVersion: "1" },
      items: [{ metadata: { namespace: "default", name: "a", resourceVersion: "1" } }],
    };
  };
  const client: Pick<KubernetesClient, "call" | "stream"> = {
    call,
    async stream({ path }) {
      await call({ path });
      watched.push(versionIn(path));
      return (open = new PassThrough());
    },
  };
  const options = { client, resources: ["v1", "v1alpha3", "v1alpha2"].map(crd), clock, random: () => 1, log: () => undefined };
  const following = (async () => {
    for await (const event of reflect(options, end.signal))
      if (event.type !== "synced") told.push(`${event.type === "deleted" ? "-" : "+"} ${event.object.apiVersion}`);
  })();
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 100) {
      for (let turn = 0; turn < 5; turn++) await setImmediate();
      clock.pass(100);
    }
  };
  for (const step of steps) {
    servers = serversOf(step);
    open.end(); // as an API server does with every watch of a CRD that changes
    await pass(10_000);
  }
  end.abort();
  open.end();
  await pass(1000);
  await following;
  return { told, watched };
}

test("of several versions that are served the first is read, and no other", async () => {
  expect(await served(["v1alpha2", "v1alpha3", "v1"])).toEqual({ told: ["+ example.com/v1"], watched: ["v1"] });
  expect(await served(["v1alpha2"])).toEqual({ told: ["+ example.com/v1alpha2"], watched: ["v1alpha2"] });
});

test.each([
  ["takes the place of", ["v1alpha2", "v1alpha3"], ["v1"]],
  ["comes beside", ["v1alpha2", "v1alpha3"], ["v1alpha2", "v1alpha3", "v1"]],
])("when a new version %s the old, objects are told of in the new one, once, and none is lost", async (_, before, after) => {
  expect(await served(before, after)).toEqual({
    told: ["+ example.com/v1alpha3", "+ example.com/v1"],
    watched: ["v1alpha3", "v1"],
  });
});

test("when the new version is taken back, objects are told of in the old one", async () => {
  const { told } = await served(["v1alpha3"], ["v1"], ["v1alpha3"]);
  expect(told).toEqual(["+ example.com/v1alpha3", "+ example.com/v1", "+ example.com/v1alpha3"]);
});

test("API servers that do not agree while a CRD is replaced take no object away; one by one they might say that there is none", async () => {
  const [old, renewed] = [["v1alpha3"], ["v1"]];
  const { told } = await served(old, [old, renewed, old, renewed, renewed]);
  expect(told).toEqual(["+ example.com/v1alpha3", "+ example.com/v1"]);
});

test("a kind that no version is served of is gone", async () => {
  expect((await served(["v1"], [])).told).toEqual(["+ example.com/v1", "- example.com/v1"]);
});

test("a watch on which nothing comes is begun anew without a word: of a kind that nothing happens to, there is nothing to say", async () => {
  expect(await watchesFallingSilent(25_000, [])).toEqual([0, 25.2, 50.4]);
  expect(logged).toEqual([]);
});

test("when the next watch cannot be begun, it is told", async () => {
  await watchesFallingSilent(25_000, [{ brokenAfterMs: 30_000 }, status(500)]);
  expect(logged).toEqual(["services cannot be read at present: no"]);
});
