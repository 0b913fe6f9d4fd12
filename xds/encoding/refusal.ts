// What could not be published, and on whose account. Types only.

import type { Origin } from "../model/origin.ts";
import type { TypeUrl } from "../resource.ts";

export interface Refusal {
  readonly typeUrl: TypeUrl;
  /** Name of the resource that lacks something, or that is missing. */
  readonly resource: string;
  readonly origins: readonly Origin[];
  /** What was held back, where the fault is and which rule it breaks. */
  readonly message: string;
}
