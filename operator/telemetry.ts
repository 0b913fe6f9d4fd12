// The log: JSON lines on standard error, one per batch. The only importer of winston.

import { createLogger, format, transports, type Logger } from "winston";

/** Parts of the process whose level can be set by itself, under Envoy Gateway's names. */
export const components = ["provider", "gateway-api", "xds", "infrastructure"] as const;
export type Component = (typeof components)[number];

export interface LogOptions {
  /** A level of winston: error, warn, info, debug, silly. */
  readonly logLevel: string;
  readonly componentLevels: Readonly<Partial<Record<Component, string>>>;
  readonly logEncoder: "Text" | "JSON";
}

export type Logs = Readonly<Record<Component, Logger>>;

/** One log per component; all write to standard error. */
export function createLogs(options: LogOptions): Logs {
  const stream = new transports.Stream({ stream: process.stderr });
  // Every logger listens to the shared transport.
  stream.setMaxListeners(0);
  const make = (component: Component): Logger => createLogger({ defaultMeta: { component }, transports: [stream] });
  const logs: Logs = {
    provider: make("provider"),
    "gateway-api": make("gateway-api"),
    xds: make("xds"),
    infrastructure: make("infrastructure"),
  };
  setLogOptions(logs, options);
  return logs;
}

/** From now on they say so much, in this way. */
export function setLogOptions(logs: Logs, { logLevel, componentLevels, logEncoder }: LogOptions): void {
  const text = format.printf((info) => `${String(info["timestamp"])} ${info.level} ${String(info.message)}`);
  for (const component of components) {
    logs[component].level = componentLevels[component] ?? logLevel;
    logs[component].format = format.combine(format.timestamp(), logEncoder === "Text" ? text : format.json());
  }
}
