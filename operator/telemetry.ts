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
export function createLogs({ logLevel, componentLevels, logEncoder }: LogOptions): Logs {
  const stream = new transports.Stream({ stream: process.stderr });
  // Every logger listens to the shared transport.
  stream.setMaxListeners(0);
  const text = format.printf((info) => `${String(info["timestamp"])} ${info.level} ${String(info.message)}`);
  const make = (component: Component): Logger =>
    createLogger({
      level: componentLevels[component] ?? logLevel,
      defaultMeta: { component },
      format: format.combine(format.timestamp(), logEncoder === "Text" ? text : format.json()),
      transports: [stream],
    });
  return {
    provider: make("provider"),
    "gateway-api": make("gateway-api"),
    xds: make("xds"),
    infrastructure: make("infrastructure"),
  };
}
