// `envoy-gateway version`: ours, and the versions we stand for. Loads nothing else, so that it answers at once.

import manifest from "../package.json" with { type: "json" };

/** What is printed, in order. */
const versions = {
  "envoy-gateway-operator": manifest.version,
  Envoy: "1.37.0",
  "Gateway API": "v1.4.1",
  "Envoy Gateway API": "v1.7.0",
} as const;

/** One line for each version, as a table, or one JSON object. */
export function versionText(output: "text" | "json"): string {
  if (output === "json") return `${JSON.stringify(versions, undefined, 2)}\n`;
  const width = Math.max(...Object.keys(versions).map((name) => name.length));
  return Object.entries(versions)
    .map(([name, version]) => `${name.padEnd(width)}  ${version}\n`)
    .join("");
}
