// Which object stands for a name, and since when.

import { createClaims, type ObjectChange } from "./claims.ts";
import type { ParsedObject } from "./yaml.ts";

function parsed(
  file: string,
  name: string,
  spec: unknown,
  given?: string,
): { objects: ParsedObject[]; problems: []; blind: false } {
  const metadata = { name, namespace: "a", ...(given !== undefined && { creationTimestamp: given }) };
  const object = { apiVersion: "v1", kind: "Thing", metadata, spec };
  return {
    objects: [{ file, line: 1, column: 1, id: `Thing a/${name}`, kind: "Thing", key: `a/${name}`, object }],
    problems: [],
    blind: false,
  };
}

const dates = (changes: readonly ObjectChange[]) =>
  changes.flatMap((change) =>
    change.type === "applied" && change.kind === "Thing" ? [change.object.metadata.creationTimestamp ?? "from the start"] : [],
  );

test("what appears later has the date when it did, keeps it through edits, and loses to a date of its own", () => {
  let now: string | undefined;
  const claims = createClaims(() => now);
  expect(dates(claims.update("a", parsed("a", "first", 1)))).toEqual(["from the start"]);
  now = "2026-01-01T00:00:00Z";
  expect(dates(claims.update("b", parsed("b", "second", 1)))).toEqual([now]);
  now = "2026-01-02T00:00:00Z";
  expect(dates(claims.update("a", parsed("a", "first", 2)))).toEqual(["from the start"]);
  expect(dates(claims.update("b", parsed("b", "second", 2)))).toEqual(["2026-01-01T00:00:00Z"]);
  expect(dates(claims.update("c", parsed("c", "third", 1, "2020-01-01T00:00:00Z")))).toEqual(["2020-01-01T00:00:00Z"]);
});
