// What a check says about a message. Types only.

export interface Violation {
  /** Where, in the spelling of the proto files: "virtual_hosts[0].routes[2].match". Empty for the message itself. */
  readonly path: string;
  /** Which rule: "string.min_len", "regex.re2". */
  readonly rule: string;
  readonly message: string;
}

/** Notes one violation at the path that is being checked. */
export type Report = (rule: string, message: string) => void;

/** "route.weighted_clusters: needs at least 1 items, has 0 (repeated.min_items)" */
export function describeViolations(violations: readonly Violation[]): string {
  return violations.map(({ path, rule, message }) => `${path === "" ? "" : `${path}: `}${message} (${rule})`).join("; ");
}
