// The programs that a cluster is made of, and Helm. Kubernetes and Helm are built from their Go modules, which are to be had wherever Go is; the rest
// are packages of Debian. Knows nothing of how they are started.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { cacheFolder, progress } from "./cache.ts";

/** Kubernetes 1.34 is the last that starts on cgroup v1 without more ado. Stands in kubernetes/go.mod, too. */
const version = "1.34.4";
const helmVersion = "3.18.6";
const sources = join(import.meta.dirname, "kubernetes");

export type KubernetesProgram =
  "kube-apiserver" | "kube-controller-manager" | "kube-scheduler" | "kubelet" | "kube-proxy" | "kubectl";

/** The path of a program of Kubernetes; builds it the first time, which takes minutes. */
export function kubernetesProgram(name: KubernetesProgram): string {
  const flags = ["-trimpath", "-buildvcs=false", "-ldflags", linkerFlags()];
  const folder = cacheFolder(
    ...["go.mod", "go.sum"].map((file) => readFileSync(join(sources, file))),
    [...flags, process.platform, process.arch].join(" "),
  );
  return built(`${name} ${version}`, join(folder, name), (unfinished) =>
    go(["build", ...flags, "-o", unfinished, `k8s.io/kubernetes/cmd/${name}`], { cwd: sources }),
  );
}

/** The path of Helm; builds it the first time. */
export function helmProgram(): string {
  const flags = ["-trimpath", "-ldflags", "-s -w"];
  const folder = cacheFolder([`helm ${helmVersion}`, ...flags, process.platform, process.arch].join(" "));
  return built(`helm ${helmVersion}`, join(folder, "helm"), (unfinished) => {
    // "go install" of a version needs no module around it, but chooses the name itself.
    const scratch = `${unfinished}.bin`;
    go(["install", ...flags, `helm.sh/helm/v3/cmd/helm@v${helmVersion}`], { env: { GOBIN: scratch } });
    renameSync(join(scratch, "helm"), unfinished);
    rmSync(scratch, { recursive: true });
  });
}

/** The path, after the program has been built there if it was missing. */
function built(what: string, path: string, build: (unfinished: string) => void): string {
  if (existsSync(path)) return path;
  progress(`building ${what}, which is kept in ${dirname(path)}`);
  const began = Date.now();
  // Under another name first: a build that is cut short, or runs twice at once, leaves no half program.
  const unfinished = `${path}.${process.pid}`;
  build(unfinished);
  renameSync(unfinished, path);
  progress(`built ${what} in ${Math.round((Date.now() - began) / 1000)} s`);
  return path;
}

function go(
  args: readonly string[],
  { cwd, env }: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> },
): void {
  execFileSync("go", args, {
    cwd,
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "", GOWORK: "off", ...env },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

function linkerFlags(): string {
  const [major, minor] = version.split(".");
  const values = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
  return `-s -w ${Object.entries(values)
    .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
    .join(" ")}`;
}

/** The path of a program of Debian, asked for by its name or its path; installs its package where it is missing and we may. */
export function debianProgram(name: string, debianPackage: string): string {
  const found = find(name);
  if (found !== undefined) return found;
  installDebian([debianPackage]);
  const installed = find(name);
  if (installed === undefined) throw new Error(`${name} is not there although the package ${debianPackage} is installed`);
  return installed;
}

function find(name: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(":").concat("/usr/sbin", "/sbin");
  return folders.map((folder) => resolve(folder, name)).find((path) => existsSync(path));
}

function installDebian(packages: readonly string[]): void {
  const ask = `needs ${packages.join(" ")}: apt-get install ${packages.join(" ")}`;
  if (process.getuid?.() !== 0 || find("apt-get") === undefined) throw new Error(ask);
  progress(`installing ${packages.join(" ")}`);
  for (const args of [
    ["update", "-qq"],
    ["install", "-qq", "-y", "--no-install-recommends", ...packages],
  ]) {
    const run = spawnSync("apt-get", args, { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }, encoding: "utf8" });
    if (run.status !== 0) throw new Error(`${ask}\n${run.stdout}${run.stderr}`);
  }
}
