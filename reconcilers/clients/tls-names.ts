// Names of TLS that Envoy knows (BoringSSL). It refuses a whole listener for one that it does not. Pure.

import type { Report } from "./report.ts";

const set = (names: string): ReadonlySet<string> => new Set(names.split(/\s+/));

const ciphers = set(
  `ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-RSA-AES256-GCM-SHA384
  ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-RSA-CHACHA20-POLY1305 ECDHE-PSK-CHACHA20-POLY1305 ECDHE-ECDSA-AES128-SHA
  ECDHE-RSA-AES128-SHA ECDHE-PSK-AES128-CBC-SHA ECDHE-ECDSA-AES256-SHA ECDHE-RSA-AES256-SHA ECDHE-PSK-AES256-CBC-SHA
  ECDHE-RSA-AES128-SHA256 AES128-GCM-SHA256 AES256-GCM-SHA384 AES128-SHA AES256-SHA PSK-AES128-CBC-SHA PSK-AES256-CBC-SHA
  DES-CBC3-SHA`,
);

const curves = set("X25519 P-256 P-384 P-521 X25519MLKEM768 X25519Kyber768Draft00 x25519 prime256v1 secp384r1 secp521r1");

const signatureAlgorithms = set(
  `rsa_pkcs1_md5_sha1 rsa_pkcs1_sha1 rsa_pkcs1_sha256 rsa_pkcs1_sha256_legacy rsa_pkcs1_sha384 rsa_pkcs1_sha512 ecdsa_sha1
  ecdsa_secp256r1_sha256 ecdsa_secp384r1_sha384 ecdsa_secp521r1_sha512 rsa_pss_rsae_sha256 rsa_pss_rsae_sha384
  rsa_pss_rsae_sha512 ed25519`,
);

/** A cipher, or several of equal preference: "[A|B]". */
export function checkCiphers(report: Report, names: readonly string[]): void {
  names.forEach((name, index) => {
    const group = /^\[(.+)\]$/.exec(name)?.[1]?.split("|") ?? [name];
    const unknown = group.find((one) => !ciphers.has(one));
    if (unknown !== undefined)
      report(`tls.ciphers[${index}]`, `names ${JSON.stringify(unknown)}, which is no cipher that Envoy knows`);
  });
}

export function checkCurves(report: Report, names: readonly string[]): void {
  check(report, { field: "tls.ecdhCurves", names, known: curves, what: "no curve" });
}

export function checkSignatureAlgorithms(report: Report, names: readonly string[]): void {
  check(report, { field: "tls.signatureAlgorithms", names, known: signatureAlgorithms, what: "no signature algorithm" });
}

interface Check {
  readonly field: string;
  readonly names: readonly string[];
  readonly known: ReadonlySet<string>;
  readonly what: string;
}

function check(report: Report, { field, names, known, what }: Check): void {
  names.forEach((name, index) => {
    if (!known.has(name)) report(`${field}[${index}]`, `is ${JSON.stringify(name)}, ${what} that Envoy knows`);
    else if (names.indexOf(name) !== index) report(`${field}[${index}]`, `is ${name}, which is in the list already`);
  });
}
