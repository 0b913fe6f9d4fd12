// A list of what is wrong with settings, filled while they are read: reading never fails, so that every mistake is told at once.

import { milliseconds } from "../routes/durations.ts";
import { bytesOf } from "../quantities.ts";

/** One sentence each, beginning with the field. */
export type Problems = string[];

const mostBytes = 2 ** 32 - 1;

/** Bytes that Envoy keeps in 32 bits. */
export function bytesAt(problems: Problems, path: string, quantity: string | number | undefined): number | undefined {
  const bytes = bytesOf(quantity);
  if (quantity === undefined) return undefined;
  if (bytes !== undefined && bytes <= mostBytes) return bytes;
  problems.push(`${path}: ${quantity} must be a number of bytes up to ${mostBytes}.`);
  return undefined;
}

/** Milliseconds of a duration that must not be zero. */
export function positiveAt(problems: Problems, path: string, duration: string | undefined): number | undefined {
  const ms = milliseconds(duration);
  if (duration === undefined) return undefined;
  if (ms !== undefined && ms > 0) return ms;
  problems.push(`${path}: ${duration} must be longer than zero.`);
  return undefined;
}

/** The fields that are there. */
export function present<Fields extends object>(fields: Fields): { [K in keyof Fields]?: NonNullable<Fields[K]> } {
  const there = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(there) as { [K in keyof Fields]?: NonNullable<Fields[K]> };
}
