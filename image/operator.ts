// The image of the operator: Node, the bundle, and nothing to log in with. Dockerfile makes the same from a registry's images.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { base, program, unprivileged } from "./files.ts";
import type { Entry, Image } from "./oci.ts";

const root = join(import.meta.dirname, "..");
const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { name: string; version: string };

export const operatorReference = `docker.io/library/${name}:${version}`;

/** Needs the bundle in dist/ (npm run build). Runs under the Node that it then contains. */
export function operatorImage(): Image {
  return {
    reference: operatorReference,
    files: new Map([...base(), ...program("/usr/local/bin/node", process.execPath), ...bundle()]),
    entrypoint: ["/usr/local/bin/envoy-gateway"],
    env: ["PATH=/usr/local/bin:/usr/bin:/bin", "NODE_ENV=production", "HOME=/tmp"],
    user: unprivileged,
    workingFolder: "/app",
  };
}

function bundle(): readonly (readonly [string, Entry])[] {
  const folder = join(root, "dist");
  const text = (path: string): Entry => ({ type: "file", content: readFileSync(path), mode: 0o644 });
  return [
    // On the PATH, since containers beside proxies call it by its name; and there is no /usr/bin/env for the first line of the launcher.
    ["/usr/local/bin/envoy-gateway", { type: "file", content: readFileSync(join(root, "image/envoy-gateway")), mode: 0o755 }],
    ["/app/package.json", text(join(root, "package.json"))],
    ...readdirSync(folder).map((file) => [`/app/dist/${file}`, text(join(folder, file))] as const),
  ];
}
