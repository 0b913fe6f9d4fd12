// Takes a cluster down, also one that was killed half-way: nothing is remembered, everything is found by the name of its folder.

import { existsSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { basename, join } from "node:path";
import { networkDown } from "./network.ts";

/** Whoever starts or restarts something goes first. */
const order = [
  ["node", "kubelet", "kube-proxy", "kube-controller-manager", "kube-scheduler"],
  ["containerd", "containerd-shim-runc-v2"],
  ["kube-apiserver", "etcd"],
];
/** Where kubelet puts pods, in each hierarchy of cgroup v1 and in v2. */
const pods = /:\/kubepods\//m;

export async function removeCluster(folder: string): Promise<void> {
  const [first, ...others] = order.map((names) => () => processes((process) => isOurs(process, folder, names)));
  await end(first!);
  await end(() => processes(({ cgroup }) => pods.test(cgroup)));
  for (const next of others) await end(next);
  unmount(folder);
  networkDown(folder);
  removeCgroups();
  removeLinks(folder);
  rmSync(folder, { recursive: true, force: true });
}

interface Process {
  readonly pid: number;
  readonly program: string;
  readonly args: readonly string[];
  readonly cgroup: string;
}

function isOurs({ program, args }: Process, folder: string, names: readonly string[]): boolean {
  return names.includes(program) && args.some((arg) => `${arg}/`.includes(`${folder}/`));
}

/** The process that holds the cluster of the folder; undefined when there is none. */
export function holder(folder: string): number | undefined {
  return processes((process) => isOurs(process, folder, ["node"]))[0]?.pid;
}

/** Whether there is a kubelet that is not of the folder: two would fight over the machine's cgroups. */
export function strangersKubelet(folder: string): boolean {
  return processes((process) => process.program === "kubelet" && !isOurs(process, folder, ["kubelet"])).length > 0;
}

export function processes(wanted: (process: Process) => boolean): readonly Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const program = basename(readlinkSync(`/proc/${name}/exe`)).replace(/ \(deleted\)$/, "");
        const args = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0").slice(1);
        return [{ pid: Number(name), program, args, cgroup: readFileSync(`/proc/${name}/cgroup`, "utf8") }];
      } catch {
        return []; // it ended while we looked
      }
    })
    .filter(wanted);
}

/** Kills until there are none. */
async function end(find: () => readonly Process[]): Promise<void> {
  const limit = Date.now() + 20_000;
  for (let found = find(); found.length > 0; found = find()) {
    if (Date.now() > limit) throw new Error(`does not end: ${found.map(({ pid, program }) => `${program} (${pid})`).join(", ")}`);
    for (const { pid } of found) kill(pid);
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it ended by itself
  }
}

/** Innermost first. A mount that stays would have what it shows deleted with the folder: that throws. */
function unmount(folder: string): void {
  for (const path of mounts(folder).toReversed()) spawnSync("umount", ["--lazy", path], { stdio: "ignore" });
  const left = mounts(folder);
  if (left.length > 0) throw new Error(`still mounted: ${left.join(", ")}`);
}

function mounts(folder: string): readonly string[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return lines.map((line) => line.split(" ")[4] ?? "").filter((path) => path.startsWith(`${folder}/`));
}

/** kubelet links to the logs of containers from a folder that it does not let us choose. */
function removeLinks(folder: string): void {
  const links = "/var/log/containers";
  if (!existsSync(links)) return;
  for (const entry of readdirSync(links, { withFileTypes: true })) {
    const path = join(links, entry.name);
    if (entry.isSymbolicLink() && readlinkSync(path).startsWith(`${folder}/`)) rmSync(path);
  }
}

function removeCgroups(): void {
  const root = "/sys/fs/cgroup";
  for (const hierarchy of ["", ...readdirSync(root)]) removeCgroup(join(root, hierarchy, "kubepods"));
}

function removeCgroup(path: string): void {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) if (entry.isDirectory()) removeCgroup(join(path, entry.name));
    rmdirSync(path);
  } catch {
    // None there.
  }
}
