// Length-delimited protobuf fields from bytes that are already encoded, so that a parent costs a copy and not an encoding of its children.
// Wire format: https://protobuf.dev/programming-guides/encoding/

/** `bytes` as field `number` of the message it will be spliced into. */
export function framed(number: number, bytes: Uint8Array): Uint8Array {
  return concatenated([frameHead(number, bytes.length), bytes]);
}

/** What precedes `length` bytes to make them field `number`. */
export function frameHead(number: number, length: number): Uint8Array {
  return Uint8Array.from([...varint((number << 3) | 2), ...varint(length)]);
}

export function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  // Not zeroed first, and with memory of its own: every byte is written below.
  const result = Buffer.allocUnsafeSlow(lengthOf(parts));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}

export function lengthOf(parts: readonly Uint8Array[]): number {
  let length = 0;
  for (const part of parts) length += part.length;
  return length;
}

/** The same bytes with small neighbours joined; a piece of at least `large` bytes stays as it is and is not copied. */
export function coalesced(parts: readonly Uint8Array[], large: number): readonly Uint8Array[] {
  const result: Uint8Array[] = [];
  let run: Uint8Array[] = [];
  const flush = (): void => {
    if (run.length > 0) result.push(run.length === 1 ? run[0]! : concatenated(run));
    run = [];
  };
  for (const part of parts) {
    if (part.length < large) run.push(part);
    else {
      flush();
      result.push(part);
    }
  }
  flush();
  return result;
}

function varint(value: number): readonly number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}
