// npm run conformance: the Gateway API's own suite, unmodified, on a real cluster with the operator in it.
//   --standalone     standalone mode beside the cluster instead of the operator; writes docs/conformance/standalone.md, too
//   --test NAME      only this one; leaves the report alone
//   --report FILE    where the official report goes; docs/conformance/ if not given
//   --json FILE      how many passed and failed, as jest would say it
// Options of e2e/run.sh, such as --kubeconfig FILE, choose the cluster.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { cluster, type Cluster } from "../support/cluster.ts";
import { operatorGround, supportedFeatures } from "./ground.ts";
import { type ConformanceReport, readReport, shortcomings, table } from "./report.ts";
import { standaloneGround } from "./standalone/ground.ts";
import { page, unexplained } from "./standalone/page.ts";
import { type Ended, runSuite, type SuiteRun } from "./suite.ts";

const root = join(import.meta.dirname, "../..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly version: string };
const logFile = join(root, ".cache/conformance.log");
const profiles = ["GATEWAY-HTTP", "GATEWAY-GRPC", "GATEWAY-TLS"];
/** Tests that belong to no profile, so that no report tells of them. */
const outsideProfiles = ["HTTPRouteDisallowedKind", "GRPCRouteNamedRule", "UDPRoute"];

const { values: options } = parseArgs({
  options: {
    standalone: { type: "boolean", default: false },
    test: { type: "string" },
    report: { type: "string" },
    json: { type: "string" },
  },
});

const here = cluster();
const ground = options.standalone
  ? await standaloneGround(here, join(root, ".cache/conformance-standalone.log"))
  : operatorGround(here);
const reportName = `experimental-v${version}-${ground.mode}-report.yaml`;
const reportFile = options.report ?? join(root, "docs/conformance", reportName);
mkdirSync(dirname(reportFile), { recursive: true });

const run = await runSuite({ kubeconfigFile: here.kubeconfigFile, flags: flags(), logFile, onEnded: told });
cleared(here);
await ground.stop();

for (const said of run.failures.values()) console.log(said);
const report = options.test === undefined && run.exitCode === 0 ? readReport(readFileSync(reportFile, "utf8")) : undefined;
const problems = [...problemsOf(run, report), ...(options.standalone && report !== undefined ? pageOf(run) : [])];
if (report !== undefined) console.log(table(report));
for (const problem of problems) console.log(`conformance: ${problem}`);
const passed = run.tests.filter(({ verdict }) => verdict === "PASS").length;
const failed = run.failures.size + (run.failures.size === 0 ? problems.length : 0);
console.log(`conformance: ${passed} passed, ${failed} failed; everything that was said is in ${logFile}`);
if (options.json !== undefined)
  writeFileSync(options.json, JSON.stringify({ numPassedTests: passed, numFailedTests: failed, numRuntimeErrorTestSuites: 0 }));
process.exitCode = problems.length === 0 ? 0 : 1;

function flags(): readonly string[] {
  const common = [
    `--gateway-class=${ground.className}`,
    `--usable-addresses=${ground.usableAddress}`,
    `--unusable-addresses=${ground.unusableAddress}`,
  ];
  if (options.test !== undefined)
    return [
      ...common,
      `--run-test=${options.test}`,
      `--supported-features=${supportedFeatures(here, ground.className).join(",")}`,
    ];
  const implementation = {
    organization: "envoy-gateway-operator",
    project: "envoy-gateway-operator",
    url: "https://example.com/envoy-gateway-operator",
    version: `v${version}`,
    contact: "@envoy-gateway-operator",
    mode: ground.mode,
  };
  const named = Object.entries({ "conformance-profiles": profiles.join(","), ...implementation, "report-output": reportFile });
  return [...common, ...named.map(([name, value]) => `--${name}=${value}`)];
}

function told({ name, verdict, seconds }: Ended): void {
  if (verdict !== "SKIP") console.log(`${verdict} ${name} (${seconds} s)`);
}

/** The suite deletes its namespaces and does not wait for them; who runs it next would meet them. */
function cleared({ kubectl }: Cluster): void {
  const infra = ["gateway-conformance-infra", "gateway-conformance-app-backend", "gateway-conformance-web-backend"];
  kubectl("delete", "namespace", ...infra, "--ignore-not-found", "--timeout=180s");
}

/** Writes what standalone mode can, or, where the committed report stays as it is, says that the page is not true any more. */
function pageOf({ tests }: SuiteRun): readonly string[] {
  const file = join(root, "docs/conformance/standalone.md");
  const text = page(tests, reportName);
  if (options.report === undefined) writeFileSync(file, text);
  return readFileSync(file, "utf8") === text ? [] : ["docs/conformance/standalone.md says something else than this run"];
}

/** Why this is no success, one sentence each. */
function problemsOf({ tests, exitCode, failures }: SuiteRun, full: ConformanceReport | undefined): readonly string[] {
  const problems = [...failures.keys()].map((name) => `${name} failed`);
  if (exitCode !== 0 && problems.length === 0) problems.push(`the suite ended with ${exitCode}`);
  if (full === undefined) return problems;
  if (options.standalone) return [...problems, ...unexplained(tests)];
  const passing = new Set(tests.filter(({ verdict }) => verdict === "PASS").map(({ name }) => name));
  const notRun = tests.filter(({ name, verdict }) => verdict === "SKIP" && !name.startsWith("Mesh")).map(({ name }) => name);
  return [
    ...problems,
    ...shortcomings(full, profiles),
    ...notRun.map((name) => `${name} was not run`),
    ...outsideProfiles.filter((name) => !passing.has(name)).map((name) => `${name} did not pass`),
  ];
}
