// In which order texts stand: by code unit, the same on every machine, which no locale is. Pure.

/** Negative when `a` comes first, positive when `b` does, 0 when they are the same. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
