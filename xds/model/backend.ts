// Clusters and their endpoints in Envoy-free words. A cluster is named after what it reaches (kind/namespace/name/port, plus a hash of
// settings that differ), never after the rule that uses it, so that all rules share it. Types only.

import type { Origin } from "./origin.ts";
import type { DnsFamily, UpstreamSettings } from "./upstream-settings.ts";

export interface Cluster {
  readonly name: string;
  readonly origin: Origin;
  readonly discovery: Discovery;
  readonly protocol: "http1" | "http2";
  readonly tls?: UpstreamTls;
  /** The assignment's localities carry weights; absent = endpoints are chosen without regard to locality. */
  readonly weightedLocalities?: true;
  /** What a policy asks for. */
  readonly settings?: UpstreamSettings;
}

export type Discovery =
  /** Endpoints come by EDS as a LoadAssignment of the same name. */
  | { readonly type: "eds" }
  /** Endpoints are names that the proxy resolves. */
  | { readonly type: "dns"; readonly endpoints: readonly DnsEndpoint[]; readonly family: DnsFamily };

export interface DnsEndpoint {
  readonly hostname: string;
  readonly port: number;
  readonly zone?: string;
  readonly priority: number;
}

/** The endpoints of one EDS cluster. Published at once, also when empty. */
export interface LoadAssignment {
  readonly cluster: string;
  /** Sorted by priority, zone. */
  readonly localities: readonly Locality[];
}

export interface Locality {
  readonly zone?: string;
  /** Relative weight among localities of one priority, when the cluster has `weightedLocalities`; absent = by number of endpoints. */
  readonly weight?: number;
  readonly priority: number;
  /** Sorted by address. */
  readonly endpoints: readonly Endpoint[];
}

export interface Endpoint {
  readonly address:
    { readonly type: "socket"; readonly host: string; readonly port: number } | { readonly type: "pipe"; readonly path: string };
  /** Draining endpoints finish what they have and get nothing new. */
  readonly health: "healthy" | "draining";
  readonly hostname?: string;
}

export interface UpstreamTls {
  /** Literal SNI; absent = the request's host. */
  readonly sni?: string;
  /** How the server's certificate is checked. */
  readonly trust: { readonly type: "none" } | { readonly type: "system" } | { readonly type: "secret"; readonly name: string };
  /** Any of these must match, when not empty. A DNS name may begin with "*.", which stands for one label. */
  readonly subjectAltNames: readonly { readonly type: "dns" | "uri"; readonly value: string }[];
  /** SDS name of the client certificate. */
  readonly clientCertificate?: string;
  readonly alpn: readonly string[];
}
