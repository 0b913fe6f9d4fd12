// What is known of the Envoys of each proxy, as cells of the store: which run (infrastructure tells) and which have acknowledged their
// listeners (the xDS server tells).

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
  /** The stream runs its listeners. */
  ready(stream: Stream): void;
  disconnected(stream: Stream): void;
  /** Whether a process of this proxy runs or is about to. */
  runs(proxy: string): boolean;
  /** Whether every proxy that should run has an Envoy that is ready. */
  allReady(): boolean;
}

export function createProxyStates(push: (change: Change) => void): ProxyStates {
  const running = new Map<string, RunningProxy>();
  const streams = new Map<string, Set<number>>();

  function write(proxy: string): void {
    const state = running.get(proxy);
    if (state === undefined) return; // an Envoy of somebody else, or one on its way out
    const name = nameOf(proxy);
    const { wanted, addresses, trouble } = state;
    const ready = streams.get(proxy)?.size ?? 0;
    const object: ProxyState = { metadata: { name }, proxy, ready, wanted, addresses, ...(trouble && { trouble }) };
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
      push({ type: "deleted", kind: "ProxyState", key: `/${nameOf(proxy)}` });
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
    allReady: () => running.keys().every((proxy) => (streams.get(proxy)?.size ?? 0) > 0),
  };
}

/** A proxy's name as that of an object. */
function nameOf(proxy: string): string {
  return proxy.replaceAll("/", "~");
}
