// What of a request is compared, written or sent elsewhere, in Envoy-free words: for routes and for the filters that they switch on. Types only.

export interface NamedMatch {
  readonly name: string;
  readonly type: "exact" | "regex";
  readonly value: string;
}

export interface Header {
  readonly name: string;
  readonly value: string;
}

export interface Redirect {
  readonly scheme?: string;
  readonly hostname?: string;
  /** Absent: keep the request's. Already derived from scheme and listener port where the API asks for it. */
  readonly port?: number;
  readonly path?:
    | { readonly type: "replacePrefix"; readonly prefix: string; readonly value: string }
    | { readonly type: "replaceFull"; readonly value: string };
  readonly status: 301 | 302 | 303 | 307 | 308;
}
