// A stream of bytes as one JSON value for each line. A line that the stream ends in the middle of is no value, but an error.

/** `heard` is called for every chunk, also those that complete no line. */
export async function* jsonLines(chunks: AsyncIterable<Buffer>, heard: () => void): AsyncGenerator<unknown, void, void> {
  let rest: Buffer[] = [];
  for await (const chunk of chunks) {
    heard();
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const line = chunk.subarray(start, end);
      const whole = rest.length === 0 ? line : Buffer.concat([...rest, line]);
      rest = [];
      start = end + 1;
      if (whole.length > 0) yield JSON.parse(whole.toString("utf8"));
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
  if (rest.length > 0) throw new Error("the stream ended in the middle of a line");
}
