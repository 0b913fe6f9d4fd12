// What can be wrong with a reference to a backend. A problem becomes part of the ResolvedRefs condition of the route that refers.

/** `reason` in the API's spelling; `message` is one sentence naming the object. */
export interface Problem {
  readonly reason: string;
  readonly message: string;
}

/** A value or the reason why there is none. */
export type Outcome<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly problem: Problem };

export function succeed<Value>(value: Value): Outcome<Value> {
  return { ok: true, value };
}

export function fail(reason: string, message: string): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem: { reason, message } };
}
