// Listeners in Envoy-free words. Types only.

import type { Origin } from "./origin.ts";

/** One address and port on which a proxy accepts connections. */
export interface Listener {
  /** Stable while the port stays: "tcp-<port>". */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** The chains; at most one has no server names and serves what no other matches. */
  readonly chains: readonly FilterChain[];
}

/** What happens to a connection: TLS or not, then HTTP by one route table. */
export interface FilterChain {
  readonly name: string;
  readonly origins: readonly Origin[];
  /** SNI values ("a.example", "*.example"); empty matches every connection. */
  readonly serverNames: readonly string[];
  readonly tls?: DownstreamTls;
  /** RDS name of the table that serves this chain. */
  readonly routeTable: string;
  /** Prefix of Envoy's statistics of this chain: "http-<port>" or "https-<port>". */
  readonly statPrefix: string;
  readonly accessLog: AccessLog;
}

export interface DownstreamTls {
  /** SDS names, one per certificate; Envoy picks by the client's signature algorithms and SNI. */
  readonly certificates: readonly string[];
  readonly alpn: readonly string[];
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
