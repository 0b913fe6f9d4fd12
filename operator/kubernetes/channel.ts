// Many producers, one consumer: values in the order in which they were pushed. Producers never wait.

export interface Channel<Value> extends AsyncIterable<Value> {
  push(value: Value): void;
  /** The consumer ends after what was pushed before. */
  close(): void;
}

export function createChannel<Value>(): Channel<Value> {
  let waiting: Value[] = [];
  let closed = false;
  let wake = (): void => undefined;
  return {
    push(value) {
      waiting.push(value);
      wake();
    },
    close() {
      closed = true;
      wake();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const batch = waiting;
        waiting = [];
        yield* batch;
        if (waiting.length > 0) continue;
        if (closed) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
