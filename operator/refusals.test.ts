import type { Change } from "../store/db.ts";
import { createRefusalKeeper } from "./refusals.ts";

test("a refusal is written once, and taken away when it is gone", () => {
  const changes: Change[] = [];
  const keeper = createRefusalKeeper((change) => changes.push(change));
  const refusal = { typeUrl: "type.googleapis.com/x", resource: "r", origins: [], message: "no" };
  keeper.held("default/eg", [refusal]);
  keeper.held("default/eg", [refusal]);
  keeper.held("default/eg", []);
  expect(changes.map((change) => [change.type, change.kind])).toEqual([
    ["applied", "Refusal"],
    ["deleted", "Refusal"],
  ]);
});
