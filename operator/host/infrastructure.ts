// Runs the proxies' Envoys on this machine: reads the same wanted Deployment that a cluster would get, and keeps one Envoy for each.

import { mkdir } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import type { ObjectKey } from "../../store/key.ts";
import type { OwnedObject } from "../../reconcilers/reconciler.ts";
import type { Infrastructure, RunningProxy } from "../infrastructure.ts";
import { superviseEnvoy, type EnvoyOptions, type RunningEnvoy } from "./envoy.ts";
import { isRecord } from "./yaml.ts";

export interface HostOptions {
  /** Finds (or downloads) the binary; asked once, when the first proxy is wanted. */
  readonly binary: () => Promise<string>;
  readonly runtimeFolder: string;
  readonly onState: (proxy: string, state: RunningProxy) => void;
  /** Its last process has ended, after it was drained. */
  readonly onGone: (proxy: string) => void;
  readonly onOutput: (proxy: string, ...output: Parameters<EnvoyOptions["onOutput"]>) => void;
}

interface Wanted {
  readonly name: string;
  readonly proxy: string;
  readonly args: readonly string[];
}

export function createHostInfrastructure(options: HostOptions): Infrastructure {
  const running = new Map<ObjectKey, { readonly wanted: Wanted; readonly envoy: RunningEnvoy }>();
  const ending = new Map<RunningEnvoy, Promise<void>>();
  let binary: Promise<string> | undefined;
  let closed = false;

  async function start(owner: ObjectKey, wanted: Wanted): Promise<void> {
    const report = (state: Omit<RunningProxy, "wanted" | "addresses">): void => {
      options.onState(wanted.proxy, { wanted: 1, addresses: addresses(), ...state });
    };
    report({});
    binary ??= options.binary();
    let path: string;
    try {
      path = await binary;
    } catch (cause) {
      binary = undefined; // asked again at the next change
      report({ trouble: cause instanceof Error ? cause.message : String(cause) });
      throw cause;
    }
    const folder = join(options.runtimeFolder, `${process.pid}-${wanted.name}`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (closed) return;
    const onOutput: EnvoyOptions["onOutput"] = (line, stream) => options.onOutput(wanted.proxy, line, stream);
    const envoy = superviseEnvoy({ binary: path, folder, name: wanted.name, onState: report, onOutput });
    running.set(owner, { wanted, envoy });
    envoy.run(wanted.args);
  }

  async function stop(owner: ObjectKey, how: "drain" | "now"): Promise<void> {
    const known = running.get(owner);
    if (known === undefined) return;
    running.delete(owner);
    const end = known.envoy.stop(how);
    ending.set(known.envoy, end);
    await end.finally(() => ending.delete(known.envoy));
    options.onGone(known.wanted.proxy);
  }

  return {
    async apply(owner, objects) {
      const wanted = objects.map(toWanted).find((each) => each !== undefined);
      if (wanted === undefined) return stop(owner, "drain");
      const known = running.get(owner);
      if (known === undefined) return start(owner, wanted);
      known.envoy.run(wanted.args);
    },
    leftBehind: async () => [], // processes end with ours
    async close() {
      closed = true;
      await Promise.all([...running.keys()].map((owner) => stop(owner, "now")));
      for (const envoy of ending.keys()) void envoy.stop("now");
      await Promise.all(ending.values());
    },
  };
}

/** The command line of the container "envoy" of a Deployment. */
function toWanted(object: OwnedObject): Wanted | undefined {
  const template = isRecord(object["spec"]) ? object["spec"]["template"] : undefined;
  const pod = isRecord(template) ? template["spec"] : undefined;
  const containers: readonly unknown[] = isRecord(pod) && Array.isArray(pod["containers"]) ? pod["containers"] : [];
  const container = containers.find((each) => isRecord(each) && each["name"] === "envoy");
  if (!isRecord(container) || !Array.isArray(container["args"])) return undefined;
  const args = container["args"].map(String);
  const proxy = args[args.indexOf("--service-cluster") + 1] ?? object.metadata.name;
  return { name: object.metadata.name, proxy, args };
}

/** Where clients reach this machine: itself first, then its other addresses. */
function addresses(): RunningProxy["addresses"] {
  const others = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const outer = others.filter(({ family, internal }) => family === "IPv4" && !internal).map(({ address }) => address);
  return ["127.0.0.1", ...outer.toSorted()].map((value) => ({ type: "IPAddress", value }));
}
