// Where an API server stores something else than what was written, beside defaults. Knows only Secrets: `stringData` is write-only.

/** A valid object as it is read back. The input is not changed. */
export function asStored(kind: string, object: unknown): unknown {
  if (kind !== "Secret" || !isRecord(object) || !isRecord(object["stringData"])) return object;
  const { stringData, ...rest } = object;
  const written = Object.entries(stringData).map(([key, text]) => [key, Buffer.from(String(text)).toString("base64")]);
  // stringData wins over data of the same key (core/v1, Secret.stringData).
  return { ...rest, data: { ...(isRecord(rest["data"]) ? rest["data"] : {}), ...Object.fromEntries(written) } };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
