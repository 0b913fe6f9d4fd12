// How listeners treat clients, in Envoy-free words: decisions already made. What is absent is as Envoy Gateway has it by default. Types only.

/** What all connections of a port have in common, whichever chain takes them. */
export interface PortSettings {
  readonly keepalive?: { readonly probes?: number; readonly idleSeconds?: number; readonly intervalSeconds?: number };
  /** Connections begin with a PROXY protocol header, or may. */
  readonly proxyProtocol?: "required" | "optional";
  readonly bufferBytes?: number;
  /** 0: all that wait. */
  readonly acceptsPerEvent?: number;
}

/** What a chain asks of connections before anything else reads them. */
export interface ConnectionLimit {
  readonly most: number;
  readonly closeDelayMs?: number;
}

/** How HTTP is spoken with clients. */
export interface ClientHttp {
  readonly address?: ClientAddress;
  readonly requestTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
  readonly streamIdleTimeoutMs?: number;
  readonly maxConnectionMs?: number;
  /** At the end of its life a connection is closed at once, also during a request of HTTP/1. */
  readonly abruptMaxConnection?: true;
  readonly maxRequestsPerConnection?: number;
  readonly maxStreamMs?: number;
  readonly keepSlashes?: true;
  readonly escapedSlashes?: "keep" | "reject" | "forward" | "redirect";
  readonly underscores?: "allow" | "reject" | "drop";
  readonly envoyHeaders?: true;
  readonly requestId?: { readonly generate: boolean; readonly preserve: boolean };
  readonly forwardedCert?: ForwardedCert;
  readonly earlyRequestHeaders?: HeaderMutations;
  readonly lateResponseHeaders?: HeaderMutations;
  readonly trailers?: true;
  readonly headerCase?: true;
  /** HTTP/1.0 is served; requests without Host are for the host, if there is one. */
  readonly http10?: { readonly host?: string };
  readonly http2?: {
    readonly streamWindow?: number;
    readonly connectionWindow?: number;
    readonly maxStreams?: number;
    /** An invalid message ends its stream, not its connection. */
    readonly resetStreamOnly?: boolean;
  };
  /** A path that is answered here. */
  readonly healthPath?: string;
  readonly schemeOfBackend?: true;
}

export type ClientAddress =
  /** `hops`: how many addresses at the end of x-forwarded-for others have put there who are trusted, beside the last one. */
  | { readonly type: "hops"; readonly hops: number }
  | { readonly type: "proxies"; readonly ranges: readonly AddressRange[] }
  | { readonly type: "header"; readonly name: string; readonly required: boolean };

export interface AddressRange {
  readonly address: string;
  readonly bits: number;
}

export interface ForwardedCert {
  readonly mode: "sanitize" | "forward" | "append" | "set" | "always";
  readonly details: readonly ("subject" | "cert" | "chain" | "dns" | "uri")[];
}

export interface HeaderMutations {
  readonly changes: readonly {
    readonly name: string;
    readonly value: string;
    readonly action: "set" | "append" | "ifAbsent";
  }[];
  readonly remove: readonly string[];
  readonly removeMatching: readonly TextMatch[];
}

export interface TextMatch {
  readonly type: "exact" | "prefix" | "suffix" | "regex";
  readonly value: string;
}

export type TlsVersion = "auto" | "1.0" | "1.1" | "1.2" | "1.3";

/** Parameters of TLS with clients. */
export interface ClientTlsParameters {
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  readonly ciphers: readonly string[];
  readonly curves: readonly string[];
  readonly signatureAlgorithms: readonly string[];
  /** Sessions can be resumed by tickets, by identifiers. */
  readonly tickets: boolean;
  readonly sessionIds: boolean;
  readonly clientCertificate?: ClientCertificate;
}

/** What is asked of a client's certificate. */
export interface ClientCertificate {
  readonly required: boolean;
  /** SDS name of the authorities, and of the lists of what they have revoked. */
  readonly trust: string;
  readonly spkiHashes: readonly string[];
  readonly hashes: readonly string[];
  readonly names: readonly CertificateName[];
  readonly revocation?: "leaf" | "chain";
}

export interface CertificateName extends TextMatch {
  /** `oid` only for "other". */
  readonly kind: "dns" | "email" | "ip" | "uri" | "other";
  readonly oid?: string;
}
