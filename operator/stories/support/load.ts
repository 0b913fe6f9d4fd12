// Constant load during edits: half of the clients keep their connection, half take a new one for each request. Every answer is compared with
// what the API asked for at any time between the request and its answer.

import { Agent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { ask, short } from "./client.ts";

export interface Load {
  /** From now on these answers are right. During an edit that is the old and the new one. */
  allow(...answers: readonly string[]): void;
  /** Resolves after `more` further answers. */
  served(more: number): Promise<void>;
  /** Ends the load once at least so many were answered; gives the wrong answers, each with how often it came, and how many there were in all. */
  stop(least?: number): Promise<{ readonly wrong: Readonly<Record<string, number>>; readonly count: number }>;
}

export interface LoadOptions {
  readonly port: number;
  /** What is asked, in turn. */
  readonly lines: readonly string[];
  /** TLS with this server name. */
  readonly sni?: string;
  readonly clients?: number;
}

export function startLoad({ port, lines, sni, clients = 8 }: LoadOptions, ...first: readonly string[]): Load {
  const allowed: (readonly string[])[] = [first];
  const wrong: Record<string, number> = {};
  const agents: (Agent | TlsAgent)[] = [];
  let count = 0;
  let stopped = false;

  async function client(index: number): Promise<void> {
    const keeps = index % 2 === 0;
    const options = { keepAlive: true, maxSockets: 1 };
    const agent = keeps ? (sni === undefined ? new Agent(options) : new TlsAgent(options)) : undefined;
    if (agent !== undefined) agents.push(agent);
    for (let turn = index; !stopped; turn++) {
      const line = lines[turn % lines.length]!;
      const start = allowed.length - 1;
      const answer = short(await ask(port, line, { ...(agent && { agent }), ...(sni !== undefined && { sni }) }));
      count++;
      if (allowed.slice(start).some((answers) => answers.includes(answer))) continue;
      const what = `${keeps ? "kept" : "new"} connection, ${line}: ${answer} instead of ${allowed.at(-1)!.join(" or ")}`;
      wrong[what] = (wrong[what] ?? 0) + 1;
    }
  }

  const running = Array.from({ length: clients }, (_, index) => client(index));
  const served = async (more: number): Promise<void> => {
    const end = count + more;
    while (count < end) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  return {
    allow: (...answers) => void allowed.push(answers),
    served,
    async stop(least = 0) {
      await served(least - count);
      stopped = true;
      await Promise.all(running);
      for (const agent of agents) agent.destroy();
      return { wrong, count };
    },
  };
}
