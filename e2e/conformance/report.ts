// The suite's official report (gateway.networking.k8s.io/v1 ConformanceReport): what it must say, and as a table.

import { parse } from "yaml";

interface Level {
  readonly result: string;
  readonly statistics: { readonly Passed: number; readonly Failed: number; readonly Skipped: number };
  readonly failedTests?: readonly string[];
  readonly skippedTests?: readonly string[];
  readonly supportedFeatures?: readonly string[];
  readonly unsupportedFeatures?: readonly string[];
}

export interface ConformanceReport {
  readonly gatewayAPIVersion: string;
  readonly profiles: readonly { readonly name: string; readonly core: Level; readonly extended?: Level }[];
}

export function readReport(text: string): ConformanceReport {
  return parse(text) as ConformanceReport;
}

/** Whatever keeps a report from being a whole success, one sentence each. */
export function shortcomings({ profiles }: ConformanceReport, wanted: readonly string[]): readonly string[] {
  const missing = wanted.filter((name) => profiles.every((profile) => profile.name !== name));
  return [
    ...missing.map((name) => `${name} is not in the report`),
    ...profiles.flatMap(({ name, core, extended }) => [
      ...shortcomingsOf(`${name} core`, core),
      ...(extended === undefined ? [`${name} has no extended feature`] : shortcomingsOf(`${name} extended`, extended)),
    ]),
  ];
}

function shortcomingsOf(name: string, level: Level): readonly string[] {
  const lists = { failed: level.failedTests, skipped: level.skippedTests, "does not support": level.unsupportedFeatures };
  const named = Object.entries(lists).flatMap(([verb, list]) => (list?.length ? [`${name} ${verb} ${list.join(", ")}`] : []));
  return level.result === "success" || named.length > 0 ? named : [...named, `${name}: ${level.result}`];
}

/** One row for each profile and level. */
export function table({ profiles }: ConformanceReport): string {
  const rows = profiles.flatMap(({ name, core, extended }) =>
    [core, extended].flatMap((level, index) =>
      level === undefined ? [] : [row(`${name} ${index === 0 ? "core" : "extended"}`, level)],
    ),
  );
  return [row("profile"), ...rows].join("\n");
}

function row(name: string, level?: Level): string {
  const { Passed, Failed, Skipped } = level?.statistics ?? { Passed: "passed", Failed: "failed", Skipped: "skipped" };
  const features = level?.supportedFeatures ? `${level.supportedFeatures.length}` : "";
  const cells = [level?.result ?? "result", Passed, Failed, Skipped, level ? features : "features"].map((cell) => String(cell));
  return [name.padEnd(24), ...cells.map((cell) => cell.padStart(9))].join("").trimEnd();
}
