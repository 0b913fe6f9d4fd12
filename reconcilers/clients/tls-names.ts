// Names of TLS that Envoy knows (BoringSSL). It refuses a whole listener for one that it does not. Pure.
// Each was shown to Envoy 1.37.0, and is by the fixtures tls-every-name and tls-aliases.

import type { Report } from "./report.ts";

const set = (names: string): ReadonlySet<string> => new Set(names.split(/\s+/));

const ciphers = set(
  `ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-RSA-AES256-GCM-SHA384
  ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-RSA-CHACHA20-POLY1305 ECDHE-PSK-CHACHA20-POLY1305 ECDHE-ECDSA-AES128-SHA
  ECDHE-RSA-AES128-SHA ECDHE-PSK-AES128-CBC-SHA ECDHE-ECDSA-AES256-SHA ECDHE-RSA-AES256-SHA ECDHE-PSK-AES256-CBC-SHA
  ECDHE-RSA-AES128-SHA256 AES128-GCM-SHA256 AES256-GCM-SHA384 AES128-SHA AES256-SHA PSK-AES128-CBC-SHA PSK-AES256-CBC-SHA
  DES-CBC3-SHA
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256 TLS_RSA_WITH_AES_128_GCM_SHA256 TLS_RSA_WITH_AES_256_GCM_SHA384
  TLS_RSA_WITH_AES_128_CBC_SHA TLS_RSA_WITH_AES_256_CBC_SHA TLS_PSK_WITH_AES_128_CBC_SHA TLS_PSK_WITH_AES_256_CBC_SHA
  TLS_RSA_WITH_3DES_EDE_CBC_SHA`,
);

/** Words for several ciphers; they combine ("ECDHE+AESGCM") and can be taken away again ("!kRSA"). */
const aliases = set(
  `ALL kRSA kECDHE kEECDH ECDH ECDHE EECDH kPSK aRSA aECDSA aPSK RSA ECDSA PSK 3DES AES128 AES256 AES AESGCM CHACHA20 SHA1 SHA
  TLSv1 TLSv1.2 HIGH FIPS`,
);

const curves = set("X25519 P-256 P-384 P-521 X25519MLKEM768 X25519Kyber768Draft00 x25519 prime256v1 secp384r1 secp521r1");

const signatureAlgorithms = set(
  `rsa_pkcs1_sha1 rsa_pkcs1_sha256 rsa_pkcs1_sha256_legacy rsa_pkcs1_sha384 rsa_pkcs1_sha512 ecdsa_sha1 ecdsa_secp256r1_sha256
  ecdsa_secp384r1_sha384 ecdsa_secp521r1_sha512 rsa_pss_rsae_sha256 rsa_pss_rsae_sha384 rsa_pss_rsae_sha512 ed25519`,
);

/** A cipher, several of equal preference ("[A|B]"), or a rule of aliases. */
export function checkCiphers(report: Report, names: readonly string[]): void {
  const taken = names.findIndex((name) => /^[-!+]/.test(name));
  if (taken >= 0 && names.some((name) => name.startsWith("["))) report(`tls.ciphers[${taken}]`, "cannot stand beside a group");
  names.forEach((name, index) => {
    const group = /^\[(.+)\]$/.exec(name)?.[1]?.split("|") ?? [name];
    const unknown = group.find((one) => !isCipher(one));
    if (unknown !== undefined)
      report(`tls.ciphers[${index}]`, `names ${JSON.stringify(unknown)}, which is no cipher that Envoy knows`);
  });
}

function isCipher(name: string): boolean {
  const words = name.replace(/^[-!+]/, "");
  return ciphers.has(words) || words.split("+").every((word) => aliases.has(word));
}

export function checkCurves(report: Report, names: readonly string[]): void {
  names.forEach((name, index) => {
    if (!curves.has(name)) report(`tls.ecdhCurves[${index}]`, `is ${JSON.stringify(name)}, no curve that Envoy knows`);
  });
}

export function checkSignatureAlgorithms(report: Report, names: readonly string[]): void {
  names.forEach((name, index) => {
    const field = `tls.signatureAlgorithms[${index}]`;
    if (!signatureAlgorithms.has(name)) report(field, `is ${JSON.stringify(name)}, no signature algorithm that Envoy knows`);
    else if (names.indexOf(name) !== index) report(field, `is ${name}, which is in the list already`);
  });
}
