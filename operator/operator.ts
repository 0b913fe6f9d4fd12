// Changes → queue → store → xDS, proxies and status: what a single machine (standalone.ts) and a cluster (cluster.ts) have in common. They bring
// where objects come from, what runs the proxies and where statuses go. Everything with effects meets here; nothing is decided.

import { keyOf, type ObjectKey } from "../store/key.ts";
import type { Change } from "../store/db.ts";
import type { Kind } from "../store/kinds.ts";
import { createStore, type Store } from "../store/store.ts";
import { createXdsServer, type XdsServer, type XdsServerOptions } from "../xds/server.ts";
import type { WallClock } from "./clock.ts";
import type { Endings } from "./endings.ts";
import { createExpiryWatch, type ExpiryWatch } from "./expiry.ts";
import { createFeedback, type Feedback } from "./feedback.ts";
import type { Infrastructure } from "./infrastructure.ts";
import { createMetrics, type Batch, type Metrics, type Readings } from "./metrics.ts";
import { createPublisher, type Publisher } from "./publisher.ts";
import { debounced, type Queue, type Timing } from "./queue.ts";
import { createOwnedLoop, type OwnedLoop } from "./reconcile.ts";
import { createStatusLoop, type StatusWriter } from "./status.ts";
import type { Logs } from "./telemetry.ts";

/** What every run has, wherever it runs. */
export interface Ground {
  readonly clock: WallClock;
  readonly logs: Logs;
  readonly endings: Endings;
}

/** What differs between a single machine and a cluster. Functions that take the store or the feedback are called once. */
export interface Surroundings extends Ground {
  readonly debounce: Timing;
  /** Where the xDS server listens, and how it knows its clients. */
  readonly xds: Pick<XdsServerOptions, "host" | "port" | "tls" | "authenticate">;
  readonly infrastructure: (feedback: Feedback) => Infrastructure;
  readonly statusWriter: (store: Store) => StatusWriter;
  /** Whether owned objects are ours to write now; asked before each write. */
  readonly writes: () => boolean;
  /** Fetches what queries have asked for and the source does not bring by itself; asked after each batch, before it is published. */
  readonly complete?: (store: Store) => Promise<readonly Change[]>;
  /** Hears of every cell that the proxies' feedback writes. */
  readonly onFeedback?: (change: Change) => void;
  /** A batch has been published. */
  readonly onFlushed?: () => void;
  /** Things wrong in what objects are read from, for the metrics. */
  readonly problems: () => number;
  readonly watches?: Readings["watches"];
}

/** The parts of a run, for those who feed it and ask it. */
export interface Operator {
  readonly store: Store;
  /** Changes pushed before `start()` are held. */
  readonly queue: Queue<Change>;
  readonly xds: XdsServer;
  readonly feedback: Feedback;
  readonly publisher: Publisher;
  readonly metrics: Metrics;
  readonly owned: OwnedLoop;
}

/** Puts the parts together; nothing runs before the queue is started and the xDS server listens. Everything ends with `endings`. */
export function createOperator(surroundings: Surroundings): Operator {
  const { clock, logs, endings } = surroundings;
  const store = createStore();
  const push = (change: Change): void => queue.push(change);
  const tell = (change: Change): void => {
    surroundings.onFeedback?.(change);
    push(change);
  };
  const feedback = createFeedback({ push: tell, retry: (refused) => xds.retry(refused), clock });
  const metrics = createMetrics({
    queued: () => queue.size(),
    streams: () => xds.streams(),
    fileProblems: surroundings.problems,
    ...(surroundings.watches && { watches: surroundings.watches }),
  });
  const xds: XdsServer = createXdsServer({
    ...surroundings.xds,
    clock,
    log: (message, fields) => void logs.xds.info(message, fields),
    onAcknowledged: (acknowledgement) => feedback.acknowledged(acknowledgement, publisher.snapshots),
    onDisconnected: (client) => feedback.states.disconnected(client),
    onRefused(refused) {
      metrics.refused(refused.proxy, refused.typeUrl);
      feedback.refused(store, refused);
    },
  });
  endings.add(() => xds.close());
  const publisher = publisherOf({ store, xds, feedback, metrics, logs });
  const owned = ownedLoop(surroundings, store, feedback);
  const expiry = createExpiryWatch({ store, clock, push });
  endings.add(() => expiry.stop());
  const flush = flushOf(surroundings, { store, publisher, owned, metrics, expiry });
  const queue = debounced<Change>(flush, surroundings.debounce);
  endings.add(() => (queue.close(), feedback.stop()));
  expiry.tell();
  return { store, queue, xds, feedback, publisher, metrics, owned };
}

type Flushing = Pick<Operator, "store" | "publisher" | "owned" | "metrics"> & { readonly expiry: ExpiryWatch };

/** One batch, one revision: proxies first, then what runs them, then status. */
function flushOf(
  { clock, logs, statusWriter, complete, onFlushed }: Surroundings,
  { store, publisher, owned, metrics, expiry }: Flushing,
) {
  const writer = statusWriter(store);
  const statuses = createStatusLoop(store, writer, clock.today);
  return async (batch: readonly Change[]): Promise<void> => {
    const start = performance.now();
    const changes = [...store.apply(batch)];
    let queries = 0;
    // What is asked for may ask for more; a batch is published when it does not, or after so many rounds.
    for (let round = 0; complete !== undefined && round < mostRounds; round++) {
      publisher.rehearse();
      const more = await complete(store);
      if (more.length === 0) break;
      queries += store.computed.length;
      changes.push(...store.apply(more));
    }
    const resources = publisher.publish();
    const ms = Math.round((performance.now() - start) * 10) / 10;
    owned.wake();
    const written = await statuses.settle(changes);
    for (const [kind, key] of touched(batch)) writer.seen?.(kind, key);
    expiry.look();
    queries += store.computed.length;
    onFlushed?.();
    report({ changes: changes.length, queries, resources, statuses: written, ms }, { store, metrics, logs });
  };
}

const mostRounds = 3;

function touched(batch: readonly Change[]): readonly (readonly [Kind, ObjectKey])[] {
  return batch.map((change) => [change.kind, change.type === "applied" ? keyOf(change.object) : change.key]);
}

type Publishing = Pick<Operator, "store" | "xds" | "feedback" | "metrics"> & { readonly logs: Logs };

function publisherOf({ store, xds, feedback, metrics, logs }: Publishing): Publisher {
  const told = new Map<string, string>();
  return createPublisher({
    store,
    xds,
    runs: (proxy) => feedback.states.runs(proxy),
    onTranslated(snapshot, heldBack) {
      feedback.translated(snapshot, heldBack);
      metrics.snapshot(snapshot.proxy, snapshot.version, heldBack.length);
      const now = heldBack.map(({ resource, message }) => `held back ${resource}: ${message}`);
      if (told.get(snapshot.proxy) !== now.join("\n")) for (const line of now) logs.xds.warn(line);
      told.set(snapshot.proxy, now.join("\n"));
    },
    onWithdrawn(proxy) {
      told.delete(proxy);
      feedback.withdrawn(proxy);
      metrics.forget(proxy);
    },
    onFault(proxy, cause) {
      metrics.fault();
      logs["gateway-api"].error(`translation of ${proxy} failed`, {
        error: cause instanceof Error ? cause.stack : String(cause),
      });
    },
  });
}

function ownedLoop({ infrastructure: make, writes, logs, endings }: Surroundings, store: Store, feedback: Feedback): OwnedLoop {
  const infrastructure = make(feedback);
  const complain = (message: string): void => void logs.infrastructure.error(message);
  const owned = createOwnedLoop({ store, infrastructure, writes, complain });
  endings.add(async () => {
    // At the same time: an owner that waits for a proxy to drain is done when that is cut short.
    await Promise.all([owned.close(), infrastructure.close()]);
  });
  return owned;
}

function report(batch: Batch, { store, metrics, logs }: Pick<Operator, "store" | "metrics"> & { readonly logs: Logs }): void {
  metrics.batch(batch);
  const { changes, queries, resources, ms } = batch;
  const line = `revision ${store.revision}: ${changes} changes, ${queries} queries, ${resources} resources, ${ms} ms`;
  logs["gateway-api"].info(line, { revision: store.revision, ...batch });
  for (const fault of store.faults) {
    metrics.fault();
    logs["gateway-api"].error(fault.message, { error: fault.stack });
  }
}
