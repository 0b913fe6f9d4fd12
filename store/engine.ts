// The incremental engine: nodes that remember values, who read whom, and what may be stale. Push "maybe stale" marks, pull values.
// Knows nothing of objects or kinds. The idea is salsa's red-green algorithm with push marks as in signal libraries; a stale node checks
// only the reads that were marked (its suspects), so that verifying a query with 10,000 reads costs as much as what changed.

import { share } from "./share.ts";

/** A remembered value: an input (no compute) or the result of a query. */
export interface Node {
  readonly label: string;
  readonly keys: readonly string[];
  readonly compute: (() => unknown) | undefined;
  /** Forgets the node where it is registered; called when nothing reaches it any more. */
  readonly forget: () => void;
  value: unknown;
  /** Clock of the last real change of the value. */
  changedAt: number;
  /** Clock at which the value was last known to be true. */
  verifiedAt: number;
  stale: boolean;
  /** Must run again whatever its reads say: never ran, or threw. */
  dirty: boolean;
  running: boolean;
  /** Pulled from outside any query: kept although nothing reads it. */
  root: boolean;
  reads: Node[];
  readonly readers: Set<Node>;
  /** Reads that may have changed since verifiedAt. */
  readonly suspects: Set<Node>;
  /** Serial of the run that recorded it last; avoids most double records. */
  recordedBy: number;
}

interface Frame {
  readonly node: Node;
  readonly run: number;
  readonly reads: Node[];
}

export interface Engine {
  /** A new input node; `forget` is called when nothing reads it any more. */
  input(spec: { readonly value: unknown; readonly forget: () => void }): Node;
  /** A new query node; runs at its first pull. */
  query(spec: Pick<Node, "label" | "keys" | "forget"> & { readonly compute: () => unknown }): Node;
  /** The true value of a node; recorded as a read of the running query, if any. */
  read(node: Node): unknown;
  /** The true value of a node, as if asked from outside: not recorded, and kept as a root. */
  pull(node: Node): unknown;
  /** Gives an input a new value (the caller knows that it differs) and marks what depends on it. */
  write(node: Node, value: unknown): void;
  /** Starts a new moment: writes after it are newer than everything verified before it. */
  tick(): void;
  /** Roots that were marked and not pulled since. */
  staleRoots(): IterableIterator<Node>;
  /** Drops these roots, and all that only they needed. */
  drop(roots: Iterable<Node>): void;
  /** Roots that were marked at or before this clock and not pulled since. */
  rootsStaleSince(clock: number): readonly Node[];
  readonly clock: number;
  /** Query nodes that ran since forgetRan() was last called, oldest first. */
  readonly ran: readonly Node[];
  forgetRan(): void;
}

export function createEngine(): Engine {
  const stack: Frame[] = [];
  const staleRoots = new Map<Node, number>();
  let clock = 1; // 0 means never
  let runs = 0;
  let ran: Node[] = [];
  const orphans: Node[] = [];
  /** Results that were compared with what they replaced. Queries that put them into theirs need not compare them again, at every level. */
  const shareds = new WeakSet<object>();

  function mark(node: Node, suspect: Node): void {
    node.suspects.add(suspect);
    if (node.stale) return;
    node.stale = true;
    if (node.root) staleRoots.set(node, clock);
    for (const reader of node.readers) mark(reader, node);
  }

  function refresh(node: Node): void {
    if (node.running) throw new Error(cycle(stack, node));
    if (!node.stale) return;
    if (node.dirty || suspectsChanged(node)) run(node);
    node.verifiedAt = clock;
    node.stale = false;
    node.suspects.clear();
  }

  function suspectsChanged(node: Node): boolean {
    if (node.suspects.size === 0) return false;
    // In the order of reading: a read that depended on an earlier one is not looked at when the earlier one changed.
    const ordered = node.suspects.size === 1 ? node.suspects : node.reads.filter((read) => node.suspects.has(read));
    node.running = true;
    try {
      for (const read of ordered) {
        if (read.stale) refresh(read);
        if (read.changedAt > node.verifiedAt) return true;
      }
      return false;
    } finally {
      node.running = false;
    }
  }

  function run(node: Node): void {
    const frame: Frame = { node, run: ++runs, reads: [] };
    stack.push(frame);
    node.running = true;
    node.dirty = true; // until it has finished: a query that throws runs again at the next pull
    let next: unknown;
    try {
      next = node.compute!();
    } finally {
      stack.pop();
      node.running = false;
      link(node, frame.reads);
    }
    node.dirty = false;
    ran.push(node);
    const shared = node.changedAt === 0 ? next : share(node.value, next, shareds);
    if (node.changedAt !== 0 && typeof shared === "object" && shared !== null) shareds.add(shared);
    if (node.changedAt === 0 || !Object.is(shared, node.value)) {
      node.value = shared;
      node.changedAt = clock;
    }
  }

  function link(node: Node, reads: Node[]): void {
    const old = node.reads;
    node.reads = reads;
    if (old.length === reads.length && old.every((read, i) => read === reads[i])) return;
    for (const read of reads) read.readers.add(node);
    if (old.length === 0) return;
    const kept = new Set(reads);
    for (const read of old) if (!kept.has(read)) unlink(read, node);
  }

  function unlink(read: Node, reader: Node): void {
    read.readers.delete(reader);
    if (read.readers.size === 0 && !read.root) orphans.push(read);
  }

  function dropOrphans(): void {
    for (let node = orphans.pop(); node !== undefined; node = orphans.pop()) {
      if (node.readers.size > 0 || node.root) continue;
      node.forget();
      for (const read of node.reads) unlink(read, node);
      node.reads = [];
      node.dirty = true;
      node.stale = true;
    }
  }

  function newNode(spec: Pick<Node, "label" | "keys" | "forget" | "compute" | "value">): Node {
    const isQuery = spec.compute !== undefined;
    return {
      ...spec,
      changedAt: 0,
      verifiedAt: 0,
      stale: isQuery,
      dirty: isQuery,
      running: false,
      root: false,
      reads: [],
      readers: new Set(),
      suspects: new Set(),
      recordedBy: 0,
    };
  }

  return {
    input: (spec) => newNode({ ...spec, label: "", keys: [], compute: undefined }),
    query: (spec) => newNode({ ...spec, value: undefined }),
    read(node) {
      const frame = stack.at(-1);
      if (frame === undefined) node.root = node.compute !== undefined;
      if (node.running || node.stale) refresh(node);
      if (frame === undefined) {
        staleRoots.delete(node);
        dropOrphans();
      } else if (node.recordedBy !== frame.run) {
        node.recordedBy = frame.run;
        frame.reads.push(node);
      }
      return node.value;
    },
    pull(node) {
      node.root = true;
      if (node.running || node.stale) refresh(node);
      staleRoots.delete(node);
      return node.value;
    },
    write(node, value) {
      node.value = value;
      node.changedAt = clock;
      for (const reader of node.readers) mark(reader, node);
    },
    tick: () => void clock++,
    staleRoots: () => staleRoots.keys(),
    drop(roots) {
      for (const node of roots) {
        staleRoots.delete(node);
        node.root = false;
        if (node.readers.size === 0) orphans.push(node);
      }
      dropOrphans();
    },
    rootsStaleSince(limit) {
      const found: Node[] = [];
      for (const [node, since] of staleRoots) {
        if (since > limit) break; // insertion order is clock order
        found.push(node);
      }
      return found;
    },
    get clock() {
      return clock;
    },
    get ran() {
      return ran;
    },
    forgetRan: () => void (ran = []),
  };
}

function cycle(stack: readonly Frame[], node: Node): string {
  const from = stack.findIndex((frame) => frame.node === node);
  const path = stack.slice(Math.max(from, 0)).map((frame) => describe(frame.node));
  return `query cycle: ${[...path, describe(node)].join(" -> ")}`;
}

/** "name(key,key)": how tests and logs call a node. */
export function describe(node: Node): string {
  return node.keys.length === 0 ? node.label : `${node.label}(${node.keys.join(",")})`;
}
