// The engine's two guards (equivalence with a fresh store, cost of each edit) and the rules that queries rely on.

import fc from "fast-check";
import type { Change, Db, DerivedIndex, Index } from "./db.ts";
import { objectKey, type ObjectKey } from "./key.ts";
import { memo } from "./memo.ts";
import { createStore, type Store } from "./store.ts";

// A small program in the shape of the real one. ConfigMaps are nodes of a graph ("next" names another), Namespaces carry a label,
// Services are selected by a label value.
const data = (db: Db, key: ObjectKey): Readonly<Record<string, string>> | undefined => db.get("ConfigMap", key)?.data;
const value = memo("value", (db, key: ObjectKey) => Number(data(db, key)?.["value"] ?? 0));
const chain = memo("chain", (db, key: ObjectKey, depth: string): number => {
  const next = data(db, key)?.["next"];
  const rest = next === undefined || depth === "0" ? 0 : chain(db, objectKey("a", next), String(Number(depth) - 1));
  return value(db, key) + rest;
});
const parity = memo("parity", (db, key: ObjectKey) => ({
  even: chain(db, key, "3") % 2 === 0,
  tags: [value(db, key) > 5 ? "big" : "small"],
}));
const byNext: Index<"ConfigMap"> = {
  kind: "ConfigMap",
  name: "byNext",
  values: (map) => (map.data?.["next"] === undefined ? [] : [map.data["next"]]),
};
const byParity: DerivedIndex<"ConfigMap"> = {
  derived: true,
  kind: "ConfigMap",
  name: "byParity",
  values: (db, key) => [parity(db, key).even ? "even" : "odd", ...parity(db, key).tags],
};
/** Reads another derived index: entries of one settle before the other. */
const byCrowd: DerivedIndex<"ConfigMap"> = {
  derived: true,
  kind: "ConfigMap",
  name: "byCrowd",
  values: (db) => [db.lookup(byParity, "even").length > 3 ? "crowded" : "lonely"],
};
const summary = memo("summary", (db, bucket: string) => db.lookup(byParity, bucket).map((key) => `${key}=${value(db, key)}`));
const crowd = memo("crowd", (db, bucket: string) => db.lookup(byCrowd, bucket).length);
const everything = memo("everything", (db) => ({
  even: summary(db, "even"),
  odd: summary(db, "odd"),
  big: db.lookup(byParity, "big"),
  pointedAt: db.keys("ConfigMap").map((key) => db.lookup(byNext, key.slice(2)).length),
  crowded: crowd(db, "crowded"),
  lonely: crowd(db, "lonely"),
}));

const names = ["p", "q", "r", "s", "t", "u"];
const configMap = (name: string, fields: Record<string, string>): Change => ({
  type: "applied",
  kind: "ConfigMap",
  object: { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace: "a", name }, data: fields },
});
const deleted = (name: string): Change => ({ type: "deleted", kind: "ConfigMap", key: objectKey("a", name) });
const change = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(...names), fc.nat(9), fc.option(fc.constantFrom(...names), { nil: undefined }))
      .map(([name, n, next]) => configMap(name, { value: String(n), ...(next === undefined ? {} : { next }) })),
  },
  { weight: 1, arbitrary: fc.constantFrom(...names).map(deleted) },
);

describe("equivalence", () => {
  test("after every step of a random edit script the incremental result equals a fresh store's", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { maxLength: 25 }),
        fc.nat(3),
        (script, pullEvery) => {
          const incremental = createStore();
          const history: Change[] = [];
          for (const [step, batch] of script.entries()) {
            incremental.apply(batch);
            history.push(...batch);
            if (pullEvery > 0 && step % pullEvery !== 0) continue; // several batches between two pulls
            const fresh = createStore();
            fresh.apply(history);
            expect(everything(incremental)).toEqual(everything(fresh));
            for (const name of names)
              expect(chain(incremental, objectKey("a", name), "2")).toBe(chain(fresh, objectKey("a", name), "2"));
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});

function filled(): Store {
  const store = createStore();
  store.apply([configMap("p", { value: "1", next: "q" }), configMap("q", { value: "2" }), configMap("r", { value: "4" })]);
  everything(store);
  return store;
}

describe("cost", () => {
  test.each<[string, readonly Change[], readonly string[]]>([
    ["nothing", [], []],
    ["an equal object", [configMap("r", { value: "4" })], []],
    [
      "a value that changes no bucket",
      [configMap("r", { value: "2" })],
      ["value(a/r)", "chain(a/r,3)", "parity(a/r)", "summary(even)", "everything"],
    ],
    [
      "a value at the end of a chain",
      [configMap("q", { value: "3" })],
      [
        "value(a/q)",
        "chain(a/q,3)",
        "parity(a/q)",
        "byParity(a/q)",
        // the bucket "even" changed, so everyone who counts it looks again
        "byCrowd(a/p)",
        "byCrowd(a/q)",
        "byCrowd(a/r)",
        "chain(a/q,2)",
        "chain(a/p,3)",
        "parity(a/p)",
        "byParity(a/p)",
        "summary(odd)",
        "summary(even)",
        "everything",
      ],
    ],
    [
      "an object that nothing reads",
      [{ type: "applied", kind: "Namespace", object: { apiVersion: "v1", kind: "Namespace", metadata: { name: "other" } } }],
      [],
    ],
  ])("%s", (_, edit, want) => {
    const store = filled();
    store.apply(edit);
    everything(store);
    expect([...store.computed].toSorted()).toEqual(want.toSorted());
  });

  test("verifying a query with many reads looks only at those that changed", () => {
    const store = createStore();
    let looked = 0;
    const item = memo("item", (db, key: ObjectKey) => (looked++, Number(data(db, key)?.["value"] ?? 0) > 100));
    const all = memo("all", (db) => db.keys("ConfigMap").filter((key) => item(db, key)));
    store.apply(Array.from({ length: 1000 }, (_, i) => configMap(`m${i}`, { value: String(i % 50) })));
    all(store);
    looked = 0;
    store.apply([configMap("m7", { value: "8" })]);
    all(store);
    expect({ looked, computed: store.computed }).toEqual({ looked: 1, computed: ["item(a/m7)"] });
  });
});

describe("identity", () => {
  test("an equal result keeps the old object, and an unequal one keeps its equal parts", () => {
    const shape = memo("shape", (db, key: ObjectKey) => ({
      head: { size: Object.keys(data(db, key) ?? {}).length },
      value: value(db, key),
    }));
    const store = filled();
    const before = shape(store, "a/r");
    store.apply([configMap("r", { value: "4.0" })]);
    expect(shape(store, "a/r")).toBe(before);
    store.apply([configMap("r", { value: "5" })]);
    expect(shape(store, "a/r")).toEqual({ head: { size: 1 }, value: 5 });
    expect(shape(store, "a/r").head).toBe(before.head);
  });

  test("status is not a change, and is kept to compare with", () => {
    const store = createStore();
    const gatewayClass = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "GatewayClass",
      metadata: { name: "eg", resourceVersion: "1" },
      spec: { controllerName: "x/y" },
    } as const;
    const applied = (object: object): Change => ({ type: "applied", kind: "GatewayClass", object }) as Change;
    expect(store.apply([applied(gatewayClass)])).toHaveLength(1);
    const status = { conditions: [] };
    expect(store.apply([applied({ ...gatewayClass, metadata: { name: "eg", resourceVersion: "2" }, status })])).toEqual([]);
    expect(store.seenStatus("GatewayClass", "/eg")).toEqual(status);
  });
});

describe("trouble", () => {
  test("a query that throws throws again until its input changes, and harms no other", () => {
    const picky = memo("picky", (db, key: ObjectKey) => {
      if (value(db, key) === 4) throw new Error("four");
      return value(db, key);
    });
    const store = filled();
    expect(() => picky(store, "a/r")).toThrow("four");
    expect(() => picky(store, "a/r")).toThrow("four");
    expect(picky(store, "a/q")).toBe(2);
    store.apply([configMap("r", { value: "6" })]);
    expect(picky(store, "a/r")).toBe(6);
  });

  test("a derived index whose query throws keeps its last entry and says so", () => {
    const fragile: DerivedIndex<"ConfigMap"> = {
      derived: true,
      kind: "ConfigMap",
      name: "fragile",
      values: (db, key) => {
        if (value(db, key) === 9) throw new Error("nine");
        return [`v${value(db, key)}`];
      },
    };
    const store = filled();
    expect(store.lookup(fragile, "v4")).toEqual(["a/r"]);
    store.apply([configMap("r", { value: "9" })]);
    expect(store.lookup(fragile, "v4")).toEqual(["a/r"]);
    expect(store.faults.map((fault) => fault.message)).toEqual(["index fragile(a/r)"]);
    store.apply([configMap("r", { value: "3" })]);
    expect({ old: store.lookup(fragile, "v4"), now: store.lookup(fragile, "v3"), faults: store.faults }).toEqual({
      old: [],
      now: ["a/r"],
      faults: [],
    });
  });

  test("a cycle is named", () => {
    const one = memo("one", (db, key: ObjectKey): number => two(db, key));
    const two = memo("two", (db, key: ObjectKey): number => one(db, key));
    expect(() => one(createStore(), "a/x")).toThrow("query cycle: one(a/x) -> two(a/x) -> one(a/x)");
  });
});

describe("roots", () => {
  test("a batch says which roots may have changed, until they are pulled", () => {
    const store = filled();
    value(store, "a/q");
    expect(store.staleRoots()).toEqual([]);
    store.apply([configMap("q", { value: "7" })]);
    expect(store.staleRoots()).toEqual(
      expect.arrayContaining([
        { name: "value", keys: ["a/q"] },
        { name: "everything", keys: [] },
      ]),
    );
    everything(store);
    value(store, "a/q");
    expect(store.staleRoots()).toEqual([]);
  });

  test("queries of objects that are gone are forgotten: what is stale and never asked for again does not pile up", () => {
    const store = createStore();
    for (let i = 0; i < 500; i++) {
      store.apply([configMap(`gone${i}`, { value: "1" })]);
      value(store, objectKey("a", `gone${i}`));
      store.apply([deleted(`gone${i}`)]);
    }
    expect(store.staleRoots().length).toBeLessThan(100);
  });
});
