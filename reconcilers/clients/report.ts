// How translations of a policy's fields say what is wrong with them. Types, and readers of values that several fields have.

import { milliseconds } from "../routes/durations.ts";
import { bytesOf } from "../quantities.ts";

/** `field`: its path in spec; `trouble` follows it in a sentence. */
export type Report = (field: string, trouble: string) => void;

/** A duration in milliseconds, perhaps at least so long. */
export function duration(report: Report, field: string, text: string | undefined, least = 0): number | undefined {
  const value = milliseconds(text);
  if (value === undefined) return undefined;
  if (value >= least) return value;
  report(field, `is ${text}, it must be at least ${least < 1000 ? `${least}ms` : `${least / 1000}s`}`);
  return undefined;
}

/** A whole number in these bounds. */
export function within(
  report: Report,
  field: string,
  value: number | undefined,
  [least, most]: readonly [number, number],
): number | undefined {
  if (value === undefined) return undefined;
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  report(field, `is ${value}, it must be from ${least} to ${most}`);
  return undefined;
}

/** A Kubernetes quantity in bytes, in these bounds. */
export function bytes(
  report: Report,
  field: string,
  quantity: string | number | undefined,
  [least, most]: readonly [number, number],
): number | undefined {
  if (quantity === undefined) return undefined;
  const value = bytesOf(quantity);
  if (value !== undefined && value >= least && value <= most) return value;
  report(field, `is ${quantity}, it must be from ${least} to ${most} bytes`);
  return undefined;
}

/** The object without fields that are undefined: absent means "as by default" in the model. */
export function given<T extends object>(fields: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
