// What is wrong with an object, as values: where, what kind of mistake, and a sentence. Types and path spelling only.

/** "unknownField" is a warning: the field was dropped and the object can be used. All others make the object unusable. */
export type ProblemKind =
  "unknownField" | "required" | "type" | "invalid" | "notSupported" | "tooLong" | "tooMany" | "duplicate" | "forbidden" | "rule";

export type Path = readonly (string | number)[];

export interface Problem {
  /** Such as "spec.rules[0].matches[0].path.value"; empty for the object itself. */
  readonly path: string;
  /** The same, in steps. */
  readonly at: Path;
  readonly message: string;
  readonly kind: ProblemKind;
}

/** Where a running check is, and what it found so far. */
export interface Findings {
  readonly problems: Problem[];
  /** Grows and shrinks as the check walks down and up. */
  readonly at: (string | number)[];
}

export function report(findings: Findings, kind: ProblemKind, message: string, below: Path = []): void {
  const at = [...findings.at, ...below];
  findings.problems.push({ path: spellPath(at), at, message, kind });
}

/** The Kubernetes spelling of a path. Keys that are not identifiers stand in brackets. */
function spellPath(at: Path): string {
  let path = "";
  for (const step of at) {
    if (typeof step === "number") path += `[${step}]`;
    else if (/^[A-Za-z_$][\w$]*$/.test(step)) path += path === "" ? step : `.${step}`;
    else path += `[${step}]`;
  }
  return path;
}
