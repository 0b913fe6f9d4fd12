// Secrets that proxies fetch by SDS. Types only. Contents must never reach logs, status, metrics or dumps.

import type { Origin } from "./origin.ts";

export type Secret = CertificatePair | TrustBundle;

interface Named {
  /** SDS name. */
  readonly name: string;
  /** Whoever uses it and has a status to say so: listeners, Backends. A refused secret falls on them. */
  readonly origins: readonly Origin[];
}

export interface CertificatePair extends Named {
  readonly type: "certificate";
  readonly chainPem: string;
  readonly keyPem: string;
  readonly ocspStaple?: Uint8Array;
}

export interface TrustBundle extends Named {
  readonly type: "trust";
  readonly caPem: string;
  /** Lists of revoked certificates. */
  readonly crlPem?: string;
}
