// Bundles the command line into dist/: start-up reads a few files instead of a thousand, and needs no TypeScript.
// dist/envoy-gateway.js is a launcher that any Node can read; dist/main.js and its lazily loaded parts need Node 24.

import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = import.meta.dirname;
const dist = join(root, "dist");

/** Packages written for CommonJS call require(); a bundle of ES modules has none unless it is made. */
const requireBanner =
  'import { createRequire as createRequireOfBundle } from "node:module"; const require = createRequireOfBundle(import.meta.url);';

/** Read by every Node from 12 on, so nothing new may be spelled here. */
const launcher = `#!/usr/bin/env node
// Starts the command line under Node 24: this one when it is new enough, else the one that npm installed beside the project.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";

const wanted = 24;
const file = fileURLToPath(import.meta.url);
const installed = fileURLToPath(new URL("../node_modules/.bin/node", import.meta.url));

if (Number(process.versions.node.split(".")[0]) >= wanted) {
  if (process.channel && process.env.ENVOY_GATEWAY_LAUNCHED === "1") {
    // The launcher that started us is gone: it cannot pass signals on any more.
    process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
    process.channel.unref();
  }
  const args = process.argv.slice(2);
  if (args[0] === "envoy" && args[1] === "shutdown-manager" && !args.includes("--help")) {
    import("./shutdown-manager.js")
      .then((sidecar) => sidecar.shutdownManager(args.slice(2)))
      .catch((error) => {
        console.error(error.message);
        process.exit(1);
      });
  } else {
    if (module.enableCompileCache) module.enableCompileCache();
    import("./main.js");
  }
} else if (process.env.ENVOY_GATEWAY_LAUNCHED === "1" || !existsSync(installed)) {
  console.error("envoy-gateway needs Node " + wanted + " or newer; this is " + process.version + ". Run npm ci in the project (it installs Node " + wanted + " for itself), or start it with a newer node.");
  process.exit(1);
} else {
  const child = spawn(installed, [file].concat(process.argv.slice(2)), {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: Object.assign({}, process.env, { ENVOY_GATEWAY_LAUNCHED: "1" }),
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error("cannot start " + installed + ": " + error.message);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(signal ? 128 + 15 : code));
}
`;

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
await build({
  entryPoints: { main: join(root, "cli/main.ts") },
  outdir: dist,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  // ES modules where a package has them: a CommonJS one that is imported lazily would hide its exports behind "default".
  mainFields: ["module", "main"],
  target: "node24",
  chunkNames: "[name]-[hash]",
  banner: { js: requireBanner },
  legalComments: "none",
  logLevel: "warning",
  // The generated messages import their runtime for safety; nothing is lost.
  logOverride: { "ignored-bare-import": "silent" },
});
// By itself: it runs beside every Envoy of a cluster, and may not bring the rest into memory.
await build({
  entryPoints: { "shutdown-manager": join(root, "cli/shutdown-manager.ts") },
  outdir: dist,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node24",
  minifySyntax: true,
  logLevel: "warning",
});
writeFileSync(join(dist, "envoy-gateway.js"), launcher);
chmodSync(join(dist, "envoy-gateway.js"), 0o755);
