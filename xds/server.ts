// The aggregated delta xDS server: the only importer of @grpc/grpc-js. Owns the port, the streams and who may ask for which proxy; what is
// said on a stream is xds/stream.ts. Runs no translation and waits for no client: a slow Envoy slows only itself.

import {
  logVerbosity,
  Server,
  ServerCredentials,
  setLogVerbosity,
  status,
  type ServerDuplexStream,
  type ServiceDefinition,
} from "@grpc/grpc-js";
import type { Clock, Timing } from "./clock.ts";
import type { Authenticate, Authorise } from "./identify.ts";
import { createQuarantine, type Quarantine } from "./quarantine.ts";
import type { Resource, Snapshot, TypeUrl } from "./resource.ts";
import { joinedForNow } from "./scratch.ts";
import { createDoor } from "./server-door.ts";
import { AdsStream } from "./stream.ts";
import { typeStates, type TypeState } from "./type-state.ts";
import { decodeRequest, type Node } from "./wire.ts";

/** Which client on which stream; `proxy` is the name of its snapshots. */
export interface Client {
  readonly stream: number;
  readonly nodeId: string;
  readonly proxy: string;
}

/** The client runs everything of this type up to this snapshot version, except what was refused. */
export interface Acknowledgement extends Client {
  readonly typeUrl: TypeUrl;
  readonly snapshotVersion: number;
}

/** The client refused a response. */
export interface RefusedResponse extends Client {
  readonly typeUrl: TypeUrl;
  /** Everything in the response; more than one = the bad one is not known yet, and each will be sent again. */
  readonly names: readonly string[];
  /** The resource that was refused, once it stood alone; its version is not sent again. */
  readonly resource?: Resource;
  /** Envoy's own text. */
  readonly message: string;
}

/** PEM. */
export interface ServerTls {
  /** Clients must show a certificate of this authority. Absent: they show none. */
  readonly ca?: string;
  readonly cert: string;
  readonly key: string;
}

export interface XdsServerOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** PEM, over TLS 1.2 or newer. "renewed": what renew() has been told by the time it listens. Absent = plain text: for tests. */
  readonly tls?: ServerTls | "renewed";
  readonly clock: Clock;
  readonly timing?: Partial<Timing>;
  /** Who a client is, by its token: until it has answered nothing is read of the client, and nothing sent. Absent: whoever connects may ask. */
  readonly authenticate?: Authenticate;
  /** Which proxy a client may be told about, unless `authenticate` knows. Absent = the one it names as its node cluster. */
  readonly authorise?: Authorise;
  readonly onConnected?: (client: Client) => void;
  readonly onDisconnected?: (client: Client) => void;
  readonly onAcknowledged?: (acknowledgement: Acknowledgement) => void;
  readonly onRefused?: (refused: RefusedResponse) => void;
  readonly log?: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** One stream, for people who ask what a proxy was told. `connectedSince` is ISO 8601. */
export interface StreamState extends Client {
  readonly connectedSince: string;
  readonly bytesSent: number;
  readonly types: readonly TypeState[];
}

export interface XdsServer {
  listen(): Promise<{ readonly port: number }>;
  /** Tells the proxy's clients. Never blocks, and never throws because of a client. */
  publish(snapshot: Snapshot): void;
  /** The proxy is no more: its clients keep what they have until they go. */
  withdraw(proxy: string): void;
  /** Sends again what the proxy refused, for when what was in the way may be gone (a port that another process had). */
  retry(refused: { readonly proxy: string; readonly typeUrl: TypeUrl; readonly resource: string }): void;
  /** Connections from now on get this certificate. Does nothing for a server of plain text. */
  renew(tls: ServerTls): void;
  streams(): readonly StreamState[];
  /** Ends all streams and frees the port. */
  close(): Promise<void>;
}

const defaultTiming: Timing = { graceMs: 10_000, drainMs: 600_000, warmingMs: 2000, repairMs: 100 };

/** A reconnect with 25,000 assignments is a request of more than 4 MiB, which grpc-js would refuse. */
const channelOptions = {
  "grpc.max_receive_message_length": 256 * 1024 * 1024,
  "grpc.max_send_message_length": -1,
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
  "grpc.keepalive_permit_without_calls": 1,
};

setLogVerbosity(logVerbosity.NONE); // what fails is told by us

const bytesAsTheyAre = (bytes: Buffer): Buffer => bytes;

const service: ServiceDefinition = {
  DeltaAggregatedResources: {
    path: "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
    requestStream: true,
    responseStream: true,
    requestSerialize: bytesAsTheyAre,
    requestDeserialize: bytesAsTheyAre,
    // grpc-js copies it behind its own header before it does anything else.
    responseSerialize: joinedForNow,
    responseDeserialize: bytesAsTheyAre,
  },
};

type Call = ServerDuplexStream<Buffer, readonly Uint8Array[]>;

/** What all streams of one proxy share. */
interface ProxyRecord {
  snapshot: Snapshot | undefined;
  readonly quarantine: Quarantine;
  readonly connections: Set<Connection>;
}

interface Connection {
  readonly client: Client;
  readonly connectedSince: string;
  readonly call: Call;
  readonly stream: AdsStream;
}

export function createXdsServer(options: XdsServerOptions): XdsServer {
  const server = new Server(channelOptions);
  let secured = typeof options.tls === "object" ? new RenewableCredentials(options.tls) : undefined;
  const proxies = new Map<string, ProxyRecord>();
  const streams = createStreams(options, proxies);
  server.addService(service, { DeltaAggregatedResources: (call: Call) => streams.accept(call) });
  return {
    async listen() {
      if (options.tls === "renewed" && secured === undefined) throw new Error("the xDS server has no certificate yet");
      const port = await new Promise<number>((resolve, reject) => {
        server.bindAsync(`${options.host}:${options.port}`, secured ?? ServerCredentials.createInsecure(), (error, bound) =>
          error
            ? reject(new Error(`cannot listen for xDS on ${options.host}:${options.port}: ${error.message}`))
            : resolve(bound),
        );
      });
      return { port };
    },
    publish: (snapshot) => streams.publish(snapshot.proxy, snapshot),
    retry: (refused) => streams.retry(refused),
    renew(tls) {
      if (secured !== undefined) secured.renew(tls);
      else if (options.tls === "renewed") secured = new RenewableCredentials(tls);
    },
    withdraw(proxy) {
      if (!proxies.has(proxy)) return;
      streams.publish(proxy, undefined);
    },
    streams: () =>
      [...proxies.values()].flatMap((record) => [...record.connections].map((each) => stateOf(each, record, options.clock))),
    async close() {
      for (const { connections } of proxies.values()) for (const { call } of connections) call.end();
      server.forceShutdown();
    },
  };
}

/** grpc-js hands the PEM on to tls.createSecureContext, where the process-wide minimum of TLS 1.2 holds. */
class RenewableCredentials extends ServerCredentials {
  constructor(tls: ServerTls) {
    const mutual = tls.ca !== undefined;
    super({ requestCert: mutual, rejectUnauthorized: mutual }, tls);
  }

  renew(tls: ServerTls): void {
    this.updateSecureContextOptions(tls);
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

/** Accepts calls and hands snapshots to the streams of their proxy. */
function createStreams(options: XdsServerOptions, proxies: Map<string, ProxyRecord>) {
  const log = options.log ?? (() => {});
  const door = createDoor({ ...options, log });
  let count = 0;
  const recordOf = (proxy: string): ProxyRecord => {
    const record = proxies.get(proxy) ?? { snapshot: undefined, quarantine: createQuarantine(), connections: new Set() };
    proxies.set(proxy, record);
    return record;
  };
  /** Nothing is kept of a proxy without snapshot and clients. */
  const forget = (proxy: string): void => {
    const { snapshot, connections } = recordOf(proxy);
    if (snapshot === undefined && connections.size === 0) proxies.delete(proxy);
  };

  /** A stream that fails is a bug in here or a client that speaks no xDS: it alone ends, and the client may come again. */
  const guarded = ({ call, client, stream }: Connection, act: () => void): void => {
    try {
      act();
    } catch (cause) {
      log("xDS stream failed", { ...client, error: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) });
      stream.close();
      call.emit("error", { code: status.INTERNAL, details: "the stream failed" });
    }
  };

  const open = (call: Call, node: Node, proxy: string): Connection => {
    const client: Client = { stream: ++count, nodeId: node.id, proxy };
    const record = recordOf(proxy);
    const clock: Clock = {
      now: () => options.clock.now(),
      after: (ms, task) => options.clock.after(ms, () => guarded(connection, task)),
    };
    const stream = new AdsStream({
      write: (bytes) => void call.write(bytes),
      clock,
      timing: { ...defaultTiming, ...options.timing },
      quarantine: record.quarantine,
      onSettled: (typeUrl, snapshotVersion) => options.onAcknowledged?.({ ...client, typeUrl, snapshotVersion }),
      onRefused(typeUrl, refused) {
        log("xDS response refused", {
          ...client,
          typeUrl,
          names: refused.names.slice(0, 10),
          count: refused.names.length,
          message: refused.message,
        });
        options.onRefused?.({ ...client, typeUrl, ...refused });
      },
      onQuarantineChanged() {
        for (const each of record.connections) guarded(each, () => each.stream.pump());
      },
    });
    const connection: Connection = { client, connectedSince: new Date().toISOString(), call, stream };
    record.connections.add(connection);
    stream.publish(record.snapshot);
    options.onConnected?.(client);
    return connection;
  };

  return {
    accept(call: Call): void {
      let connection: Connection | undefined;
      const leave = door(call, (asked, bytes) => {
        connection ??= open(call, asked.node, asked.proxy);
        const { stream } = connection;
        guarded(connection, () => stream.receive(decodeRequest(bytes, false)));
      });
      const gone = (): void => {
        const left = connection;
        leave();
        if (left === undefined || !recordOf(left.client.proxy).connections.delete(left)) return;
        forget(left.client.proxy);
        left.stream.close();
        options.onDisconnected?.(left.client);
      };
      call.on("end", () => {
        gone();
        call.end();
      });
      call.on("cancelled", gone);
      call.on("error", gone);
      call.on("close", gone);
    },
    retry({ proxy, typeUrl, resource }: Parameters<XdsServer["retry"]>[0]): void {
      const record = proxies.get(proxy);
      if (!record?.quarantine.forgive(typeUrl, resource)) return;
      for (const each of record.connections) guarded(each, () => each.stream.again(typeUrl, resource));
    },
    publish(proxy: string, snapshot: Snapshot | undefined): void {
      const record = recordOf(proxy);
      if (snapshot) record.quarantine.follow(record.snapshot, snapshot);
      record.snapshot = snapshot;
      for (const each of record.connections) guarded(each, () => each.stream.publish(snapshot));
      forget(proxy);
    },
  };
}

function stateOf({ client, connectedSince, stream }: Connection, { quarantine }: ProxyRecord, clock: Clock): StreamState {
  return {
    ...client,
    connectedSince,
    bytesSent: stream.bytesSent,
    types: typeStates(stream.lanes, quarantine.list(), clock.now()),
  };
}
