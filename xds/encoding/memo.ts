// Encodings hang on the identity of the model value: an unchanged value is never encoded again, and a dropped one is collected.

export function perValue<Value extends object, Result>(make: (value: Value) => Result): (value: Value) => Result {
  const known = new WeakMap<Value, Result>();
  return (value) => {
    const found = known.get(value);
    if (found !== undefined) return found;
    const made = make(value);
    known.set(value, made);
    return made;
  };
}

/** The same for a value seen together with another; only the last pair of each value is remembered. */
export function perPair<Value extends object, Other, Result>(
  make: (value: Value, other: Other) => Result,
): (value: Value, other: Other) => Result {
  const known = new WeakMap<Value, { readonly other: Other; readonly result: Result }>();
  return (value, other) => {
    const found = known.get(value);
    if (found !== undefined && found.other === other) return found.result;
    const result = make(value, other);
    known.set(value, { other, result });
    return result;
  };
}
