// A cluster: objects from its API server, Envoys as its Deployments, statuses written back to it. Every replica translates and serves its
// proxies; the one that leads writes. Nothing is decided here.

import type { Change } from "../store/db.ts";
import { systemClock } from "./clock.ts";
import { operatorConfig, type OperatorOptions } from "./config.ts";
import type { Edits } from "./config-edits.ts";
import { createEndings } from "./endings.ts";
import type { Feedback } from "./feedback.ts";
import { createAuthority } from "./kubernetes/authority.ts";
import { createKubernetesClient, type KubernetesClient } from "./kubernetes/client.ts";
import { createEventRecorder, type EventsOptions } from "./kubernetes/events.ts";
import { createHealth, type Health } from "./kubernetes/health.ts";
import { createClusterInfrastructure } from "./kubernetes/infrastructure.ts";
import { createLease } from "./kubernetes/lease.ts";
import { ownerOfProxy } from "./kubernetes/owned-object.ts";
import { createProxyIdentity } from "./kubernetes/proxy-identity.ts";
import { watchProxies } from "./kubernetes/proxy-watch.ts";
import { createReferences, type References } from "./kubernetes/references.ts";
import { reflect, reflectIn } from "./kubernetes/reflector.ts";
import { createReplicaReports, type ReplicaReports, reportLabel } from "./kubernetes/replica-reports.ts";
import { watchCluster } from "./kubernetes/source.ts";
import { type ClusterStatusWriter, createClusterStatusWriter } from "./kubernetes/status.ts";
import { createSettings, heed, type Settings } from "./kubernetes/settings.ts";
import { createTokenReview } from "./kubernetes/token-review.ts";
import { createLeaderElection, type LeaderElection } from "./leader.ts";
import { createOperator, type Ground, type Operator } from "./operator.ts";
import { servePages } from "./pages.ts";
import { createSeenStatuses } from "./status.ts";
import { createLogs } from "./telemetry.ts";

/** What the parts of a run share. */
interface Cluster extends Ground {
  readonly options: OperatorOptions;
  readonly client: KubernetesClient;
  readonly signal: AbortSignal;
  readonly health: Health;
}

/**
 * Runs until the signal aborts, or an edit of the config file asks for another beginning: with what it resolves to. Rejects with one clear
 * sentence when it cannot start. The proxies go on without it. */
export async function runOperator(
  options: OperatorOptions,
  signal: AbortSignal,
  edits?: Edits<OperatorOptions>,
): Promise<OperatorOptions | undefined> {
  const clock = systemClock;
  const endings = createEndings();
  let next: OperatorOptions | undefined;
  // Also when it cannot start: nothing goes on watching.
  const end = new AbortController();
  signal.addEventListener("abort", () => end.abort());
  if (signal.aborted) end.abort();
  try {
    const logs = createLogs(options);
    const client = createKubernetesClient(options);
    endings.add(client.close);
    const cluster: Cluster = { clock, logs, endings, options, client, signal: end.signal, health: createHealth(clock) };
    const parts = createParts(cluster);
    await open(cluster, parts);
    certify(cluster, parts);
    follow(cluster, parts);
    const again = (edited: OperatorOptions): void => {
      next = edited;
      end.abort();
    };
    if (edits !== undefined) void heed(edits, { ...cluster, settings: parts.settings, again });
    await feed(cluster, parts);
  } catch (cause) {
    if (!end.signal.aborted || cause !== end.signal.reason) throw cause;
  } finally {
    end.abort();
    await endings.run();
  }
  return signal.aborted ? undefined : next;
}

function serverNames({ xdsServerName, namespace }: OperatorOptions): readonly string[] {
  const service = `envoy-gateway.${namespace}`;
  return [...new Set([xdsServerName, `${service}.svc.cluster.local`, `${service}.svc`, service, "envoy-gateway"])];
}

interface Parts {
  readonly operator: Operator;
  readonly references: References;
  readonly reports: ReplicaReports;
  readonly leader: LeaderElection;
  readonly settings: Settings;
}

function createParts(cluster: Cluster): Parts {
  const { options, client, clock, logs, endings, health } = cluster;
  const push = (change: Change): void => parts.operator.queue.push(change);
  const log = (message: string): void => void logs.provider.warn(message);
  const references = createReferences({ client, clock, push, log, signal: cluster.signal });
  const reports = createReplicaReports({ ...options, client, owner: options.pod, clock, push, log });
  endings.add(reports.close);
  let statuses: ClusterStatusWriter | undefined;
  const leader: LeaderElection = electionOf(cluster, {
    onStarted() {
      statuses?.resume();
      parts.operator.owned.wake();
    },
    onStopped: () => parts.operator.owned.wake(), // sees that it may not write, and will not trust what it knows when it may again
  });
  const writes = (): boolean => leader.isLeader() && health.isSynced();
  const operator = createOperator({
    ...cluster,
    debounce: options.debounce,
    xds: {
      host: options.xdsHost,
      port: options.xdsPort,
      tls: "renewed",
      authenticate: createProxyIdentity({
        review: createTokenReview({ client, audience: options.xdsServerName, clock }),
        db: () => parts.operator.store,
        synced: health.synced,
        clock,
      }),
    },
    infrastructure: (feedback) => infrastructureOf(cluster, feedback, writes),
    statusWriter: (store) => (statuses = statusWriterOf(cluster, store, leader)),
    writes,
    complete: (store) => references.complete(store),
    onFeedback: reports.note,
    onFlushed() {
      if (health.isSynced()) return;
      health.flushed();
      parts.operator.owned.wake();
    },
    problems: () => health.problems().length,
    watches: () =>
      [...health.reflectors].map(([name, state]) => [name, { ...state, silentMs: clock.now() - state.heardAt }] as const),
  });
  endings.add(() => statuses?.close());
  const parts: Parts = { operator, references, reports, leader, settings: createSettings(options, push) };
  return parts;
}

type ElectionChanges = Pick<Parameters<typeof createLeaderElection>[0], "onStarted" | "onStopped">;

/** Without an election this replica leads from the start. */
function electionOf({ options, client, clock, logs, endings }: Cluster, changes: ElectionChanges): LeaderElection {
  const { leaderElection: timing, namespace, identity } = options;
  if (timing === "off") return { isLeader: () => true, stop: async () => undefined };
  const leader = createLeaderElection({
    store: createLease({ client, namespace, name: "envoy-gateway", clock }),
    identity,
    timing,
    clock,
    ...changes,
    log: (message) => void logs.provider.info(message),
  });
  endings.add(leader.stop);
  return leader;
}

function infrastructureOf({ options, client, clock, logs }: Cluster, { states }: Feedback, writes: () => boolean) {
  return createClusterInfrastructure({
    client,
    clock,
    log: (message) => void logs.infrastructure.warn(message),
    namespaces: namespacesOf(options, true),
    writes,
    onTrouble: states.refused,
  });
}

function statusWriterOf({ options, client, clock, logs }: Cluster, store: Operator["store"], leader: LeaderElection) {
  return createClusterStatusWriter({
    client,
    store,
    controllerName: operatorConfig(options, "").controllerName,
    isLeader: leader.isLeader,
    clock,
    log: (message) => void logs.provider.warn(message),
    onWritten: createEventRecorder({
      client,
      clock,
      objectOf: (kind, key) => told(store.get(kind, key)),
      identity: options.identity,
    }),
  });
}

/** Of an object, what events name. Cells, which are in no API, have none. */
function told(object: unknown): ReturnType<EventsOptions["objectOf"]> {
  const { apiVersion, metadata } = (object ?? {}) as {
    readonly apiVersion?: string;
    readonly metadata?: { readonly uid?: string };
  };
  return apiVersion === undefined ? undefined : { apiVersion, uid: metadata?.uid };
}

/** The pages, for people and for kubelet: before all else, since kubelet ends what does not answer. The xDS server opens later: a proxy that finds it should find its configuration there. */
async function open({ options, endings, health }: Cluster, { operator }: Parts): Promise<void> {
  const status = createSeenStatuses(operator.store);
  const known = { ...operator, status, waits: health.waits, live: health.isLive, streams: operator.xds.streams };
  await servePages(options, { ...known, problems: health.problems }, endings);
}

/** The certificate of the xDS server, and whom proxies should trust. An API server that is away is waited for. */
function certify({ options, client, clock, logs, signal, health, endings }: Cluster, { operator, settings }: Parts): void {
  let trouble: string | undefined;
  const authority = createAuthority({
    client,
    namespace: options.namespace,
    serverNames: serverNames(options),
    clock,
    log: (message) => void logs.xds.warn(message),
    onRenewed: operator.xds.renew,
    onBundle: settings.trust,
    onWaiting: (why) => (trouble = why),
    signal,
  });
  const known = authority.then(({ tls, caBundle }) => {
    operator.xds.renew(tls);
    settings.trust(caBundle);
  });
  health.waitFor(() => trouble ?? "the authority of the xDS server", known);
  endings.add(
    () =>
      void authority.then(
        ({ stop }) => stop(),
        () => undefined,
      ),
  );
}

/** Follows what runs, and what other replicas have to tell, until the signal aborts. */
function follow(cluster: Cluster, { operator, reports }: Parts): void {
  const { client, clock, logs, endings, signal, options, health } = cluster;
  const log = (message: string): void => void logs.infrastructure.warn(message);
  const { states } = operator.feedback;
  const proxies = watchProxies({
    watch: (resource, labelSelector, stop) =>
      reflectIn(
        namespacesOf(options, resource.namespaced),
        {
          client,
          resources: [resource],
          ...(labelSelector && { labelSelector }),
          managedFields: true,
          clock,
          log,
          stateOf: (namespace) =>
            health.follow([`${resource.kind} of proxies`, ...(namespace === undefined ? [] : [namespace])].join(" ")),
        },
        stop,
      ),
    clock,
    onState: states.running,
    onGone: states.gone,
    onDisturbed: (proxy) => operator.owned.again(ownerOfProxy(proxy)),
  });
  health.waitFor(() => "the list of what proxies run", proxies.synced);
  endings.add(() => proxies.close());
  void (async () => {
    const resources = [{ apiVersion: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true }];
    const state = health.follow("ConfigMap of replicas");
    const labelSelector = `${reportLabel}=true`;
    const { namespace } = options;
    for await (const event of reflect({ client, resources, namespace, labelSelector, clock, log, state }, signal))
      reports.heard(event);
  })();
}

/** Where proxies can be: beside Gateways that we read, or beside us. */
function namespacesOf({ watch, namespace }: OperatorOptions, namespaced: boolean): readonly string[] | undefined {
  return namespaced && watch.namespaces !== undefined ? [...new Set([...watch.namespaces, namespace])] : undefined;
}

/** Feeds the queue from the API server until the signal aborts. */
async function feed({ client, clock, logs, signal, options, health }: Cluster, { operator, references }: Parts): Promise<void> {
  const log = (message: string): void => void logs.provider.warn(message);
  const source = watchCluster({ client, scope: options.watch, references, clock, log, states: health.reflectors }, signal);
  for await (const event of source) {
    if (event.type !== "synced") {
      operator.queue.push(event);
      continue;
    }
    await health.ready();
    operator.queue.start();
    await operator.xds.listen();
    health.listening();
  }
}
