// Durations as the Gateway API spells them (GEP-2257): "1h30m", "500ms". Pure.

const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Milliseconds; undefined for absent or malformed text. */
export function milliseconds(text: string | undefined): number | undefined {
  if (text === undefined || !/^(\d{1,5}(h|m|s|ms)){1,4}$/.test(text)) return undefined;
  let total = 0;
  for (const [, number, unit] of text.matchAll(/(\d+)(ms|h|m|s)/g)) total += Number(number) * (units[unit ?? ""] ?? 0);
  return total;
}
