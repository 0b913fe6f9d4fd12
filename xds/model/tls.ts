// Secrets that proxies fetch by SDS. Types only. Contents must never reach logs, status, metrics or dumps.

export type Secret =
  | {
      readonly type: "certificate";
      readonly name: string;
      readonly chainPem: string;
      readonly keyPem: string;
      readonly ocspStaple?: Uint8Array;
    }
  | { readonly type: "trust"; readonly name: string; readonly caPem: string };
