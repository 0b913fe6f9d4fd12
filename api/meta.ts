// Object metadata and status conditions as every kind has them (Kubernetes API conventions). Types only.

/** The parts of Kubernetes object metadata that we read. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly uid?: string;
  readonly generation?: number;
  readonly resourceVersion?: string;
  /** RFC 3339; absent in a folder of YAML, where it counts as oldest. */
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
}

/** A status condition as stored in the API: `observedGeneration` and `lastTransitionTime` are added by the status writer. */
export interface StatusCondition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime?: string;
}
