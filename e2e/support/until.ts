// Waiting for what becomes true by itself: a condition with a limit, never a sleep.

export interface Patience<Value> {
  readonly limitMs: number;
  /** Between two looks; 50 when absent. */
  readonly everyMs?: number;
  /** What to say when it did not come true; by default, what was there last. */
  readonly because?: (last: Value) => string;
}

/** The first value that is as it should be. */
export async function until<Value>(
  look: () => Promise<Value> | Value,
  good: (value: Value) => boolean,
  { limitMs, everyMs = 50, because = (last) => `still ${JSON.stringify(last)} after ${limitMs} ms` }: Patience<Value>,
): Promise<Value> {
  const end = performance.now() + limitMs;
  for (;;) {
    const value = await look();
    if (good(value)) return value;
    if (performance.now() > end) throw new Error(because(value));
    await new Promise((resolve) => void setTimeout(resolve, everyMs));
  }
}
