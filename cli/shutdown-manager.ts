// The sidecar of an Envoy in a pod: holds back the signal that ends Envoy until its clients are done. kubelet asks /shutdown/ready before it
// sends Envoy that signal (preStop), and waits for the answer. A bundle of its own, and nothing but node:http: it waits in every pod of every
// proxy, so its memory counts. State is in memory only.

import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";

export interface ShutdownOptions {
  readonly host?: string;
  readonly port: number;
  /** Envoy's admin interface. */
  readonly admin: { readonly host: string; readonly port: number };
  /** Envoy goes on serving for so long whatever happens: load balancers need time to look elsewhere. */
  readonly minDrainMs: number;
  /** Envoy is not held back longer than this. */
  readonly drainMs: number;
  /** Nobody is left when so many connections are. */
  readonly exitAtConnections: number;
  readonly pollMs?: number;
  /** How far apart the question and our own signal may come. */
  readonly apartMs?: number;
  readonly log: (message: string) => void;
}

export interface ShutdownManager {
  readonly port: number;
  /** We were told to end. Resolves when we may: the drain, if there is one, is over. */
  terminate(): Promise<void>;
  /** Answers what was asked, then frees the port. */
  close(): void;
}

/**
 * A pod that ends is told by two things at once: the question, and our own signal. Neither counts alone: anybody who reaches the pod can ask,
 * and a sidecar that alone is restarted gets the signal.
 */
export async function startShutdownManager(options: ShutdownOptions): Promise<ShutdownManager> {
  const { apartMs = 10_000 } = options;
  const [asked, told] = [createMoment(), createMoment()];
  let drained: Promise<void> | undefined;
  const both = async (other: Moment): Promise<void> => {
    if (await other.within(apartMs)) await (drained ??= drain(options));
  };
  const server = createServer((incoming, response) => {
    const answer = (code: number): void => void response.writeHead(code, { connection: "close" }).end();
    if (incoming.url === "/healthz") return answer(200);
    if (incoming.url !== "/shutdown/ready") return answer(404);
    asked.come();
    void both(told).then(() => answer(200));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(options.port, options.host, resolve);
  });
  // If one before us began a drain and was restarted alone.
  await ask(options.admin, "POST", "/healthcheck/ok");
  return {
    port: (server.address() as AddressInfo).port,
    terminate() {
      told.come();
      return both(asked);
    },
    close() {
      server.close(); // and idle connections with it
    },
  };
}

interface Moment {
  come(): void;
  /** Has it come lately, or does it within so many milliseconds? */
  within(ms: number): Promise<boolean>;
}

function createMoment(): Moment {
  let last: number | undefined;
  const waiting = new Set<() => void>();
  return {
    come() {
      last = performance.now();
      for (const each of waiting) each();
    },
    within: (ms) =>
      new Promise((resolve) => {
        if (last !== undefined && performance.now() - last <= ms) return resolve(true);
        const settle = (came: boolean) => (): void => {
          clearTimeout(timer);
          waiting.delete(yes);
          resolve(came);
        };
        const yes = settle(true);
        const timer = setTimeout(settle(false), ms);
        waiting.add(yes);
      }),
  };
}

/**
 * Envoy says that it fails its health checks and asks each client to leave with the next answer ("connection: close", GOAWAY), but goes on
 * accepting: who has not heard yet is served. (Draining listeners would refuse the late ones, and adds nothing for the others.)
 */
async function drain({ admin, minDrainMs, drainMs, exitAtConnections, pollMs = 250, log }: ShutdownOptions): Promise<void> {
  const start = performance.now();
  const elapsed = (): number => performance.now() - start;
  const done = (why: string): void => log(`drained for ${(elapsed() / 1000).toFixed(1)} s: ${why}`);
  let failed = false;
  while (elapsed() < drainMs) {
    failed ||= (await ask(admin, "POST", "/healthcheck/fail"))?.code === 200;
    if (failed && elapsed() >= minDrainMs) {
      const stats = await ask(admin, "GET", "/stats?filter=downstream_cx_active$");
      const connections = stats && connectionsIn(stats.text);
      if (stats === undefined) return done("Envoy has ended");
      if (connections !== undefined && connections <= exitAtConnections) return done(`${connections} connections are left`);
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(pollMs, Math.max(0, drainMs - elapsed()))));
  }
  done("the time is over");
}

/** Connections of all listeners but those of Envoy itself; undefined when Envoy does not count them. */
function connectionsIn(stats: string): number | undefined {
  const counts = [...stats.matchAll(/^listener\.(.+)\.downstream_cx_active: (\d+)$/gm)].filter(
    ([, listener = ""]) => !/^admin(?:\.|$)|\.worker_\d+$|_1900[13]$/.test(listener),
  );
  return counts.length === 0 ? undefined : counts.reduce((sum, [, , count]) => sum + Number(count), 0);
}

interface Answer {
  readonly code: number;
  readonly text: string;
}

/** Undefined when there is no answer. */
function ask(admin: ShutdownOptions["admin"], method: string, path: string): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const outgoing = request({ ...admin, method, path, agent: false, timeout: 5000 }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ code: response.statusCode ?? 0, text })).on("error", () => resolve(undefined));
    });
    outgoing.on("timeout", () => outgoing.destroy());
    outgoing.on("error", () => resolve(undefined)).end();
  });
}

const flags = {
  "ready-timeout": "70s",
  "drain-timeout": "60s",
  "min-drain-duration": "10s",
  "exit-at-connections": "0",
  port: "19002",
  "admin-host": "localhost",
  "admin-port": "19000",
} as const;

/** The command `envoy-gateway envoy shutdown-manager`: runs until SIGTERM, and then until the drain is over. */
export async function shutdownManager(args: readonly string[]): Promise<void> {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, value]) => [name, { type: "string", default: value } as const]),
  );
  const { values } = parseArgs({ args: [...args], options });
  const text = (name: keyof typeof flags): string => String(values[name]);
  const log = (message: string): void =>
    void process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), message })}\n`);
  // First, because who reads that we listen may send it.
  const signal = new Promise<string>((resolve) => {
    for (const name of ["SIGTERM", "SIGINT"]) process.once(name, () => resolve(name));
  });
  const manager = await startShutdownManager({
    port: Number(text("port")),
    admin: { host: text("admin-host"), port: Number(text("admin-port")) },
    minDrainMs: milliseconds(text("min-drain-duration")),
    drainMs: Math.min(milliseconds(text("drain-timeout")), milliseconds(text("ready-timeout"))),
    exitAtConnections: Number(text("exit-at-connections")),
    log,
  });
  log(`listening on port ${manager.port}`);
  log(`${await signal}: waits for the drain`);
  await manager.terminate();
  manager.close();
}

/** "1m30s", "500ms". */
function milliseconds(duration: string): number {
  if (!/^(?:\d+(?:ms|h|m|s))+$/.test(duration)) throw new Error(`${duration} is no duration such as 1m30s`);
  const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  return duration.matchAll(/(\d+)(ms|h|m|s)/g).reduce((sum, [, count, unit = ""]) => sum + Number(count) * (units[unit] ?? 0), 0);
}
