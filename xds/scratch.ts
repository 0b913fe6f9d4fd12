// One piece of memory for what is copied at once by whoever gets it. New memory for every response of megabytes costs more than filling it.

let memory = Buffer.alloc(0);

/** The pieces as one Buffer, good until the next call. */
export function joinedForNow(pieces: readonly Uint8Array[]): Buffer {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (memory.length < length) memory = Buffer.allocUnsafeSlow(length);
  let offset = 0;
  for (const piece of pieces) {
    memory.set(piece, offset);
    offset += piece.length;
  }
  return memory.subarray(0, length);
}
