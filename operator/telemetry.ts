// The log: JSON lines on standard error, one per batch. The only importer of winston.

import { createLogger, format, transports, type Logger } from "winston";

export function createLog(level: string, encoder: "Text" | "JSON" = "JSON"): Logger {
  const text = format.printf((info) => `${String(info["timestamp"])} ${info.level} ${String(info.message)}`);
  return createLogger({
    level,
    format: format.combine(format.timestamp(), encoder === "Text" ? text : format.json()),
    transports: [new transports.Stream({ stream: process.stderr })],
  });
}
