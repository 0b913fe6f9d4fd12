// The certificates of a single machine: one authority, one certificate for the xDS server, one for its Envoys, kept in a folder.
// Made once, renewed at two thirds of their life.

import { webcrypto } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createAlarm, type WallClock } from "../clock.ts";
import { x509, type ExtendedKeyUsage, type X509Certificate } from "./x509.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
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

interface Pair {
  readonly certificate: X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

/** The certificates in `folder`, made or renewed when they are missing, unreadable or two thirds through. `now` in epoch milliseconds. */
export async function ensureCertificates(folder: string, serverName: string, now = Date.now()): Promise<Certificates> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const existing = await readPair(folder, "ca");
  const fresh = existing !== undefined && isFresh(existing.certificate, now);
  const authority = fresh ? existing : await makePair({ folder, name: "ca", subject: "CN=envoy-gateway authority", now });
  for (const [name, subject, usage] of [
    ["server", serverName, x509.ExtendedKeyUsage.serverAuth],
    ["client", "envoy", x509.ExtendedKeyUsage.clientAuth],
  ] as const) {
    const pair = fresh ? await readPair(folder, name) : undefined;
    if (pair !== undefined && isFresh(pair.certificate, now) && namesHost(pair.certificate, subject)) continue;
    await makePair({ folder, name, subject: `CN=${subject}`, now, leaf: { issuer: authority, host: subject, usage } });
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

function twoThirds(certificate: X509Certificate): number {
  const [from, to] = [certificate.notBefore.getTime(), certificate.notAfter.getTime()];
  return from + ((to - from) * 2) / 3;
}

function namesHost(certificate: X509Certificate, host: string): boolean {
  return certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items.some((name) => name.value === host) ?? false;
}

async function readPair(folder: string, name: string): Promise<Pair | undefined> {
  try {
    const certificate = new x509.X509Certificate(await readFile(join(folder, `${name}.crt`), "utf8"));
    const der = x509.PemConverter.decodeFirst(await readFile(join(folder, `${name}.key`), "utf8"));
    return { certificate, key: await webcrypto.subtle.importKey("pkcs8", der, algorithm, true, ["sign"]) };
  } catch {
    // Missing or damaged: both are mended by making a new pair.
    return undefined;
  }
}

interface Wish {
  readonly folder: string;
  readonly name: string;
  readonly subject: string;
  readonly now: number;
  /** Absent for the authority, which signs itself. */
  readonly leaf?: { readonly issuer: Pair; readonly host: string; readonly usage: ExtendedKeyUsage };
}

async function makePair({ folder, name, subject, now, leaf }: Wish): Promise<Pair> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const extensions = leaf
    ? [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([leaf.usage]),
        new x509.SubjectAlternativeNameExtension([
          { type: "dns", value: leaf.host },
          { type: "dns", value: "localhost" },
          { type: "ip", value: "127.0.0.1" },
        ]),
      ]
    : [new x509.BasicConstraintsExtension(true, 0, true), new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true)];
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(16))).toString("hex"),
      subject,
      issuer: leaf?.issuer.certificate.subject ?? subject,
      // An hour back, for machines whose clocks disagree.
      notBefore: new Date(now - 3_600_000),
      notAfter: new Date(now + (leaf ? lifeMs.leaf : lifeMs.authority)),
      publicKey: keys.publicKey,
      signingKey: leaf?.issuer.key ?? keys.privateKey,
      signingAlgorithm: algorithm,
      extensions,
    },
    webcrypto,
  );
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  await writePrivate(join(folder, `${name}.key`), key);
  await writePrivate(join(folder, `${name}.crt`), certificate.toString("pem"));
  return { certificate, key: keys.privateKey };
}

/** Readers see the old file or the new one, never half of one. */
async function writePrivate(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, `${text}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
