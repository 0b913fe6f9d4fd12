// How the xDS server and its Envoys on this machine know each other: certificates in a folder, kept fresh, as PEM for the server and as
// watched SDS files for the Envoys.

import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../../api/config.ts";
import { certificateFiles } from "../../reconcilers/gateway/proxy-bootstrap.ts";
import type { ServerTls } from "../../xds/server.ts";
import type { WallClock } from "../clock.ts";
import { keepCertificates, type CertificateFiles } from "./certificates.ts";

const serverName = "envoy-gateway";

export interface XdsIdentity {
  readonly server: ServerTls;
  /** Where an Envoy finds the server at this port, and what it shows it. */
  client(port: number): Config["xds"];
  stop(): void;
}

export interface IdentityOptions {
  readonly folder: string;
  readonly clock: WallClock;
  /** New connections should use this from now on; Envoys read their files again by themselves. */
  readonly onRenewed: (server: ServerTls) => void;
  readonly onFailed: (cause: unknown) => void;
}

/** Makes or renews what is missing or old. Rejects with one sentence when the folder cannot be written. */
export async function createXdsIdentity({ folder, clock, onRenewed, onFailed }: IdentityOptions): Promise<XdsIdentity> {
  try {
    const on = {
      failed: onFailed,
      renewed: async ({ server }: { server: CertificateFiles }) => onRenewed(await read(server)),
    };
    const { certificates, stop } = await keepCertificates({ folder, serverName, clock }, on);
    const sds = join(folder, "sds");
    const files = {
      ...certificates.client,
      type: "files",
      sdsFiles: { certificate: join(sds, "xds-certificate.json"), trust: join(sds, "xds-trusted-ca.json") },
    } as const;
    await mkdir(sds, { recursive: true, mode: 0o700 });
    for (const [name, text] of Object.entries(certificateFiles(files, folder))) {
      await writeFile(join(sds, `${name}.new`), text, { mode: 0o600 });
      await rename(join(sds, `${name}.new`), join(sds, name));
    }
    const place = { host: "127.0.0.1", serverName, credentials: files };
    return { server: await read(certificates.server), client: (port) => ({ ...place, port }), stop };
  } catch (cause) {
    throw new Error(`cannot keep certificates in ${folder}`, { cause });
  }
}

async function read({ caFile, certFile, keyFile }: CertificateFiles): Promise<ServerTls> {
  const [ca, cert, key] = await Promise.all([caFile, certFile, keyFile].map((file) => readFile(file, "utf8")));
  return { ca: ca ?? "", cert: cert ?? "", key: key ?? "" };
}
