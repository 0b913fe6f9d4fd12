// Facts from the outside world that effects write into the store as objects, so that queries can read them (design: no query waits).

import type { Origin } from "../xds/model/origin.ts";

/** Something that could not be published, or that a proxy refused. Keyed "<proxy with / as ~>/<hash>". */
export interface Refusal {
  readonly metadata: { readonly namespace?: string; readonly name: string };
  readonly proxy: string;
  readonly typeUrl: string;
  readonly resource: string;
  readonly origins: readonly Origin[];
  /** Who refused it: our own checks before publishing, or a proxy (then `message` is Envoy's text). */
  readonly by: "check" | "proxy";
  readonly message: string;
}

/** What is known of the running Envoys of one proxy. Keyed "/<proxy with / as ~>". */
export interface ProxyState {
  readonly metadata: { readonly name: string };
  readonly proxy: string;
  /** Envoys that have acknowledged their listeners, to this process or to another replica of ours. */
  readonly ready: number;
  /** Envoys that should run. */
  readonly wanted: number;
  /** Addresses at which the proxy can be reached. */
  readonly addresses: readonly { readonly type: "IPAddress" | "Hostname"; readonly value: string }[];
  /** Why no Envoy runs, in one sentence, when that is known (binary missing, crash loop). */
  readonly trouble?: string;
  /** Why the infrastructure of the proxy is not what it should be, whether Envoys run or not (a name that is taken, a quota). */
  readonly refused?: string;
}

/** The machine that the proxies of a standalone process run on. Keyed "/machine". Absent: nobody knows its addresses. */
export interface Machine {
  readonly metadata: { readonly name: "machine" };
  /** IP addresses in their shortest form, lower case, sorted. */
  readonly addresses: readonly string[];
  /** Every address of 127.0.0.0/8 can be bound, as on Linux. */
  readonly wholeLoopback: boolean;
}

/** What time it is, as far as translation cares: written at start and whenever a certificate in use expires. Keyed "/clock". Absent = nothing expires. */
export interface Clock {
  readonly metadata: { readonly name: "clock" };
  /** RFC 3339 in UTC with milliseconds, so that instants compare as strings. */
  readonly now: string;
}
