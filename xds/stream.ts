// One client's stream: the only writer to it, and so the place where order, pace and repair come together. It is told of requests, of new
// snapshots and of time, and writes bytes; it knows nothing of gRPC, and never waits.

import type { Clock, Timing } from "./clock.ts";
import { diff, inSnapshot, lookup, type Delta } from "./diff.ts";
import {
  createLane,
  dueRemovals,
  forgetDoubts,
  forgetVersions,
  isIdle,
  mayWrite,
  nextWake,
  noteAccepted,
  noteSent,
  splitRefused,
  takeAnswered,
  type Lane,
  type Outstanding,
} from "./lane.ts";
import { holdBack } from "./hold-back.ts";
import { mustBeWrittenBefore, removedAtOnce, graceOf, removeOrder, routingTypes, sendOrder, sentAlone } from "./order.ts";
import type { Quarantine } from "./quarantine.ts";
import type { Resource, ResourceSet, Snapshot, TypeUrl } from "./resource.ts";
import { covers, doubt, heldVersion, record, subscribe, type Subscription } from "./subscription.ts";
import { isTypeUrl, typeUrls } from "./type-urls.ts";
import { encodeResponse, type DeltaRequest } from "./wire.ts";

export interface StreamOptions {
  readonly write: (pieces: readonly Uint8Array[]) => void;
  readonly clock: Clock;
  readonly timing: Timing;
  readonly quarantine: Quarantine;
  /** Everything of this type up to this snapshot version is written and answered. */
  readonly onSettled: (typeUrl: TypeUrl, snapshotVersion: number) => void;
  readonly onRefused: (
    typeUrl: TypeUrl,
    refused: { readonly names: readonly string[]; readonly resource?: Resource; readonly message: string },
  ) => void;
  /** What the quarantine lets through has changed: every stream of this proxy must look again. */
  readonly onQuarantineChanged: () => void;
}

export class AdsStream {
  readonly #options: StreamOptions;
  readonly #lanes = new Map<TypeUrl, Lane>(sendOrder.map((typeUrl) => [typeUrl, createLane(typeUrl)]));
  #snapshot: Snapshot | undefined;
  #nonces = 0;
  bytesSent = 0;
  /** Clusters sent before the client asked for any endpoints: their assignments are owed. */
  readonly #owed = new Set<string>();
  #cancelWake: () => void = () => {};
  /** One moment for a whole pump: else something could be too early to be sent, and then too late to be woken up for. */
  #now = 0;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  get lanes(): readonly Lane[] {
    return [...this.#lanes.values()];
  }

  /** A new snapshot, or undefined when the proxy has none any more: then the client keeps what it has. */
  publish(snapshot: Snapshot | undefined): void {
    this.#snapshot = snapshot;
    if (snapshot) this.#forgetReturned(snapshot);
    else this.#lanes.forEach(forgetVersions);
    this.pump();
  }

  receive(request: DeltaRequest): void {
    if (!isTypeUrl(request.typeUrl)) return;
    const lane = this.#lane(request.typeUrl);
    lane.subscription = subscribe(lane.subscription, request);
    if (request.nonce !== "") this.#answered(lane, request);
    this.pump();
  }

  /** Sends whatever may be sent now, in order. Called after everything that happens; calling it once too often sends nothing. */
  pump(): void {
    this.#cancelWake();
    this.#now = this.#options.clock.now();
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return;
    for (const lane of this.#lanes.values()) {
      this.#advance(lane, snapshot);
      if (lane.typeUrl === typeUrls.cluster) this.#payOwed(snapshot);
      this.#repair(lane, snapshot);
    }
    this.#lanes.forEach((lane) => this.#settle(lane));
    for (const typeUrl of new Set([...removeOrder, ...this.#lanes.keys()])) this.#remove(this.#lane(typeUrl), snapshot);
    this.#scheduleWake();
  }

  /** Sends this again if it may be sent, whatever the client was believed to have. */
  again(typeUrl: TypeUrl, name: string): void {
    const lane = this.#lanes.get(typeUrl);
    if (lane?.subscription === undefined) return;
    lane.subscription = doubt(lane.subscription, [name]);
    lane.settled = Math.min(lane.settled, lane.written - 1); // the answer is reported although the snapshot is no new one
    this.pump();
  }

  close(): void {
    this.publish(undefined);
  }

  #lane(typeUrl: TypeUrl): Lane {
    const known = this.#lanes.get(typeUrl);
    if (known) return known;
    const made = createLane(typeUrl);
    this.#lanes.set(typeUrl, made);
    return made;
  }

  #advance(lane: Lane, snapshot: Snapshot): void {
    if (lane.subscription === undefined) {
      lane.written = snapshot.version;
      return;
    }
    if (mustBeWrittenBefore(lane.typeUrl).some((earlier) => this.#lane(earlier).written < snapshot.version)) return;
    const delta = diff(lane.subscription, this.#view(lane, snapshot), this.#holdBack(lane, snapshot));
    const goneNow = removedAtOnce(lane.typeUrl) ? delta.gone.filter((name) => !inSnapshot(snapshot, lane, name)) : [];
    const due = delta.due || goneNow.length > 0;
    // What is due while the lane is busy stays in the diff and is taken, with whatever has come by then, when the answer is there.
    if (due && !this.#free(lane)) return;
    const before = lane.subscription;
    this.#adopt(lane, delta, snapshot);
    if (!due) return;
    if (goneNow.length > 0) lane.subscription = record(lane.subscription, [], goneNow);
    this.#send(lane, { updated: delta.updated, removed: [...delta.absent, ...goneNow] }, before);
    if (lane.typeUrl === typeUrls.cluster) this.#sendAssignments(delta.updated, snapshot);
  }

  #adopt(lane: Lane, delta: Delta, snapshot: Snapshot): void {
    lane.subscription = delta.next;
    lane.written = snapshot.version;
    lane.waiting = delta.waiting;
    if (removedAtOnce(lane.typeUrl)) return;
    for (const name of delta.gone) {
      if (lane.removals.has(name) || inSnapshot(snapshot, lane, name)) continue;
      lane.removals.set(name, { goneIn: snapshot.version, due: undefined });
    }
  }

  #send(lane: Lane, { updated, removed }: Pick<Outstanding, "updated" | "removed">, before: Subscription | undefined): void {
    if (sentAlone(lane.typeUrl) && updated.length + removed.length > 1) {
      for (const resource of updated) this.#send(lane, { updated: [resource], removed: [] }, before);
      for (const name of removed) this.#send(lane, { updated: [], removed: [name] }, before);
      return;
    }
    const nonce = String(++this.#nonces);
    const now = this.#now;
    const { fresh } = noteSent(lane, { nonce, updated, removed, since: now }, before);
    for (const { name, warms } of updated)
      if (warms && fresh.has(name)) lane.warming.set(name, now + this.#options.timing.warmingMs);
    const pieces = encodeResponse({ typeUrl: lane.typeUrl, nonce, updated, removed });
    for (const piece of pieces) this.bytesSent += piece.length;
    this.#options.write(pieces);
  }

  /**
   * The assignment of every cluster that was just sent, again even when it is unchanged: Envoy does not ask for a service name it already
   * knows, and would warm the cluster for 15 s. Goes at once, whatever else the endpoint lane has on its way.
   */
  #sendAssignments(clusters: readonly Resource[], snapshot: Snapshot): void {
    const names = clusters.map((cluster) => cluster.name);
    const listens = this.#lane(typeUrls.loadAssignment).subscription ?? this.#lane(typeUrls.listener).subscription;
    if (listens) this.#pushAssignments(names, snapshot);
    else for (const name of names) this.#owed.add(name);
  }

  /**
   * At its first start Envoy asks for endpoints as it sets up its clusters, and for listeners after them: until then it ignores a push and
   * needs none. After a reconnect it asks for what it had, so a new cluster on a service name it had is owed.
   */
  #payOwed(snapshot: Snapshot): void {
    const { subscription } = this.#lane(typeUrls.loadAssignment);
    if (this.#owed.size === 0) return;
    if (subscription === undefined && this.#lane(typeUrls.listener).subscription === undefined) return;
    const names = [...this.#owed].filter((name) => subscription === undefined || covers(subscription, name));
    this.#owed.clear();
    this.#pushAssignments(names, snapshot);
  }

  #pushAssignments(names: readonly string[], snapshot: Snapshot): void {
    const lane = this.#lane(typeUrls.loadAssignment);
    const resources = this.#view(lane, snapshot);
    const before = lane.subscription;
    const delta = before && diff(before, resources);
    if (delta) this.#adopt(lane, delta, snapshot);
    const changed = delta?.updated ?? [];
    const sent = new Set(changed.map((resource) => resource.name));
    const again = names.flatMap((name) => (sent.has(name) ? [] : (lookup(resources, name) ?? [])));
    if (lane.subscription) lane.subscription = record(lane.subscription, again, []);
    if (again.length > 0 || delta?.due)
      this.#send(lane, { updated: [...changed, ...again], removed: delta?.absent ?? [] }, before);
  }

  #answered(lane: Lane, { nonce, error }: DeltaRequest): void {
    const taken = takeAnswered(lane, nonce);
    if (taken === undefined) return;
    const accepted = error ? taken.earlier : [...taken.earlier, taken.answered];
    let changed = false;
    for (const response of accepted) {
      noteAccepted(lane, response);
      changed = this.#options.quarantine.accepted(lane.typeUrl, response.updated) || changed;
    }
    if (error) changed = this.#refused(lane, taken.answered, error.message) || changed;
    if (changed) this.#options.onQuarantineChanged();
  }

  /** True when a version was put into quarantine. */
  #refused(lane: Lane, response: Outstanding, message: string): boolean {
    const { updated, removed } = response;
    const names = [...updated.map((resource) => resource.name), ...removed];
    const [resource] = updated;
    const alone = names.length === 1 ? resource : undefined;
    this.#options.onRefused(lane.typeUrl, { names, message, ...(alone && { resource: alone }) });
    if (names.length > 1) splitRefused(lane, response);
    if (alone === undefined) return false;
    lane.doubtful.delete(alone.name);
    forgetDoubts(lane);
    return this.#options.quarantine.refused(lane.typeUrl, alone, message);
  }

  #repair(lane: Lane, snapshot: Snapshot): void {
    const { subscription } = lane;
    const now = this.#now;
    if (subscription === undefined || lane.repairs.length === 0 || !this.#free(lane) || lane.repairAt > now) return;
    const [names = [], ...rest] = lane.repairs;
    lane.repairs = rest;
    const resources = this.#view(lane, snapshot);
    const wanted = names.filter((name) => covers(subscription, name));
    const updated = wanted.flatMap((name) => lookup(resources, name) ?? []);
    const gone = wanted.filter((name) => !inSnapshot(snapshot, lane, name));
    // Only what was already being removed: what has gone since has its own time, after the grace; the client may have it or not.
    const removed = gone.filter((name) => heldVersion(subscription, name) === undefined);
    lane.subscription = doubt(record(subscription, updated, removed), gone);
    if (updated.length === 0 && removed.length === 0) {
      forgetDoubts(lane);
      this.#repair(lane, snapshot);
      return;
    }
    lane.repairAt = now + this.#options.timing.repairMs;
    this.#send(lane, { updated, removed }, subscription);
    if (lane.typeUrl === typeUrls.cluster) this.#sendAssignments(updated, snapshot);
  }

  #settle(lane: Lane): void {
    if (!lane.subscription || !isIdle(lane) || lane.written <= lane.settled) return;
    lane.settled = lane.written;
    this.#options.onSettled(lane.typeUrl, lane.settled);
  }

  #remove(lane: Lane, snapshot: Snapshot): void {
    if (lane.subscription === undefined || lane.removals.size === 0) return;
    const now = this.#now;
    const routing = routingTypes.map((typeUrl) => this.#lane(typeUrl));
    const routed = Math.min(...routing.map(({ subscription, settled }) => (subscription ? settled : Infinity)));
    const ready = dueRemovals(lane, { routed, now, graceMs: graceOf(lane.typeUrl, this.#options.timing) });
    if (ready.length === 0 || !this.#free(lane)) return;
    for (const name of ready) lane.removals.delete(name);
    const { subscription } = lane;
    const removed = ready.filter((name) => heldVersion(subscription, name) !== undefined && !inSnapshot(snapshot, lane, name));
    if (removed.length === 0) return;
    lane.subscription = record(subscription, [], removed);
    this.#send(lane, { updated: [], removed }, subscription);
  }

  /** A resource that is back within the grace is not removed, and the grace starts anew when it goes again. */
  #forgetReturned(snapshot: Snapshot): void {
    for (const lane of this.#lanes.values()) {
      for (const name of lane.removals.keys()) if (inSnapshot(snapshot, lane, name)) lane.removals.delete(name);
    }
  }

  #view(lane: Lane, snapshot: Snapshot): ResourceSet {
    return this.#options.quarantine.view(snapshot, lane.typeUrl);
  }

  #holdBack(lane: Lane, snapshot: Snapshot): ((resource: Resource) => boolean) | undefined {
    const view = (other: Lane): ResourceSet => this.#view(other, snapshot);
    const { warmingMs } = this.#options.timing;
    return holdBack(lane, { snapshot, lane: (typeUrl) => this.#lane(typeUrl), view, now: this.#now, warmingMs });
  }

  #free(lane: Lane): boolean {
    return mayWrite(lane, this.#now, this.#options.timing.warmingMs);
  }

  /** The next moment at which something may be sent although nothing has happened. */
  #scheduleWake(): void {
    const next = nextWake(this.#lanes.values(), this.#now, this.#options.timing.warmingMs);
    if (next !== undefined) this.#cancelWake = this.#options.clock.after(next - this.#now, () => this.pump());
  }
}
