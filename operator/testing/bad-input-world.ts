// A standalone operator with a real Envoy and a route that must go on answering 200 whatever happens beside it. Test code.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { Agent, createServer, get } from "node:http";
import { createServer as createTcp, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { envoyPath } from "../host/envoy-binary.ts";
import { goodFiles } from "./bad-input-generated.ts";
import { substituted, type Variables } from "./bad-input.ts";
import { freePorts } from "./free-ports.ts";

export interface Question {
  readonly port?: number;
  readonly host?: string;
  readonly path: string;
}

export interface World {
  /** The folder that the operator reads. */
  readonly folder: string;
  /** Ports, by the names that files use. */
  readonly ports: Variables;
  /** The status of an answer; rejects when there is none. */
  ask(question: Question): Promise<number>;
  /** Every problem and every condition that is not as all is well, of all files and objects, sorted. */
  report(): Promise<readonly string[]>;
  /** How many objects there are. */
  count(): Promise<number>;
  /** What the good route answered other than 200 since the last look. */
  wrong(): readonly string[];
  /** Ends everything: exit status of the operator, and how often the good route was asked. */
  close(): Promise<{ readonly status: number | null; readonly asked: number }>;
}

export async function createWorld(): Promise<World> {
  const path = await envoyPath();
  const root = await mkdtemp(join(tmpdir(), "bad-input-"));
  const folder = join(root, "resources");
  mkdirSync(folder);
  const backend = createServer((_, response) => response.end("hello")).listen(0, "127.0.0.1");
  const taken = createTcp().listen(0, "0.0.0.0");
  await Promise.all([once(backend, "listening"), once(taken, "listening")]);
  const [good, first, second] = await freePorts(3);
  const ports: Variables = {
    GOOD_PORT: String(good),
    FIRST_PORT: String(first),
    SECOND_PORT: String(second),
    TAKEN_PORT: String((taken.address() as AddressInfo).port),
    BACKEND_PORT: String((backend.address() as AddressInfo).port),
  };
  for (const [name, text] of Object.entries(goodFiles)) writeFileSync(join(folder, name), substituted(text, ports));
  const main = JSON.stringify(new URL("../main.ts", import.meta.url).href);
  const options = JSON.stringify({ paths: [folder], stateFolder: join(root, "state"), adminPort: 0, metricsPort: 0 });
  const operator = spawn(
    process.execPath,
    ["--input-type=module", "-e", `import { runStandalone } from ${main}; await runStandalone(${options});`],
    { stdio: "ignore", env: { ...process.env, ENVOY_PATH: path } },
  );

  const agent = new Agent({ keepAlive: true });
  const ask = ({ port = good, host = "good.example.com", path: at }: Question): Promise<number> =>
    new Promise((resolve, reject) => {
      const request = get({ host: "127.0.0.1", port, path: at, headers: { host }, agent }, (response) => {
        response.resume().on("end", () => resolve(response.statusCode ?? 0));
      });
      request.on("error", reject);
    });
  await until(async () => (await ask({ path: "/" }).catch(() => 0)) === 200);
  const { admin } = JSON.parse(readFileSync(join(root, "state/running.json"), "utf8")) as { admin: string };
  const page = async <Value>(at: string): Promise<Value> => (await fetch(`http://${admin}${at}`)).json() as Promise<Value>;

  let wrong: string[] = [];
  let asking = true;
  let asked = 0;
  const keepAsking = async (): Promise<void> => {
    while (asking) {
      const status = await ask({ path: "/" }).catch(String);
      asked++;
      if (status !== 200 && asking) wrong.push(`the good route answered ${status}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const load = keepAsking();

  return {
    folder,
    ports,
    ask,
    async report() {
      const problems = await page<readonly Record<string, string>[]>("/problems");
      const objects = await page<readonly Told[]>("/objects");
      return [...problems.map(problemLine), ...objects.flatMap(conditionLines)]
        .map((line) => plain(line, ports, folder))
        .toSorted();
    },
    count: async () => (await page<readonly Told[]>("/objects")).length,
    wrong() {
      const found = wrong;
      wrong = [];
      return found;
    },
    async close() {
      asking = false;
      await load;
      const exit = once(operator, "exit");
      operator.kill("SIGTERM");
      const [status] = (await exit) as [number | null];
      agent.destroy();
      backend.closeAllConnections();
      backend.close();
      taken.close();
      rmSync(root, { recursive: true, force: true });
      return { status, asked };
    },
  };
}

/** Waits until it holds; the error says what `because` says then. */
export async function until(holds: () => Promise<boolean>, because: () => unknown = () => "it did not happen"): Promise<void> {
  const end = performance.now() + 15_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(String(because()));
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

interface Told {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly status?: unknown;
}

function problemLine({ file, line, column, kind, key, path, message }: Record<string, string>): string {
  return `${[`${file}:${line}:${column}`, kind, key, path].filter(Boolean).join(" ")}: ${message}`;
}

function conditionLines({ kind, metadata, status }: Told): readonly string[] {
  return unwell(status, `${kind} ${metadata.namespace ?? ""}/${metadata.name}`);
}

function unwell(value: unknown, where: string): readonly string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item: { name?: unknown }) =>
      unwell(item, typeof item?.name === "string" ? `${where} ${item.name}` : where),
    );
  }
  if (typeof value !== "object" || value === null) return [];
  if (!("type" in value && "status" in value && "reason" in value && "message" in value)) {
    return Object.values(value).flatMap((inner) => unwell(inner, where));
  }
  const { type, status, reason, message } = value;
  const well = type === reason && status === "True";
  return well ? [] : [`${where} ${String(type)}=${String(status)} ${String(reason)}: ${String(message).trim()}`];
}

/** Without what differs from run to run. */
function plain(line: string, ports: Variables, folder: string): string {
  const names = Object.entries(ports);
  return names.reduce((now, [name, value]) => now.replaceAll(value, `$${name}`), line.replaceAll(`${folder}/`, ""));
}
