// Length-delimited protobuf fields from bytes that are already encoded, so that a parent costs a copy and not an encoding of its children.
// Wire format: https://protobuf.dev/programming-guides/encoding/

/** `bytes` as field `number` of the message it will be spliced into. */
export function framed(number: number, bytes: Uint8Array): Uint8Array {
  const prefix = [...varint((number << 3) | 2), ...varint(bytes.length)];
  const result = new Uint8Array(prefix.length + bytes.length);
  result.set(prefix);
  result.set(bytes, prefix.length);
  return result;
}

export function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  // Not zeroed first, and with memory of its own: every byte is written below.
  const result = Buffer.allocUnsafeSlow(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
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
