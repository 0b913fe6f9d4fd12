// The README as a newcomer follows it: a fresh clone, npm ci, npm start, curl; then an edit of the route file, and a clean goodbye.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

const clone = mkdtempSync(join(tmpdir(), "quickstart-"));
let start: ChildProcess | undefined;
let output = "";

beforeAll(() => {
  execFileSync("git", ["clone", "--quiet", process.cwd(), clone]);
  execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: clone });
});
afterAll(() => {
  if (start?.pid !== undefined && start.exitCode === null && start.signalCode === null) process.kill(-start.pid, "SIGKILL");
  rmSync(clone, { recursive: true, force: true });
});

/** Status and body of one request to the quickstart's Gateway; status 0 when nobody answers. */
function get(path: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve) => {
    const request = http.get(
      { host: "127.0.0.1", port: 8888, path, headers: { host: "www.example.com" }, agent: false },
      (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      },
    );
    request.on("error", () => resolve({ status: 0, body: "" }));
  });
}

/** Milliseconds until the path answers with the status; fails with the process's output after the limit. */
async function until(path: string, status: number, limitMs: number): Promise<number> {
  const began = Date.now();
  for (;;) {
    const answer = await get(path);
    if (answer.status === status) return Date.now() - began;
    if (Date.now() - began > limitMs) throw new Error(`${path}: still ${answer.status} after ${limitMs} ms\n${output}`);
    await new Promise((wake) => setTimeout(wake, 20));
  }
}

function npmStart(): void {
  // A cache and a state folder of its own: nothing that this machine already has may help the newcomer.
  const home = { XDG_CACHE_HOME: join(clone, ".cache"), XDG_STATE_HOME: join(clone, ".state"), ENVOY_PATH: "" };
  const env = { ...process.env, ...home };
  start = spawn("npm", ["start"], { cwd: clone, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [start.stdout, start.stderr]) stream?.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
}

/** Ends npm and all it started as Ctrl-C does; resolves when npm has gone. */
async function stop(): Promise<void> {
  const gone = once(start!, "exit");
  process.kill(-start!.pid!, "SIGINT");
  await gone;
}

/** Processes that were started from the clone. */
function processes(): readonly string[] {
  const lines = execFileSync("ps", ["-eo", "pid,pgid,args"], { encoding: "utf8" }).split("\n");
  return lines.filter((line) => line.includes(clone)).map((line) => line.slice(0, 200));
}

test("a first start downloads what it needs and serves; a warm start serves without a download", async () => {
  npmStart();
  await until("/get", 200, 120_000);
  expect(output).toContain("Downloading");
  await stop();
  output = "";
  npmStart();
  // About 4 s on a quiet machine; here other tests may have left a cluster running.
  await until("/get", 200, 30_000);
  expect(output).not.toContain("Downloading");
});

test("editing the route file changes the answer", async () => {
  const folder = join(clone, "manifests/examples/quickstart");
  const file = readdirSync(folder)
    .map((name) => join(folder, name))
    .find((path) => readFileSync(path, "utf8").includes("kind: HTTPRoute"))!;
  const before = readFileSync(file, "utf8");
  expect(before).toContain("www.example.com");
  writeFileSync(file, before.replaceAll("www.example.com", "other.example.com"));
  await until("/get", 404, 5_000);
  writeFileSync(file, before);
  await until("/get", 200, 5_000);
});

test("Ctrl-C leaves no process behind", async () => {
  expect(processes()).not.toEqual([]);
  await stop();
  expect(processes()).toEqual([]);
});
