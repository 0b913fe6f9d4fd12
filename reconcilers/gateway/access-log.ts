// EnvoyProxy's telemetry.accessLog in the words of xds/model, and what is wrong with it. Sinks other than files are not served yet
// (effects.ts names them); does not know Envoy's messages.

import type { EnvoyProxySpec } from "../../api/envoyproxy.ts";
import { celSyntaxProblem } from "../../api/cel.ts";
import type { AccessLog, LogFile, LogFormat } from "../../xds/model/listener.ts";

type Setting = NonNullable<NonNullable<NonNullable<EnvoyProxySpec["telemetry"]>["accessLog"]>["settings"]>[number];

/** The log of a proxy: the default one unless there are settings. */
export function accessLogOf(spec: EnvoyProxySpec): AccessLog {
  const wanted = spec.telemetry?.accessLog;
  if (wanted?.disable === true) return { type: "none" };
  if (wanted?.settings === undefined) return { type: "json", path: "/dev/stdout" };
  const files = wanted.settings.flatMap((setting) =>
    setting.sinks.flatMap(({ type, file }): readonly LogFile[] =>
      type === "File" && file?.path !== undefined ? [{ path: file.path, ...shapeOf(setting) }] : [],
    ),
  );
  return files.length === 0 ? { type: "none" } : { type: "files", files };
}

/** The first expression that is no CEL, in a sentence. */
export function accessLogProblem(spec: EnvoyProxySpec): string | undefined {
  for (const [at, { matches }] of (spec.telemetry?.accessLog?.settings ?? []).entries()) {
    for (const [index, match] of (matches ?? []).entries()) {
      const problem = celSyntaxProblem(match);
      if (problem !== undefined)
        return `telemetry.accessLog.settings[${at}].matches[${index}] is not a CEL expression: ${problem}.`;
    }
  }
  return undefined;
}

function shapeOf({ format, matches, type }: Setting): Omit<LogFile, "path"> {
  const entries = type === "Listener" ? "connections" : type === "Route" ? "requests" : "both";
  return { format: formatOf(format), matches: matches ?? [], entries };
}

/** A file takes one format: text wins where both are given without a type. */
function formatOf(format: Setting["format"]): LogFormat {
  if (format?.text !== undefined && format.type !== "JSON") return { type: "text", line: format.text };
  return format?.json === undefined ? { type: "default" } : { type: "json", fields: format.json };
}
