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
