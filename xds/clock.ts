// Time as the xDS server sees it: a parameter, so that tests decide what time it is.

/** Milliseconds since some fixed moment, and a task to run once after so many of them (the result takes it back). */
export interface Clock {
  now(): number;
  after(ms: number, task: () => void): () => void;
}

/** All in milliseconds. */
export interface Timing {
  /** Between the acknowledgement of the routes and a removal; longer than the slowest request filter. */
  readonly graceMs: number;
  /** How long connections of a listener may live after it has gone or changed. */
  readonly drainMs: number;
  /** How long routes wait for a cluster that warms, a listener for its scopes, and how long an unanswered cluster response keeps the next one back. */
  readonly warmingMs: number;
  /** Between two responses that repair a refused one. */
  readonly repairMs: number;
}
