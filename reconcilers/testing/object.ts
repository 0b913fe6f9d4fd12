// An object as tests write it. Types only.

import type { Kind } from "../../store/kinds.ts";

/** An object of any kind, as a test writes it: what is left out is what translation does not need. */
export interface TestObject {
  readonly kind: Kind;
  readonly metadata: { readonly namespace?: string; readonly name: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}
