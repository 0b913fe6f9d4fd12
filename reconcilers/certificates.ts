// Server certificates in Secrets of type kubernetes.io/tls: what Envoy would refuse is found here, so that one broken Secret costs only the
// listeners that name it. Returns canonical PEM. Does not know listeners or references; keys stay inside the returned value.

import { X509Certificate, createPrivateKey, type KeyObject } from "node:crypto";
import type { Db } from "../store/db.ts";
import { type ObjectKey } from "../store/key.ts";
import { memo } from "../store/memo.ts";
import { normaliseHostname } from "./hostnames.ts";

/** A usable pair. */
export interface Certificate {
  /** Leaf first, in the Secret's order; re-encoded, so comments and odd line breaks are gone. */
  readonly chainPem: string;
  /** PKCS #8. */
  readonly keyPem: string;
  readonly ocspStaple?: Uint8Array;
  readonly algorithm: "rsa" | "ec";
  /** DNS names it is for, lower case, sorted: subject alternative names, else the common name. */
  readonly names: readonly string[];
  /** RFC 3339, of the certificate of the chain that expires first. */
  readonly notAfter: string;
}

/** The pair, or in a few words that follow "Secret ns/name" why there is none. */
export type CertificateResult =
  { readonly type: "valid"; readonly certificate: Certificate } | { readonly type: "invalid"; readonly problem: string };

/** The pair of a Secret as it is now: an expired one is invalid. The only query here that depends on time, and it is cheap. */
export const certificate = memo("certificate", (db: Db, secret: ObjectKey): CertificateResult => {
  const parsed = parsedCertificate(db, secret);
  if (parsed.type === "invalid") return parsed;
  const now = db.get("Clock", "/clock")?.now;
  return now !== undefined && parsed.certificate.notAfter <= now
    ? invalid(`has a certificate that expired at ${parsed.certificate.notAfter}`)
    : parsed;
});

const parsedCertificate = memo("parsedCertificate", (db: Db, key: ObjectKey): CertificateResult => {
  const secret = db.get("Secret", key);
  if (secret === undefined) return invalid("not found");
  if (secret.type !== "kubernetes.io/tls") return invalid("is not of type kubernetes.io/tls");
  const chain = decoded(secret.data?.["tls.crt"]);
  const privateKey = decoded(secret.data?.["tls.key"]);
  if (chain === undefined) return invalid("has no tls.crt");
  if (privateKey === undefined) return invalid("has no tls.key");
  const staple = secret.data?.["tls.ocsp-staple"];
  const result = parsePair(chain, privateKey);
  if (result.type === "invalid" || staple === undefined || staple === "") return result;
  const ocspStaple = new Uint8Array(Buffer.from(staple, "base64"));
  return { type: "valid", certificate: { ...result.certificate, ocspStaple } };
});

/** A chain and a key in PEM as a pair that Envoy accepts, or why not. */
export function parsePair(chainPem: string, keyPem: string): CertificateResult {
  const chain = parseChain(chainPem);
  if (typeof chain === "string") return invalid(chain);
  const key = parseKey(keyPem);
  if (typeof key === "string") return invalid(key);
  const [leaf] = chain;
  if (leaf === undefined) return invalid("has no certificate in tls.crt");
  const weakness = keyProblem(leaf.publicKey);
  if (weakness !== undefined) return invalid(weakness);
  if (!matches(leaf, key)) return invalid("has a tls.key that does not belong to its certificate");
  const expiry = chain.map((link) => new Date(link.validTo).getTime());
  return {
    type: "valid",
    certificate: {
      chainPem: chain.map((link) => link.toString()).join(""),
      keyPem: key.export({ type: "pkcs8", format: "pem" }).toString(),
      algorithm: leaf.publicKey.asymmetricKeyType === "rsa" ? "rsa" : "ec",
      names: namesOf(leaf),
      notAfter: new Date(Math.min(...expiry)).toISOString(),
    },
  };
}

/** The CA certificates of a text in PEM, re-encoded, or in a few words why there are none. */
export function parseAuthorities(pem: string): { readonly pem: string } | { readonly problem: string } {
  const blocks = certificateBlocks(pem);
  if (blocks.length === 0) return { problem: "no certificate" };
  try {
    return { pem: blocks.map((block) => new X509Certificate(block).toString()).join("") };
  } catch {
    return { problem: "something that is not a certificate in PEM" };
  }
}

function certificateBlocks(pem: string): readonly string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
}

function parseChain(pem: string): readonly X509Certificate[] | string {
  const blocks = certificateBlocks(pem);
  if (blocks.length === 0) return "has no certificate in tls.crt";
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return "has a tls.crt that is not a certificate in PEM"; // the parser's own text tells users nothing
  }
}

function parseKey(pem: string): KeyObject | string {
  // An EC key is often preceded by a block with its parameters.
  const block = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[\s\S]*?-----END (?:[A-Z]+ )*PRIVATE KEY-----/.exec(pem)?.[0];
  if (block === undefined) return "has no private key in tls.key";
  if (/ENCRYPTED/.test(block)) return "has an encrypted tls.key";
  try {
    return createPrivateKey(block);
  } catch {
    return "has a tls.key that is not a private key in PEM"; // the parser's own text tells users nothing
  }
}

/** Envoy (context_impl.cc) refuses a whole listener for any of these. */
function keyProblem(key: KeyObject): string | undefined {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === "rsa")
    return (details?.modulusLength ?? 0) < 2048 ? "has an RSA key of less than 2048 bits" : undefined;
  if (key.asymmetricKeyType !== "ec") return "has a key that is neither RSA nor ECDSA";
  return ["prime256v1", "secp384r1", "secp521r1"].includes(details?.namedCurve ?? "")
    ? undefined
    : "has an ECDSA key that is not on curve P-256, P-384 or P-521";
}

function matches(leaf: X509Certificate, key: KeyObject): boolean {
  try {
    return leaf.checkPrivateKey(key);
  } catch {
    return false; // keys of different kinds cannot even be compared
  }
}

function namesOf(leaf: X509Certificate): readonly string[] {
  const alternatives = (leaf.subjectAltName ?? "")
    .split(", ")
    .filter((entry) => entry.startsWith("DNS:"))
    .map((entry) => entry.slice("DNS:".length));
  const common = /^CN=(.+)$/m.exec(leaf.subject ?? "")?.[1];
  const names = alternatives.length > 0 ? alternatives : common === undefined ? [] : [common];
  return [...new Set(names.map((name) => normaliseHostname(name) ?? "*"))].toSorted();
}

function decoded(base64: string | undefined): string | undefined {
  return base64 === undefined || base64 === "" ? undefined : Buffer.from(base64, "base64").toString("utf8");
}

function invalid(problem: string): CertificateResult {
  return { type: "invalid", problem };
}
