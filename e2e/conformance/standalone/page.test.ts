import { page, unexplained } from "./page.ts";

const tests = [
  { name: "HTTPRouteWeight", verdict: "PASS" },
  { name: "GatewayInfrastructure", verdict: "SKIP" },
  { name: "MeshBasic", verdict: "SKIP" },
] as const;

test("a run in which every test passes or has a reason is explained", () => expect(unexplained(tests)).toEqual([]));

test("a test that fails, is not run or outlives its reason is not", () =>
  expect(
    unexplained([
      { name: "HTTPRouteWeight", verdict: "FAIL" },
      { name: "UDPRoute", verdict: "SKIP" },
      { name: "GatewayInfrastructure", verdict: "PASS" },
    ]),
  ).toEqual(["GatewayInfrastructure ran, although it needs a cluster", "HTTPRouteWeight failed", "UDPRoute was not run"]));

test("the page has a row for each test about gateways, by name", () => {
  const text = page(tests, "report.yaml");
  expect(text.match(/^\| [A-Z].*$/gm)).toEqual([
    expect.stringMatching(/^\| GatewayInfrastructure \| cannot run: it looks for a ServiceAccount/),
    "| HTTPRouteWeight | passes |",
  ]);
  expect(text).toContain("1 of 2 tests about gateways pass,\n1 cannot run ([the report](report.yaml)).");
});
