// A message that passed every check, as bytes; or what is wrong with it.

import { createHash, hash } from "node:crypto";
import { type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { violations } from "../check/violations.ts";
import { describeViolations } from "../check/violation.ts";

export type Checked = { readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly message: string };

/** Encodings made since the process started: the cost tests read it. */
export const encodeCount = { value: 0 };

export function checked<Desc extends DescMessage>(schema: Desc, build: () => MessageShape<Desc>): Checked {
  encodeCount.value++;
  try {
    const message = build();
    const found = violations(schema, message);
    return found.length === 0
      ? { ok: true, bytes: toBinary(schema, message) }
      : { ok: false, message: describeViolations(found) };
  } catch (error) {
    // The runtime throws for numbers that do not fit their field and for broken UTF-16: whatever a user wrote, only this value suffers.
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

/** Content hash, raw. */
export function digest(...parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return hash("sha256", only, "buffer");
  const sum = createHash("sha256");
  for (const part of parts) sum.update(part);
  return sum.digest();
}

/** Short content hash: the version of a resource, equal on every replica. */
export function contentHash(...parts: readonly Uint8Array[]): string {
  return Buffer.from(digest(...parts)).toString("hex", 0, 8);
}
