// What is known of the Envoys of each proxy, as cells of the store: which run (infrastructure tells), which have acknowledged their listeners
// (the xDS server tells), and what is in the way of running them as asked.

import type { ProxyState } from "../store/cells.ts";
import type { Change } from "../store/db.ts";
import type { RunningProxy } from "./infrastructure.ts";

/** One stream of one proxy. */
interface Stream {
  readonly proxy: string;
  readonly stream: number;
}

export interface ProxyStates {
  running(proxy: string, state: RunningProxy): void;
  /** No process of it is left. */
  gone(proxy: string): void;
  /** The infrastructure would not take what the proxy calls for, in one sentence; undefined: it has taken it. */
  refused(proxy: string, why: string | undefined): void;
  /** The stream runs its listeners. */
  ready(stream: Stream): void;
  disconnected(stream: Stream): void;
  /** Whether a process of this proxy runs or is about to. */
  runs(proxy: string): boolean;
  /** Whether every proxy that should run has an Envoy that is ready. */
  allReady(): boolean;
}

const notRunning: RunningProxy = { wanted: 0, addresses: [] };

export function createProxyStates(push: (change: Change) => void): ProxyStates {
  const running = new Map<string, RunningProxy>();
  const refusals = new Map<string, string>();
  const streams = new Map<string, Set<number>>();
  const written = new Set<string>();

  /** An Envoy of ours speaks to one replica of ours, but all replicas see which pods are ready: ready means acknowledged, to somebody. */
  function readyOf(proxy: string): number {
    return Math.max(streams.get(proxy)?.size ?? 0, running.get(proxy)?.ready ?? 0);
  }

  function write(proxy: string): void {
    const name = nameOf(proxy);
    const refused = refusals.get(proxy);
    if (!running.has(proxy) && refused === undefined) {
      // Without a process, streams are of Envoys of somebody else, or of one on its way out.
      if (written.delete(proxy)) push({ type: "deleted", kind: "ProxyState", key: `/${name}` });
      return;
    }
    const { wanted, addresses, trouble } = running.get(proxy) ?? notRunning;
    const object: ProxyState = {
      metadata: { name },
      proxy,
      ready: readyOf(proxy),
      wanted,
      addresses,
      ...(trouble && { trouble }),
      ...(refused && { refused }),
    };
    written.add(proxy);
    push({ type: "applied", kind: "ProxyState", object });
  }

  return {
    running(proxy, state) {
      running.set(proxy, state);
      write(proxy);
    },
    gone(proxy) {
      running.delete(proxy);
      streams.delete(proxy);
      write(proxy);
    },
    refused(proxy, why) {
      if (refusals.get(proxy) === why) return;
      if (why === undefined) refusals.delete(proxy);
      else refusals.set(proxy, why);
      write(proxy);
    },
    ready({ proxy, stream }) {
      const known = streams.get(proxy) ?? new Set();
      if (known.has(stream)) return;
      streams.set(proxy, known.add(stream));
      write(proxy);
    },
    disconnected({ proxy, stream }) {
      if (streams.get(proxy)?.delete(stream)) write(proxy);
    },
    runs: (proxy) => running.has(proxy),
    allReady: () => running.keys().every((proxy) => readyOf(proxy) > 0),
  };
}

/** A proxy's name as that of an object. */
function nameOf(proxy: string): string {
  return proxy.replaceAll("/", "~");
}
