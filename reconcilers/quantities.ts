// Kubernetes quantities: their units, and whole bytes ("32Ki", "1M", 32768). Pure.

/** What a suffix multiplies by. */
export const units: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Bytes; undefined for absent or malformed text. */
export function bytesOf(quantity: string | number | undefined): number | undefined {
  const [, digits, unit] = /^(\d+)([EPTGMK]i|[EPTGMk])?$/.exec(String(quantity ?? "")) ?? [];
  const factor = units[unit ?? ""];
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}
