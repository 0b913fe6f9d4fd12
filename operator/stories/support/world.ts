// The world of a story: an operator in this process with a folder of YAML, the Envoys it starts, some backends. `apply` and `remove` return
// when every proxy has acknowledged what follows from the edit. Knows no test.

import { mkdtemp, readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runStandalone } from "../../main.ts";
import { startBackend, type Backend, type BackendOptions } from "./backend.ts";
import { envoyProxy, gatewayClass, service, type ApiObject } from "./objects.ts";

export interface World {
  readonly folder: string;
  /** Backends by name. */
  readonly backends: Readonly<Record<string, Backend>>;
  addBackend(name: string, options?: BackendOptions): Promise<Backend>;
  /** Writes (or replaces) the file of that name, by rename, and waits until the proxies have it. */
  apply(file: string, objects: readonly ApiObject[]): Promise<void>;
  /** Writes without waiting. */
  write(file: string, objects: readonly ApiObject[]): Promise<void>;
  remove(file: string): Promise<void>;
  /** Exchanges the contents of two files, one after the other. */
  swap(one: string, two: string): Promise<void>;
  /** Numbers of the streams of all proxies that have acknowledged everything. */
  streams(): Promise<readonly number[]>;
  /** The object with its status. */
  object(kind: string, name: string): Promise<Served | undefined>;
  stop(): Promise<void>;
}

export interface Served {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly status?: unknown;
}

interface Dump {
  readonly proxies: readonly { readonly name: string; readonly version: number }[];
  readonly streams: readonly {
    readonly stream: number;
    readonly proxy: string;
    readonly types: readonly {
      readonly sentVersion: number;
      readonly acknowledgedVersion: number;
      readonly outstanding: readonly string[];
      readonly waiting: readonly string[];
    }[];
  }[];
}

const editedBy = "stories/edit";

/** Starts an operator with GatewayClass "eg", its EnvoyProxy "quiet" (in the file "settings"), and a Service for each backend. */
export async function startWorld(backendNames: readonly string[] = ["v1", "v2", "v3"]): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "story-"));
  const stateFolder = join(folder, ".state");
  const backends: Record<string, Backend> = {};
  for (const name of backendNames) backends[name] = await startBackend(name);
  const stop = new AbortController();
  const options = { paths: [folder], stateFolder, adminPort: 0, metricsPort: 0, logLevel: "error" };
  const running = runStandalone(options, stop.signal);
  let failure: unknown;
  running.catch((cause: unknown) => (failure = cause));

  let admin = "";
  async function page<Value>(path: string): Promise<Value> {
    if (failure !== undefined) throw failure;
    admin ||= await until(async () => {
      const text = await readFile(join(stateFolder, "running.json"), "utf8").catch(() => undefined);
      return text === undefined ? undefined : (JSON.parse(text) as { readonly admin: string }).admin;
    }, "the operator runs");
    return (await fetch(`http://${admin}${path}`)).json() as Promise<Value>;
  }

  const files = new Map<string, readonly ApiObject[]>();
  let edits = 0;

  /** Writes the new contents beside the file; the function it gives puts them in place. */
  async function stage(file: string, objects: readonly ApiObject[]): Promise<() => Promise<void>> {
    const edit = String(++edits);
    const marked = objects.map((each) => ({ ...each, metadata: { ...each.metadata, annotations: { [editedBy]: edit } } }));
    const path = join(folder, `${file}.yaml`);
    await writeFile(`${path}.new`, marked.map((each) => JSON.stringify(each)).join("\n---\n"));
    return async () => {
      files.set(file, marked);
      await rename(`${path}.new`, path);
    };
  }

  async function write(file: string, objects: readonly ApiObject[]): Promise<void> {
    await (
      await stage(file, objects)
    )();
  }

  /** The operator has read exactly what the files say. Secrets are not shown: whoever changes one waits for what it changes. */
  async function read(): Promise<true | undefined> {
    const served = await page<readonly Served[]>("/objects");
    const wanted = [...files.values()].flat().filter(({ kind }) => kind !== "Secret") as readonly Served[];
    const known = new Map(served.map((each) => [idOf(each), each.metadata.annotations?.[editedBy]]));
    const ours = new Set(wanted.map(idOf));
    if (wanted.some((each) => known.get(idOf(each)) !== each.metadata.annotations?.[editedBy])) return undefined;
    const left = served.filter((each) => each.metadata.annotations?.[editedBy] !== undefined && !ours.has(idOf(each)));
    return left.length === 0 ? true : undefined;
  }

  /** Every proxy has acknowledged its newest snapshot. */
  async function acknowledged(): Promise<true | undefined> {
    const { proxies, streams } = await page<Dump>("/config_dump");
    const fresh = proxies.every(({ name, version }) => {
      const own = streams.filter(({ proxy }) => proxy === name);
      return own.length > 0 && own.every(({ types }) => types.length >= 3 && types.every((type) => isSettled(type, version)));
    });
    return fresh ? true : undefined;
  }

  async function settled(): Promise<void> {
    await until(read, "the operator has read the files").catch(async (cause: unknown) => {
      throw new Error(`not all was read: ${JSON.stringify(await page("/problems"))}`, { cause });
    });
    await until(acknowledged, "the proxies have acknowledged");
  }

  await write("settings", [envoyProxy("quiet", {})]);
  await write("world", [gatewayClass("eg", "quiet"), ...backendNames.flatMap((name) => service(name, [backends[name]!]))]);
  await until(read, "the operator has read the files");
  return {
    folder,
    backends,
    async addBackend(name, backendOptions) {
      return (backends[name] = await startBackend(name, backendOptions));
    },
    write,
    async apply(file, objects) {
      await write(file, objects);
      await settled();
    },
    async remove(file) {
      files.delete(file);
      await unlink(join(folder, `${file}.yaml`));
      await settled();
    },
    async swap(one, two) {
      const [first = [], second = []] = [files.get(one), files.get(two)];
      const next = await Promise.all([stage(one, second), stage(two, first)]);
      // Between these two the objects of the first file stand nowhere, and those of the second twice.
      for (const put of next) await put();
      await settled();
    },
    async streams() {
      return (await acknowledged()) === undefined ? [] : (await page<Dump>("/config_dump")).streams.map(({ stream }) => stream);
    },
    async object(kind, name) {
      const served = await page<readonly Served[]>("/objects");
      return served.find((each) => idOf(each) === idOf({ kind, metadata: { name } }));
    },
    async stop() {
      stop.abort();
      await running;
      await Promise.all(Object.values(backends).map((backend) => backend.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function isSettled(type: Dump["streams"][number]["types"][number], version: number): boolean {
  return type.acknowledgedVersion >= version && type.outstanding.length === 0 && type.waiting.length === 0;
}

function idOf({ kind, metadata: { name, namespace = "default" } }: Served): string {
  return kind === "GatewayClass" || kind === "Namespace" ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

/** Waits until `read` gives something; says what it waited for when that takes too long. */
export async function until<Value>(read: () => Promise<Value | undefined>, what: string, limitMs = 4_000): Promise<Value> {
  const end = performance.now() + limitMs;
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
