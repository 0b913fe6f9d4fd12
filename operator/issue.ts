// Makes certificates and their keys: authorities, and leaves that one of them signs. Keeps and renews nothing.

import { webcrypto, X509Certificate as NodeCertificate, createPrivateKey } from "node:crypto";
import { x509, type ExtendedKeyUsage, type Extension, type X509Certificate } from "./x509.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
/** Certificates hold from an hour before they were made, for machines whose clocks disagree. */
const backdateMs = 3_600_000;

export interface Pair {
  readonly certificate: X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

export interface PemPair {
  readonly cert: string;
  readonly key: string;
}

interface Life {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly lifeMs: number;
}

/** An authority that signs itself. */
export function makeAuthority({ subject, ...life }: Life & { readonly subject: string }): Promise<Pair> {
  const extensions = [
    new x509.BasicConstraintsExtension(true, 0, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
  ];
  return make({ ...life, subject, extensions });
}

export interface LeafWish extends Life {
  readonly issuer: Pair;
  readonly subject: string;
  readonly names: readonly { readonly type: "dns" | "ip"; readonly value: string }[];
  readonly usage: ExtendedKeyUsage;
}

/** A certificate for one side of a connection. It does not outlive its issuer. */
export function makeLeaf({ issuer, subject, names, usage, now, lifeMs }: LeafWish): Promise<Pair> {
  const extensions = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([usage]),
    new x509.SubjectAlternativeNameExtension([...names]),
  ];
  const longest = issuer.certificate.notAfter.getTime() - now;
  return make({ now, lifeMs: Math.min(lifeMs, longest), subject, extensions, issuer });
}

interface Wish extends Life {
  readonly subject: string;
  readonly extensions: readonly Extension[];
  readonly issuer?: Pair;
}

async function make({ now, lifeMs, subject, extensions, issuer }: Wish): Promise<Pair> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(16))).toString("hex"),
      subject,
      issuer: issuer?.certificate.subject ?? subject,
      notBefore: new Date(now - backdateMs),
      notAfter: new Date(now + lifeMs),
      publicKey: keys.publicKey,
      signingKey: issuer?.key ?? keys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [...extensions],
    },
    webcrypto,
  );
  return { certificate, key: keys.privateKey };
}

export async function pemOf({ certificate, key }: Pair): Promise<PemPair> {
  const der = await webcrypto.subtle.exportKey("pkcs8", key);
  return { cert: certificatePem(certificate), key: `${x509.PemConverter.encode(der, "PRIVATE KEY")}\n` };
}

export function certificatePem(certificate: X509Certificate): string {
  return `${certificate.toString("pem")}\n`;
}

/** Undefined when it cannot be read. */
export function certificateFromPem(pem: string): X509Certificate | undefined {
  try {
    return new x509.X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** Undefined when one of them cannot be read or is not the other's. */
export async function pairFromPem({ cert, key }: PemPair): Promise<Pair | undefined> {
  try {
    if (!new NodeCertificate(cert).checkPrivateKey(createPrivateKey(key))) return undefined;
    const der = x509.PemConverter.decodeFirst(key);
    return {
      certificate: new x509.X509Certificate(cert),
      key: await webcrypto.subtle.importKey("pkcs8", der, algorithm, true, ["sign"]),
    };
  } catch {
    return undefined;
  }
}

/** When it was made, in epoch milliseconds. */
export function madeAt(certificate: X509Certificate): number {
  return certificate.notBefore.getTime() + backdateMs;
}

/** When it should be renewed, in epoch milliseconds. */
export function twoThirds(certificate: X509Certificate): number {
  const [from, to] = [madeAt(certificate), certificate.notAfter.getTime()];
  return from + ((to - from) * 2) / 3;
}
