// The Gateway API's own suite as a process: its program, built once, and what it says while it runs. Knows nothing of clusters.

import { execFileSync, spawn } from "node:child_process";
import { createWriteStream, existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { cacheFolder, progress } from "../cluster/cache.ts";

const sources = join(import.meta.dirname, "suite");

/** One test of the suite, as it ended. */
export interface Ended {
  readonly name: string;
  readonly verdict: "PASS" | "FAIL" | "SKIP";
  readonly seconds: number;
}

export interface SuiteRun {
  readonly tests: readonly Ended[];
  /** Of the process: also 1 when the suite could not even start. */
  readonly exitCode: number;
  /** What was said during each test that failed. */
  readonly failures: ReadonlyMap<string, string>;
}

/** The path of the suite's program; builds it the first time, which takes a minute or two. Needs `go` on PATH. */
function suiteProgram(): string {
  const inputs = ["go.mod", "go.sum", "conformance_test.go"].map((file) => readFileSync(join(sources, file)));
  const folder = cacheFolder("conformance", ...inputs, `${process.platform} ${process.arch}`);
  const path = join(folder, "conformance.test");
  if (existsSync(path)) return path;
  progress(`building the Gateway API's conformance suite, which is kept in ${folder}`);
  const unfinished = `${path}.${process.pid}`;
  execFileSync("go", ["test", "-c", "-trimpath", "-o", unfinished, "."], {
    cwd: sources,
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "", GOWORK: "off" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  renameSync(unfinished, path);
  return path;
}

export interface SuiteOptions {
  readonly kubeconfigFile: string;
  /** Flags of the suite, and of conformance_test.go. */
  readonly flags: readonly string[];
  /** Everything that the suite says. */
  readonly logFile: string;
  readonly onEnded: (test: Ended) => void;
}

/** Begins a line that tells of a test, when the suite writes as for test2json: only then such a line comes as soon as it is true. */
const mark = String.fromCharCode(0x16);
const began = /^=== RUN {3}TestConformance\/([A-Za-z0-9]+)$/;
const ended = /^ *--- (PASS|FAIL|SKIP): TestConformance\/([A-Za-z0-9]+) \(([\d.]+)s\)$/;

/** Resolves when the suite has ended, however it did. */
export async function runSuite({ kubeconfigFile, flags, logFile, onEnded }: SuiteOptions): Promise<SuiteRun> {
  const tests: Ended[] = [];
  const failures = new Map<string, string>();
  let said: string[] = [];
  const log = createWriteStream(logFile);
  const suite = spawn(suiteProgram(), ["-test.v=test2json", "-test.timeout=60m", "-test.run=^TestConformance$", ...flags], {
    env: { ...process.env, KUBECONFIG: kubeconfigFile },
    stdio: ["ignore", "pipe", "pipe"],
  });
  suite.stderr.pipe(log, { end: false });
  const exit = new Promise<number>((resolve, reject) => {
    suite.on("close", (code) => resolve(code ?? 1));
    suite.on("error", reject);
  });
  for await (const written of createInterface({ input: suite.stdout })) {
    const line = written.replace(mark, "");
    log.write(`${line}\n`);
    said.push(line);
    if (began.test(line)) said = [line];
    const [, verdict, name, seconds] = written.startsWith(mark) ? (ended.exec(line) ?? []) : [];
    if (name === undefined) continue;
    const test = { name, verdict: verdict as Ended["verdict"], seconds: Number(seconds) };
    tests.push(test);
    if (test.verdict === "FAIL") failures.set(name, said.join("\n"));
    said = [];
    onEnded(test);
  }
  const exitCode = await exit;
  await new Promise<void>((resolve) => void log.end(resolve));
  return { tests, exitCode, failures };
}
