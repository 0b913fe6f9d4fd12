// What filters do to the requests of a route, and to the answers, where a policy asks for it. In Envoy-free words; types only.

import type { Header, NamedMatch, Redirect } from "./request.ts";

export interface TrafficFilters {
  readonly fault?: Fault;
  /** Encodings that answers may be compressed with. Sorted. */
  readonly compression?: readonly Encoding[];
  /** The whole request is taken before any of it goes on; a larger one is answered with 413. */
  readonly bufferLimitBytes?: number;
  readonly localLimit?: LocalLimit;
  readonly answers?: readonly AnswerOverride[];
}

export type Encoding = "brotli" | "gzip" | "zstd";

export interface Fault {
  /** Percent of requests, up to 100, need not be whole. */
  readonly delay?: { readonly ms: number; readonly percent: number };
  readonly abort?: { readonly percent: number; readonly httpStatus?: number; readonly grpcStatus?: number };
}

/** What each Envoy lets through: buckets that are filled anew after each interval. */
export interface LocalLimit {
  /** For requests that no rule counts; absent = no limit. */
  readonly rest?: Bucket;
  readonly rules: readonly LimitRule[];
}

export interface Bucket {
  readonly requests: number;
  readonly intervalMs: number;
}

export interface LimitRule {
  readonly bucket: Bucket;
  /** A request counts when all of them hold; at least one. */
  readonly conditions: readonly LimitCondition[];
}

export type LimitCondition =
  /** `matches: false`: requests that do not match. ":method" and ":path" are headers, too. */
  | { readonly type: "header" | "query"; readonly match: NamedMatch; readonly matches: boolean }
  /** Each value is counted by itself. */
  | { readonly type: "eachHeader" | "eachQuery"; readonly name: string }
  | { readonly type: "source"; readonly cidr: string; readonly family: 4 | 6; readonly bits: number }
  | { readonly type: "eachSource" };

/** Another answer in place of a backend's. The first that matches is given. */
export interface AnswerOverride {
  /** Ranges of status codes, both ends included. */
  readonly statuses: readonly (readonly [first: number, last: number])[];
  readonly answer:
    | {
        readonly type: "respond";
        readonly status?: number;
        readonly body?: string | Uint8Array;
        readonly contentType?: string;
        readonly add: readonly Header[];
        readonly set: readonly Header[];
      }
    | {
        readonly type: "redirect";
        readonly redirect: Pick<Redirect, "scheme" | "hostname" | "port"> & {
          readonly path?: string;
          readonly status: 301 | 302;
        };
      };
}
