// Listeners in Envoy-free words. Types only.

import type { ClientHttp, ClientTlsParameters, ConnectionLimit, PortSettings } from "./client.ts";
import type { Origin } from "./origin.ts";

export type Listener = TcpListener | UdpListener;

/** One port of a proxy. */
interface Socket {
  /** Stable while the port stays: "tcp-<port>" or "udp-<port>". */
  readonly name: string;
  /** Where it is bound; "0.0.0.0" and "::" mean everywhere. */
  readonly addresses: readonly [string, ...string[]];
  readonly port: number;
}

/** Accepts connections. */
export interface TcpListener extends Socket {
  readonly transport: "tcp";
  /** Connections are TLS, and the name that their clients ask for decides among the chains. */
  readonly serverNames: boolean;
  readonly clients?: PortSettings;
  /** At least one; at most one has no server names and serves what no other matches. */
  readonly chains: readonly FilterChain[];
}

/** Receives datagrams and sends all of them to one cluster. */
export interface UdpListener extends Socket {
  readonly transport: "udp";
  readonly origins: readonly Origin[];
  /** Whoever asks for the cluster. */
  readonly senders: readonly Origin[];
  /** Absent: datagrams are dropped. */
  readonly cluster?: string;
  readonly statPrefix: string;
  readonly accessLog: AccessLog;
}

/** What happens to a connection: TLS ends here or not, then HTTP by one route table, or bytes to clusters. */
export interface FilterChain {
  readonly name: string;
  readonly origins: readonly Origin[];
  /** SNI values ("a.example", "*.example"); empty matches every connection. */
  readonly serverNames: readonly string[];
  /** Absent on a listener with server names: TLS is passed through. */
  readonly tls?: DownstreamTls;
  readonly handler: ChainHandler;
  /** Prefix of Envoy's statistics of this chain: "http-<port>", "https-<port>" and so on. */
  readonly statPrefix: string;
  readonly accessLog: AccessLog;
  readonly connectionLimit?: ConnectionLimit;
}

export type ChainHandler =
  /** Name of the table that serves this chain. `scoped`: requests look into a part of it only (xds/encoding/layout.ts decides). */
  | { readonly type: "http"; readonly routeTable: string; readonly scoped?: true; readonly clients?: ClientHttp }
  /** Every request is answered with 500: how clients are to be treated cannot be honoured. */
  | { readonly type: "broken" }
  /** Each connection goes to one of the shares, by weight; none: it is closed at once. `senders`: whoever asks for them. */
  | {
      readonly type: "tcp";
      readonly shares: readonly ConnectionShare[];
      readonly senders: readonly Origin[];
      readonly idleTimeoutMs?: number;
    };

export interface ConnectionShare {
  /** Cluster name, or undefined: these connections are closed at once (an invalid backendRef). */
  readonly cluster: string | undefined;
  readonly weight: number;
}

export interface DownstreamTls {
  /** SDS names, one per certificate; Envoy picks by the client's signature algorithms and SNI. */
  readonly certificates: readonly string[];
  readonly alpn: readonly string[];
  /** Absent: Envoy's own parameters, and nobody is asked for a certificate. */
  readonly parameters?: ClientTlsParameters;
}

/** "json": Envoy Gateway's default fields, one JSON object per request on standard output. "files": what EnvoyProxy settings ask for. */
export type AccessLog =
  | { readonly type: "none" }
  | { readonly type: "json"; readonly path: string }
  | { readonly type: "files"; readonly files: readonly LogFile[] };

/** One file (or /dev/stdout) that entries are written to. */
export interface LogFile {
  readonly path: string;
  readonly format: LogFormat;
  /** CEL expressions over Envoy's attributes, all of which must hold. */
  readonly matches: readonly string[];
  /** "both": every request, and connections that no chain took. */
  readonly entries: "connections" | "requests" | "both";
}

export type LogFormat =
  | { readonly type: "default" }
  | { readonly type: "text"; readonly line: string }
  | { readonly type: "json"; readonly fields: Readonly<Record<string, string>> };
