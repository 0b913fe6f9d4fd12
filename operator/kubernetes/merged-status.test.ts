// Statuses that several controllers write to.

import { mergedStatus } from "./merged-status.ts";

const ours = "example.com/ours";
const parent = (name: string, controllerName: string, ...conditions: readonly object[]) => ({
  parentRef: { group: "gateway.networking.k8s.io", kind: "Gateway", name },
  controllerName,
  conditions,
});
const condition = (type: string, status = "True", lastTransitionTime = "2026-01-01T00:00:00Z") => ({
  type,
  status,
  reason: type,
  message: "",
  lastTransitionTime,
});

test("entries of other controllers stay as they are and where they are", () => {
  const theirs = parent("a", "example.com/theirs", condition("Accepted", "False"));
  const others = parent("z", "example.com/others");
  const seen = { parents: [theirs, parent("b", ours), others] };
  const wanted = { parents: [parent("c", ours), parent("b", ours, condition("Accepted"))] };
  expect(mergedStatus(seen, wanted, ours)).toEqual({
    parents: [theirs, parent("b", ours, condition("Accepted")), others, parent("c", ours)],
  });
});

test("where others have left no room, what does not fit is left out", () => {
  const ancestor = (name: string, controllerName: string) => ({ ancestorRef: { name }, controllerName, conditions: [] });
  const others = Array.from({ length: 15 }, (_, index) => ancestor(`gateway-${index}`, "example.com/theirs"));
  const wanted = { ancestors: [ancestor("a", ours), ancestor("b", ours)] };
  expect(mergedStatus({ ancestors: others }, wanted, ours)).toEqual({ ancestors: [...others, ancestor("a", ours)] });
});

test("what two controllers write one after the other comes to rest, whoever is first", () => {
  const mine = (seen: unknown) => mergedStatus(seen, { parents: [parent("a", ours)] }, ours);
  const theirs = (seen: unknown) => mergedStatus(seen, { parents: [parent("a", "example.com/theirs")] }, "example.com/theirs");
  for (const [first, second] of [
    [mine, theirs],
    [theirs, mine],
  ] as const) {
    const both = second(first({}));
    expect(mine(both)).toEqual(both);
    expect(theirs(both)).toEqual(both);
  }
});

test("fields of a parentRef are the same in any order", () => {
  const [seen] = [{ parents: [parent("a", ours, condition("Accepted"))] }];
  const wanted = {
    parents: [
      {
        ...parent("a", ours, condition("Accepted", "True", "2026-02-02T00:00:00Z")),
        parentRef: { name: "a", kind: "Gateway", group: "gateway.networking.k8s.io" },
      },
    ],
  };
  expect(mergedStatus(seen, wanted, ours)).toEqual(seen);
});

test("without anything of ours, our entries go and the others stay", () => {
  const theirs = parent("a", "example.com/theirs");
  expect(mergedStatus({ parents: [parent("a", ours), theirs] }, undefined, ours)).toEqual({ parents: [theirs] });
  expect(mergedStatus({ ancestors: [parent("a", ours)] }, undefined, ours)).toEqual({ ancestors: [] });
  const gateway = { conditions: [condition("Accepted")] };
  expect(mergedStatus(gateway, undefined, ours)).toBe(gateway);
  expect(mergedStatus(undefined, undefined, ours)).toEqual({});
});

test("conditions of types that we do not set stay; those that we take back go; fields that we do not set any more go", () => {
  const seen = {
    addresses: [{ value: "10.0.0.1" }],
    conditions: [condition("example.com/Audited"), condition("AttachedListenerSets"), condition("Accepted", "False")],
  };
  const wanted = { conditions: [condition("Programmed"), condition("Accepted")], listeners: [] };
  expect(mergedStatus(seen, wanted, ours)).toEqual({
    conditions: [condition("example.com/Audited"), condition("Accepted"), condition("Programmed")],
    listeners: [],
  });
});

test("a time stays while the condition's status does, in lists too", () => {
  const [early, late] = ["2026-01-01T00:00:00Z", "2026-02-02T00:00:00Z"];
  const seen = {
    conditions: [condition("Accepted", "True", early), condition("Programmed", "False", early)],
    listeners: [{ name: "http", conditions: [condition("Programmed", "True", early)] }],
  };
  const wanted = {
    conditions: [{ ...condition("Accepted", "True", late), reason: "Another" }, condition("Programmed", "True", late)],
    listeners: [{ name: "http", conditions: [condition("Programmed", "True", late)] }],
  };
  expect(mergedStatus(seen, wanted, ours)).toEqual({
    conditions: [{ ...condition("Accepted", "True", early), reason: "Another" }, condition("Programmed", "True", late)],
    listeners: seen.listeners,
  });
});
