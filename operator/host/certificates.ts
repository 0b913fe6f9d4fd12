// The certificates of a single machine: one authority, one certificate for the xDS server, one for its Envoys, kept in a folder.
// Made once, renewed at two thirds of their life.

import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createAlarm, type WallClock } from "../clock.ts";
import { makeAuthority, makeLeaf, pairFromPem, pemOf, twoThirds, type Pair } from "../issue.ts";
import { x509, type X509Certificate } from "../x509.ts";

const dayMs = 86_400_000;
const retryMs = 60_000;
const lifeMs = { authority: 3650 * dayMs, leaf: 365 * dayMs };

/** Paths of PEM files. */
export interface CertificateFiles {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export interface Certificates {
  readonly server: CertificateFiles;
  readonly client: CertificateFiles;
}

/** The certificates in `folder`, made or renewed when they are missing, unreadable or two thirds through. `now` in epoch milliseconds. */
export async function ensureCertificates(folder: string, serverName: string, now = Date.now()): Promise<Certificates> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const existing = await readPair(folder, "ca");
  const fresh = existing !== undefined && isFresh(existing.certificate, now);
  const subject = "CN=envoy-gateway authority";
  const authority = fresh
    ? existing
    : await writePair(folder, "ca", await makeAuthority({ subject, now, lifeMs: lifeMs.authority }));
  for (const [name, host, usage] of [
    ["server", serverName, x509.ExtendedKeyUsage.serverAuth],
    ["client", "envoy", x509.ExtendedKeyUsage.clientAuth],
  ] as const) {
    const pair = fresh ? await readPair(folder, name) : undefined;
    if (pair !== undefined && isFresh(pair.certificate, now) && namesHost(pair.certificate, host)) continue;
    const names = [dns(host), dns("localhost"), { type: "ip", value: "127.0.0.1" }] as const;
    const wish = { issuer: authority, subject: `CN=${host}`, names, usage, now, lifeMs: lifeMs.leaf };
    await writePair(folder, name, await makeLeaf(wish));
  }
  const caFile = join(folder, "ca.crt");
  const files = (name: string): CertificateFiles => ({
    caFile,
    certFile: join(folder, `${name}.crt`),
    keyFile: join(folder, `${name}.key`),
  });
  return { server: files("server"), client: files("client") };
}

/** The same, kept fresh for as long as the process runs: `onRenewed` is told when there are new files under the old names. */
export async function keepCertificates(
  { folder, serverName, clock }: { readonly folder: string; readonly serverName: string; readonly clock: WallClock },
  on: { readonly renewed: (certificates: Certificates) => Promise<void>; readonly failed: (cause: unknown) => void },
): Promise<{ readonly certificates: Certificates; readonly stop: () => void }> {
  const alarm = createAlarm(clock, () => void renew().catch(retryLater));
  const schedule = async ({ server, client }: Certificates): Promise<void> =>
    alarm.set(Math.min(await renewalTime(server), await renewalTime(client)));
  const renew = async (): Promise<void> => {
    const renewed = await ensureCertificates(folder, serverName, clock.today().getTime());
    await on.renewed(renewed);
    await schedule(renewed);
  };
  const retryLater = (cause: unknown): void => {
    on.failed(cause);
    alarm.set(clock.today().getTime() + retryMs);
  };
  const certificates = await ensureCertificates(folder, serverName, clock.today().getTime());
  await schedule(certificates);
  return { certificates, stop: () => alarm.set(undefined) };
}

/** When the first of these certificates should be renewed, in epoch milliseconds. */
async function renewalTime(files: CertificateFiles): Promise<number> {
  return twoThirds(new x509.X509Certificate(await readFile(files.certFile, "utf8")));
}

function isFresh(certificate: X509Certificate, now: number): boolean {
  return now >= certificate.notBefore.getTime() && now < twoThirds(certificate);
}

const dns = (value: string) => ({ type: "dns", value }) as const;

function namesHost(certificate: X509Certificate, host: string): boolean {
  return certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items.some((name) => name.value === host) ?? false;
}

/** Undefined when it is missing or damaged: both are mended by making a new pair. */
async function readPair(folder: string, name: string): Promise<Pair | undefined> {
  try {
    const [cert, key] = [
      await readFile(join(folder, `${name}.crt`), "utf8"),
      await readFile(join(folder, `${name}.key`), "utf8"),
    ];
    return await pairFromPem({ cert, key });
  } catch {
    return undefined;
  }
}

async function writePair(folder: string, name: string, pair: Pair): Promise<Pair> {
  const { cert, key } = await pemOf(pair);
  await writePrivate(join(folder, `${name}.key`), key);
  await writePrivate(join(folder, `${name}.crt`), cert);
  return pair;
}

/** Readers see the old file or the new one, never half of one. */
async function writePrivate(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
