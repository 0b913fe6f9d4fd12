// How long to wait before trying again: longer each time, never the same for everybody.

export interface Backoff {
  /** Milliseconds before the next try. */
  next(): number;
  /** It went well. */
  reset(): void;
}

export function createBackoff({
  firstMs,
  longestMs,
  random,
}: {
  firstMs: number;
  longestMs: number;
  random: () => number;
}): Backoff {
  let failures = 0;
  return {
    next: () => Math.min(longestMs, firstMs * 2 ** Math.min(failures++, 20)) * (0.5 + random() / 2),
    reset: () => void (failures = 0),
  };
}
