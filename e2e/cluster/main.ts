// npm run cluster -- up | down | kubeconfig | prepare | images: a cluster on this machine, for tests and for developers.
// Tests start theirs with `up --for-tests`, and `release` takes down only such a one.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { imageArchives, operatorArchive } from "../images/images.ts";
import { clusterFolder as folder, prepare, startCluster } from "./cluster.ts";
import { importImage } from "./node.ts";
import { holder, removeCluster, strangersKubelet } from "./leftovers.ts";

const logFile = join(folder, "logs", "cluster.log");
const forTestsFile = join(folder, "for-tests");
/** Has the path of the kubeconfig, as soon as the cluster can be used. */
const readyFile = join(folder, "ready");

async function up(): Promise<void> {
  if (isUp()) {
    // The cluster may be of another checkout, or of this one as it was before.
    importImage(folder, operatorArchive());
    return kubeconfig();
  }
  if (process.getuid?.() !== 0)
    throw new Error("a cluster on this machine needs root; with another cluster: npm run e2e -- --kubeconfig FILE");
  if (strangersKubelet(folder))
    throw new Error("another kubelet runs on this machine; use its cluster: npm run e2e -- --kubeconfig FILE");
  await removeCluster(folder);
  await prepare();
  mkdirSync(join(folder, "logs"), { recursive: true });
  if (process.argv.includes("--for-tests")) writeFileSync(forTestsFile, "");
  const log = openSync(logFile, "a");
  const child = spawn(process.execPath, [import.meta.filename, "hold", folder], { detached: true, stdio: ["ignore", log, log] });
  child.unref();
  while (!isUp()) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`the cluster did not start; all logs are below ${folder}\n${readFileSync(logFile, "utf8")}`);
    }
    await new Promise((wake) => setTimeout(wake, 100));
  }
  kubeconfig();
}

function isUp(): boolean {
  return holder(folder) !== undefined && existsSync(readyFile);
}

function kubeconfig(): void {
  if (!isUp()) throw new Error("there is no cluster; start one: npm run cluster -- up");
  console.log(readFileSync(readyFile, "utf8"));
}

/** Lives for as long as the cluster does. */
async function hold(): Promise<void> {
  writeFileSync(readyFile, await startCluster(folder));
}

const commands: Readonly<Record<string, () => Promise<void> | void>> = {
  up,
  down: () => removeCluster(folder),
  release: async () => {
    if (existsSync(forTestsFile)) await removeCluster(folder);
  },
  kubeconfig,
  prepare,
  images: async () => console.log((await imageArchives()).join("\n")),
  hold,
};

const command = commands[process.argv[2] ?? ""];
try {
  if (command === undefined) throw new Error("usage: npm run cluster -- up | down | kubeconfig | prepare | images");
  await command();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
