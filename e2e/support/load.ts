// Requests that never stop, and what was wrong with their answers: for changes that nobody should notice.

import { Agent, request } from "node:http";

export interface Load {
  /** Stops; how many were answered as they should be, and what the others got, by how often. */
  stop(): Promise<{ readonly good: number; readonly bad: Readonly<Record<string, number>> }>;
  /** Resolves when so many more were answered well. */
  more(count: number): Promise<void>;
}

const workers = 4;
const gapMs = 10;

/** Connections are kept alive, as clients do; one that the proxy closed before a request went out is not a failed request. */
export function startLoad(target: { readonly address: string; readonly host: string; readonly path?: string }): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: workers });
  const bad: Record<string, number> = {};
  let good = 0;
  let stopped = false;

  function once(): Promise<string> {
    return new Promise((resolve) => {
      const options = { host: target.address, port: 80, path: target.path ?? "/", headers: { host: target.host }, agent };
      const outgoing = request({ ...options, timeout: 10_000 }, (answer) => {
        answer.resume();
        answer.on("end", () => resolve(String(answer.statusCode)));
        answer.on("error", (cause) => resolve(`cut: ${cause.message}`));
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error("no answer within 10 s")));
      outgoing.on("error", (cause: NodeJS.ErrnoException) =>
        resolve(outgoing.reusedSocket && cause.code === "ECONNRESET" ? "again" : (cause.code ?? cause.message)),
      );
      outgoing.end();
    });
  }

  async function worker(): Promise<void> {
    while (!stopped) {
      const result = await once();
      if (result === "200") good++;
      else if (result !== "again") bad[result] = (bad[result] ?? 0) + 1;
      await new Promise((resolve) => void setTimeout(resolve, gapMs));
    }
  }
  const working = Promise.all(Array.from({ length: workers }, worker));

  return {
    async stop() {
      stopped = true;
      await working;
      agent.destroy();
      return { good, bad };
    },
    async more(count) {
      const wanted = good + count;
      while (good < wanted && !stopped) await new Promise((resolve) => void setTimeout(resolve, gapMs));
    },
  };
}
