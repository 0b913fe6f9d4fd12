// The benches run, and what they count does not grow with the number of routes. Times are for people: they are printed, never asserted.

import { execFileSync } from "node:child_process";

interface Row {
  readonly routes: number;
  readonly route_ms: number;
  readonly endpoint_ms: number;
  readonly queries: number;
  readonly endpoint_queries: number;
}

function bench(...args: readonly string[]): readonly Row[] {
  const output = execFileSync("npm", ["run", "--silent", "bench", "--", ...args, "--json"], { encoding: "utf8" });
  return JSON.parse(output) as readonly Row[];
}

test("an edit of a route and of endpoints runs as many queries among 1,000 routes as among 20", () => {
  const [small, large] = bench("change", "--sizes", "20,1000");
  expect(small).toMatchObject({ routes: 20, route_ms: expect.any(Number), endpoint_ms: expect.any(Number) });
  expect({ queries: large?.queries, endpoint_queries: large?.endpoint_queries }).toEqual({
    queries: small?.queries,
    endpoint_queries: small?.endpoint_queries,
  });
  expect(small?.queries).toBeLessThan(15);
});

test("a cold start of 1,000 routes yields a complete snapshot", () => {
  expect(bench("cold", "--sizes", "1000")).toEqual([
    { routes: 1000, cold_ms: expect.any(Number), queries: expect.any(Number), rss_mb: expect.any(Number) },
  ]);
});
