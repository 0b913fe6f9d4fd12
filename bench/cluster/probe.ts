// What users of a cluster wait for: from the creation of a route to its first answer, among many other routes; and how a Gateway counts them.
// The same questions for every implementation: only the API server and the proxy are talked to, never the control plane.

import { Agent, request } from "node:http";
import { readFileSync } from "node:fs";
import type { KubernetesClient } from "../../operator/kubernetes/client.ts";

/** One implementation under measurement. */
export interface Subject {
  readonly client: KubernetesClient;
  /** Gateway "default/<name>" and the address of its proxy. */
  readonly gateway: string;
  readonly address: string;
  /** The process of the control plane. */
  readonly pid: number;
  /** Of the Gateway's one proxy. */
  readonly proxyPid: number;
}

/** One row of the table. Milliseconds, seconds of CPU, MB. */
export interface PropagationRow {
  readonly routes: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** Answers other than 404 (not there yet) and 200 while routes were added. */
  readonly wrong_answers: number;
  /** Of the control plane, for each route added one by one. */
  readonly cpu_s_per_route: number;
  /** Of the proxy, likewise: what no control plane can save that sends the same table. */
  readonly envoy_cpu_s_per_route: number;
  readonly rss_mb: number;
  /** From the last of the routes before to its first answer, when 16 writers create them. */
  readonly fill_s: number;
}

export const routesPath = "/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes";
const writers = 16;
const gapMs = 50;

/** A route with a host of its own: one rule to the live Service "echo", one to a Service that does not exist. */
function route(gateway: string, i: number): object {
  const filter = { type: "RequestHeaderModifier", requestHeaderModifier: { add: [{ name: "added-header", value: "v" }] } };
  const answer = { type: "ResponseHeaderModifier", responseHeaderModifier: { add: [{ name: "added-resp-header", value: "v" }] } };
  const prefix = (value: string): object => ({ path: { type: "PathPrefix", value } });
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: nameOf(i), namespace: "default", labels: { bench: gateway } },
    spec: {
      hostnames: [hostOf(i)],
      parentRefs: [{ name: gateway }],
      rules: [
        { matches: [prefix(`/${i}`)], backendRefs: [{ name: "echo", port: 80 }], filters: [filter, answer] },
        { matches: [prefix("/")], backendRefs: [{ name: "invalid-backend", port: 80 }], filters: [filter] },
      ],
    },
  };
}

const nameOf = (i: number): string => `route-${i}`;
const hostOf = (i: number): string => `${i}-route.example.com`;

export function createProbe({ client, gateway, address, pid, proxyPid }: Subject) {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  let there = 0;
  let wrong = 0;

  function ask(i: number): Promise<number> {
    return new Promise((resolve) => {
      const headers = { host: hostOf(i) };
      const outgoing = request({ host: address, port: 80, path: `/${i}`, headers, agent, timeout: 2000 }, (answer) => {
        answer.resume();
        answer.on("end", () => resolve(answer.statusCode ?? 0));
      });
      outgoing.on("timeout", () => outgoing.destroy());
      outgoing.on("error", () => resolve(0));
      outgoing.end();
    });
  }

  async function untilServed(i: number, deadlineMs = 300_000): Promise<void> {
    const end = performance.now() + deadlineMs;
    for (;;) {
      const status = await ask(i);
      if (status === 200) return;
      if (status !== 404) wrong++;
      if (performance.now() > end)
        throw new Error(`route ${i} of Gateway ${gateway} was not served within ${deadlineMs} ms: ${status}`);
      await pause(2);
    }
  }

  const create = (i: number): Promise<unknown> => client.call({ method: "POST", path: routesPath, body: route(gateway, i) });

  /** Creates routes until there are so many, and waits until the control plane rests. Seconds until the last one answered. */
  async function fill(routes: number): Promise<number> {
    if (routes <= there) return 0;
    const start = performance.now();
    await concurrently(writers, there, routes, create);
    there = routes;
    await untilServed(routes - 1);
    const took = (performance.now() - start) / 1000;
    await resting(pid);
    return took;
  }

  return {
    fill,
    /** Adds routes one by one. */
    async propagation(routes: number, samples: number): Promise<PropagationRow> {
      const fillSeconds = await fill(routes);
      wrong = 0;
      const [cpu, envoyCpu] = [cpuSeconds(pid), cpuSeconds(proxyPid)];
      const times: number[] = [];
      for (let k = 0; k < samples; k++) {
        const i = there++;
        const start = performance.now();
        await create(i);
        await untilServed(i);
        times.push(performance.now() - start);
        await pause(gapMs);
      }
      return {
        routes,
        p50_ms: quantile(times, 0.5),
        p99_ms: quantile(times, 0.99),
        wrong_answers: wrong,
        cpu_s_per_route: round((cpuSeconds(pid) - cpu) / samples, 4),
        envoy_cpu_s_per_route: round((cpuSeconds(proxyPid) - envoyCpu) / samples, 4),
        rss_mb: rss(pid),
        fill_s: round(fillSeconds, 1),
      };
    },
    /** Deletes all routes; resolves when the control plane rests. */
    async clear(): Promise<void> {
      await client.call({ method: "DELETE", path: routesPath, query: { labelSelector: `bench=${gateway}` }, timeoutMs: 120_000 });
      there = 0;
      await resting(pid);
    },
    close: () => agent.destroy(),
  };
}

export async function concurrently(
  width: number,
  from: number,
  to: number,
  task: (i: number) => Promise<unknown>,
): Promise<void> {
  let next = from;
  const worker = async (): Promise<void> => {
    while (next < to) await task(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** Resolves when the process has used little CPU for three seconds. */
async function resting(pid: number, deadlineMs = 240_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  let before = cpuSeconds(pid);
  for (let idle = 0; idle < 3 && performance.now() < end;) {
    await pause(1000);
    const now = cpuSeconds(pid);
    idle = now - before < 0.05 ? idle + 1 : 0;
    before = now;
  }
}

/** User and system time of a process (proc(5): fields 14 and 15 of stat, in hundredths). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function rss(pid: number): number {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024);
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0, 1);
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
