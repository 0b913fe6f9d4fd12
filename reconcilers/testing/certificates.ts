// Self-signed server certificates for tests, made by hand in DER so that tests need neither a library nor the openssl program.

import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

export interface CertificateOptions {
  /** DNS names; the first is the common name too. */
  readonly names: readonly string[];
  /** Default: an ECDSA key on P-256. */
  readonly key?: KeyObject;
  readonly notAfter?: Date;
}

/** A certificate and its key in PEM. */
export interface CertificatePair {
  readonly certificate: string;
  readonly key: string;
}

export function ecKey(namedCurve = "prime256v1"): KeyObject {
  return generateKeyPairSync("ec", { namedCurve }).privateKey;
}

export function rsaKey(modulusLength = 2048): KeyObject {
  return generateKeyPairSync("rsa", { modulusLength }).privateKey;
}

export function makeCertificate({
  names,
  key = ecKey(),
  notAfter = new Date("2099-01-01T00:00:00Z"),
}: CertificateOptions): CertificatePair {
  const algorithm = key.asymmetricKeyType === "rsa" ? rsaWithSha256 : key.asymmetricKeyType === "ec" ? ecdsaWithSha256 : ed25519;
  const subject = sequence(set(sequence(oid("550403"), tagged(0x0c, Buffer.from(names[0] ?? "nobody")))));
  const alternatives = sequence(...names.map((name) => tagged(0x82, Buffer.from(name))));
  const body = sequence(
    tagged(0xa0, integer(2)), // version 3
    integer(Date.parse("2026-01-01") % 1_000_003),
    algorithm,
    subject, // issuer: itself
    sequence(time(new Date("2020-01-01T00:00:00Z")), time(notAfter)),
    subject,
    createPublicKey(key).export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(sequence(oid("551d11"), tagged(0x04, alternatives)))),
  );
  const hash = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  const der = sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.of(0), sign(hash, body, key)])));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`,
    key: key.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function set(part: Buffer): Buffer {
  return tagged(0x31, part);
}

function oid(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, "hex"));
}

function integer(value: number): Buffer {
  return tagged(
    0x02,
    Buffer.from(
      value
        .toString(16)
        .padStart(8, "0")
        .replace(/^(00)+(?=[0-7])/, ""),
      "hex",
    ),
  );
}

function time(date: Date): Buffer {
  return tagged(0x18, Buffer.from(`${date.toISOString().replace(/\D/g, "").slice(0, 14)}Z`));
}

const rsaWithSha256 = sequence(oid("2a864886f70d01010b"), Buffer.from("0500", "hex"));
const ecdsaWithSha256 = sequence(oid("2a8648ce3d040302"));
const ed25519 = sequence(oid("2b6570"));
