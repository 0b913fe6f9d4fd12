import type { RouteMatch } from "../../xds/model/route.ts";
import { withPreflights } from "./preflight.ts";
import type { RuleBranch } from "./rule.ts";

const action = { type: "forward", backends: [], mirrors: [] } as const;
const branch = (position: number, fields: Partial<RouteMatch>): RuleBranch => ({
  position,
  match: { path: { type: "prefix", value: "/" }, headers: [], queryParams: [], cookies: [], ...fields },
  action,
});
const version = { name: "x-version", type: "exact", value: "2" } as const;

test("a match with a method is followed by the one for its preflights, with the same policy and action", () => {
  const [first, second] = [branch(0, { method: "PUT", headers: [version] }), branch(1, {})];
  const headers = [
    version,
    { name: "origin", type: "regex", value: ".+" },
    { name: "access-control-request-method", type: "exact", value: "PUT" },
  ];
  const preflight = { ...first, preflight: true, match: { ...first.match, method: "OPTIONS", headers } };
  expect(withPreflights([first, second])).toEqual([first, preflight, second]);
});

for (const [name, branches] of [
  ["a rule that matches OPTIONS answers preflights as it says", [branch(0, { method: "GET" }), branch(1, { method: "OPTIONS" })]],
  ["a match with cookies has no preflights", [branch(0, { method: "GET", cookies: [version] })]],
  ["an answer of our own has none", [{ ...branch(0, { method: "GET" }), action: { type: "respond", status: 200 } }]],
  ["a match without a method covers its preflights", [branch(-1, {})]],
] as const)
  test(name, () => expect(withPreflights(branches)).toEqual(branches));
