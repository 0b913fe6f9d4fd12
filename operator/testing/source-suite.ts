// What every source of objects promises, whatever it reads: told by one suite, run against each of them (style: one suite, several
// implementations). Objects are HTTPRoutes; what a source knows is put into a real store, and that must be what there is.

import type { Change } from "../../store/db.ts";
import { keyOf } from "../../store/key.ts";
import { createStore, type Store } from "../../store/store.ts";

/** Where the objects are, and a source that reads them. */
export interface SourceWorld {
  /** Creates or replaces the HTTPRoute default/<name> with this one hostname. */
  put(name: string, hostname: string): Promise<void>;
  remove(name: string): Promise<void>;
  watch(signal: AbortSignal): AsyncIterable<Change | { readonly type: "synced" }>;
  close(): Promise<void>;
}

const withinMs = 15_000;

/** `skips`: names of tests that cannot hold for this source, each with the reason. */
export function describeSource(
  what: string,
  start: () => Promise<SourceWorld>,
  skips: Readonly<Record<string, string>> = {},
): void {
  const rule = (name: string, run: (world: SourceWorld) => Promise<void>): void => {
    const reason = skips[name];
    if (reason !== undefined) return test.skip(`${name} (not here: ${reason})`, () => undefined);
    test(
      name,
      async () => {
        const world = await start();
        try {
          await run(world);
        } finally {
          await world.close();
        }
      },
      60_000,
    );
  };

  describe(what, () => {
    rule("tells every object, then `synced` once", async (world) => {
      await world.put("a", "a.example.com");
      await world.put("b", "b.example.com");
      const followed = follow(world);
      await followed.until(() => followed.synced === 1);
      expect(followed.hostnames()).toEqual({ a: "a.example.com", b: "b.example.com" });
      await world.put("c", "c.example.com");
      await followed.until(() => followed.hostnames()["c"] !== undefined);
      expect(followed.synced).toBe(1);
      await followed.stop();
    });

    rule("is synced with nothing when there is nothing", async (world) => {
      const followed = follow(world);
      await followed.until(() => followed.synced === 1);
      expect(followed.hostnames()).toEqual({});
      await followed.stop();
    });

    rule("tells what is added, edited and removed", async (world) => {
      await world.put("a", "a.example.com");
      const followed = follow(world);
      await followed.until(() => followed.synced === 1);
      await world.put("b", "b.example.com");
      await world.put("a", "edited.example.com");
      await followed.until(() => followed.hostnames()["a"] === "edited.example.com" && "b" in followed.hostnames());
      await world.remove("a");
      await followed.until(() => !("a" in followed.hostnames()));
      expect(followed.hostnames()).toEqual({ b: "b.example.com" });
      await followed.stop();
    });

    rule("ends with what is there when an object is removed and made again at once", async (world) => {
      await world.put("a", "a.example.com");
      const followed = follow(world);
      await followed.until(() => followed.synced === 1);
      await world.remove("a");
      await world.put("a", "again.example.com");
      await followed.until(() => followed.hostnames()["a"] === "again.example.com");
      await followed.stop();
    });

    rule("moves nothing when an object is written as it was", async (world) => {
      await world.put("a", "a.example.com");
      const followed = follow(world);
      await followed.until(() => followed.synced === 1);
      const before = followed.relevant();
      await world.put("a", "a.example.com");
      await world.put("b", "b.example.com"); // comes after it
      await followed.until(() => "b" in followed.hostnames());
      expect(followed.relevant() - before).toBe(1);
      await followed.stop();
    });

    rule("ends when it is told to", async (world) => {
      const followed = follow(world);
      await followed.until(() => followed.synced === 1);
      await followed.stop();
    });
  });
}

/** Reads a source into a store. */
function follow(world: SourceWorld) {
  const stop = new AbortController();
  const store: Store = createStore();
  let synced = 0;
  let relevant = 0;
  const running = (async () => {
    for await (const event of world.watch(stop.signal)) {
      if (event.type === "synced") synced++;
      else if (event.kind === "HTTPRoute") relevant += store.apply([event]).length;
    }
  })();
  const hostnames = (): Readonly<Record<string, string>> =>
    Object.fromEntries(
      store.keys("HTTPRoute").flatMap((key) => {
        const route = store.get("HTTPRoute", key);
        return route === undefined ? [] : [[keyOf(route).split("/")[1], route.spec.hostnames?.[0] ?? ""]];
      }),
    );
  return {
    get synced() {
      return synced;
    },
    relevant: () => relevant,
    hostnames,
    async until(condition: () => boolean): Promise<void> {
      const end = performance.now() + withinMs;
      while (!condition()) {
        if (performance.now() > end) throw new Error(`after ${withinMs} ms: synced ${synced}, ${JSON.stringify(hostnames())}`);
        await new Promise((resolve) => void setTimeout(resolve, 5));
      }
    },
    async stop(): Promise<void> {
      stop.abort();
      await running;
    },
  };
}

/** The route as both sources are given it. */
export function routeNamed(name: string, hostname: string): object {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name, namespace: "default" },
    spec: { hostnames: [hostname], parentRefs: [{ name: "eg" }] },
  };
}
